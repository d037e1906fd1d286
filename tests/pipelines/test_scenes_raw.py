"""The raw data of the embedded world: same bytes, exact boxes, aligned captions, nothing of the test pictures leaks."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from scenes_world import SEED, SIZES, draw_world, files_of, lines

from pipelines.ingest.multi30k import image_id_of
from pipelines.scenes.content import contents
from pipelines.scenes.drawing.picture import paint_objects
from pipelines.scenes.layout import lay_out
from pipelines.scenes.scene import LANGUAGES, NOUNS

BOXED = [(split, SIZES[split]) for split in ("train", "val")]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("world") / "raw"
    done = draw_world(out)
    assert done.returncode == 0, done.stderr
    assert str(out / "images") in done.stdout
    return out


def read_coco(raw: Path, split: str) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(raw / "boxes" / f"{split}.json"))


def captions(raw: Path, lang: str, split: str) -> list[str]:
    return [line for path in raw.glob(f"captions/*/raw/{split}.*{lang}.gz") for line in lines(path)]


def test_the_same_bytes_with_two_workers_and_in_place_of_an_older_world(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "raw"
    assert draw_world(out, val_images=2).returncode == 0
    assert draw_world(out, workers=2).returncode == 0
    assert files_of(out) == files_of(raw)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_a_folder_that_someone_else_filled_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photograph.jpg").write_bytes(b"mine")
    done = draw_world(tmp_path)
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert list(files_of(tmp_path)) == ["photograph.jpg"]


def test_a_folder_without_dictionaries_is_named(tmp_path: Path) -> None:
    done = draw_world(tmp_path / "raw", dictionaries=str(tmp_path / "none"))
    assert done.returncode == 1
    assert str(tmp_path / "none") in done.stderr
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize(("setting", "value"), [("train_images", 0), ("log_rows", -1), ("shortest", 20)])
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, setting: str, value: int) -> None:
    done = draw_world(tmp_path / "raw", dictionaries="dictionaries", **{setting: value})
    assert done.returncode == 2
    assert "scenes:" in done.stderr
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize(("split", "count"), BOXED)
def test_pycocotools_reads_the_boxes_and_they_lie_in_their_pictures(raw: Path, split: str, count: int) -> None:
    coco = read_coco(raw, split)
    assert [category["name"] for category in coco.loadCats(coco.getCatIds())] == list(NOUNS)
    assert len(coco.getImgIds()) == count
    for image in coco.loadImgs(coco.getImgIds()):
        with Image.open(raw / "images" / image["file_name"]) as picture:
            assert (picture.format, picture.size) == ("JPEG", (image["width"], image["height"]))
        found = coco.loadAnns(coco.getAnnIds(image["id"]))
        assert 2 <= len(found) <= 4
        for x, y, width, height in (annotation["bbox"] for annotation in found):
            assert x >= 0 and y >= 0 and x + width <= image["width"] and y + height <= image["height"]


def test_no_boxes_of_test_pictures(raw: Path) -> None:
    boxed = {image["file_name"] for split, _ in BOXED for image in read_coco(raw, split).dataset["images"]}
    assert boxed.isdisjoint(lines(raw / "captions/task2/image_splits/test.txt"))


def test_boxes_hold_just_what_is_drawn(raw: Path) -> None:
    coco = read_coco(raw, "train")
    for image, content in zip(coco.dataset["images"], contents(SIZES["train"], SEED), strict=True):
        layout = lay_out(content, 320, 480, SEED)
        last = [(layout.sketches[-1], layout.corners[-1])]  # painted over all others, so that nothing covers it
        papers = [Image.new("RGB", (layout.width, layout.height), paper) for paper in ("black", "white")]
        for paper in papers:
            paint_objects(paper, last)
        black, white = (np.asarray(paper, dtype=int) for paper in papers)
        rows, columns = np.nonzero((white - black < 255).any(axis=2))  # elsewhere the papers show through
        corner = [columns.min(), rows.min()]
        extent = [columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()]
        assert coco.loadAnns(coco.getAnnIds(image["id"]))[-1]["bbox"] == corner + extent


def test_test_pictures_show_no_combination_of_other_pictures(raw: Path) -> None:
    combinations = [content.combination for content in contents(sum(SIZES.values()), SEED)]
    assert len(set(combinations)) == len(combinations)
    shown = {
        frozenset((NOUNS[row["category_id"] - 1], row["attributes"]["colour"]) for row in coco.imgToAnns[image])
        for coco in (read_coco(raw, split) for split, _ in BOXED)
        for image in coco.getImgIds()
    }
    assert shown == set(combinations[: -SIZES["test"]])


@pytest.mark.parametrize("split", SIZES)
def test_captions_line_up_with_their_pictures(raw: Path, split: str) -> None:
    for task, files in (("task1", len(LANGUAGES) - 2), ("task2", 10)):
        pictures = lines(raw / f"captions/{task}/image_splits/{split}.txt")
        assert len(pictures) == SIZES[split]
        assert all((raw / "images" / name).is_file() for name in pictures)
        told = [lines(path) for path in (raw / f"captions/{task}/raw").glob(f"{split}.*.gz")]
        assert len(told) == files
        assert all(len(captions) == len(pictures) and all(captions) for captions in told)
    for lang in ("en", "de"):
        five = [lines(raw / f"captions/task2/raw/{split}.{number}.{lang}.gz") for number in range(1, 6)]
        assert all(len(set(of_one)) == 5 for of_one in zip(*five, strict=True))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_caption_is_in_plain_text_or_dictionaries(raw: Path, lang: str) -> None:
    sentences = lines(raw / "text" / f"{lang}.txt")
    assert len(set(sentences)) == len(sentences) == (60 if lang == "en" else 30)
    dictionaries = "\n".join(path.read_text() for path in (raw / "dictionaries").iterdir())
    for split in SIZES:
        for caption in captions(raw, lang, split):
            assert caption not in dictionaries
            assert not any(caption in sentence for sentence in sentences)


def test_plain_text_avoids_captions_that_it_would_say() -> None:
    from pipelines.scenes.language.text import sentences
    from pipelines.scenes.raw.text import other_sentences

    said = sentences("en", 50, SEED)
    avoided = other_sentences("en", 50, SEED, set(said[::2]))
    assert len(set(avoided)) == 50
    assert avoided[:25] == said[1::2]


def test_dictionaries_are_the_projects(raw: Path) -> None:
    own = Path(__file__).parent.parent.parent / "dictionaries"
    assert {path.name: path.read_bytes() for path in own.glob("*.txt")} == files_of(raw / "dictionaries")


def test_translations_line_up_in_all_languages(raw: Path) -> None:
    for split, pictures in SIZES.items():
        told = {lang: lines(raw / f"tasks/translation/{split}.{lang}.txt") for lang in LANGUAGES}
        assert {len(sentences) for sentences in told.values()} == {2 * pictures}
        for english, german in zip(told["en"], told["de"], strict=True):
            assert ("red" in english.replace("orange", "").split()) == any(w.startswith("rot") for w in german.split())


def test_translations_name_their_pictures_as_ingest_does(raw: Path) -> None:
    for split in SIZES:
        ids = [image_id_of(name) for name in lines(raw / f"captions/task1/image_splits/{split}.txt")]
        assert lines(raw / f"tasks/translation/{split}.images.txt") == [one for one in ids for _ in range(2)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_entailment_and_headlines_are_tables_without_news_in_two_splits(raw: Path, lang: str) -> None:
    news: list[str] = []
    for split, pictures in SIZES.items():
        names, *pairs = (line.split("\t") for line in lines(raw / f"tasks/entailment/{split}.{lang}.tsv"))
        assert names == ["premise", "hypothesis", "label"]
        assert len(pairs) == 2 * pictures
        assert {label for _, _, label in pairs} <= {"entailment", "neutral", "contradiction"}
        names, *pieces = (line.split("\t") for line in lines(raw / f"tasks/headlines/{split}.{lang}.tsv"))
        assert names == ["headline", "body"]
        assert len(pieces) == pictures
        news += [body for _, body in pieces]
    assert len(set(news)) == len(news)
