"""Near-duplicates, as the stage ingest finds them, are never shown as mismatches of each other."""

import io
from pathlib import Path
from unittest.mock import patch

import networkx as nx
import numpy as np
import pytest
import torch
from PIL import Image
from task_world import FRAMES, THINGS, arguments, things_of, world, write_checkpoint, write_dataset  # noqa: F401
from test_pretrain import state_languages

from contract.command import Call
from contract.dataset import Dataset
from contract.errors import InputError
from model.batches import Sources, UnderstandingTasks
from model.config import UnderstandingConfig
from model.data import Texts
from model.duplicates import joined, read_near_duplicates
from model.finetune import main as finetune_main
from model.pretrain import read_sources
from model.reading import read_captions
from model.regions import RegionStore
from model.tokenizer import Tokenizer
from model.validation import held_out_sources
from pipelines.ingest.stage import main as ingest_main

COPIES = ("copied", "first", "smaller")  # the first picture, encoded anew, and resized
PICTURES = (*COPIES, *(f"other-{number}" for number in range(6)))
NOTHING = Texts([], [], np.empty(0, np.int64), [])


def drawn(seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((96, 96), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def files_of(name: str) -> bytes:
    ways = {"first": encoded(drawn(0)), "copied": encoded(drawn(0), 40), "smaller": encoded(drawn(0).resize((60, 60)))}
    return ways.get(name) or encoded(drawn(PICTURES.index(name)))


def region_row(number: int, name: str) -> dict:
    """Features that name the picture, and objects by which the copies, and they alone, are alike."""
    return {
        "image_id": name, "num_regions": 1, "feature_dim": 4, "features": np.full(4, number, "<f2").tobytes(),
        "boxes": np.array([0, 0, 9, 9], "<f4").tobytes(), "width": 96, "height": 96, "object_scores": [1.0],
        "object_ids": [0 if name in COPIES else number], "attribute_ids": None, "attribute_scores": None,
        "detector": "test",
    }  # fmt: skip


@pytest.fixture(scope="module")
def data(world, tmp_path_factory) -> dict[str, Path]:  # noqa: F811
    folder = tmp_path_factory.mktemp("duplicates")
    lists, texts = folder / "raw/captions/task1/image_splits", folder / "raw/captions/task1/raw"
    for one in (lists, texts, folder / "raw/images"):
        one.mkdir(parents=True)
    (lists / "train.txt").write_text("".join(f"{name}.jpg\n" for name in PICTURES))
    (lists / "val.txt").write_text("held-out.jpg\n")
    (texts / "val.en").write_text("a held-out picture\n")
    (folder / "raw/images/held-out.jpg").write_bytes(encoded(drawn(99)))
    captions = [FRAMES["en"].format(*(THINGS["en"][thing] for thing in things_of(n))) for n in range(len(PICTURES))]
    (texts / "train.en").write_text("\n".join(captions) + "\n")
    for name in PICTURES:
        (folder / "raw/images" / f"{name}.jpg").write_bytes(files_of(name))
    paths = {name: folder / name for name in ("raw", "images", "captions")}
    line = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    with patch("sys.argv", ["ingest", *line, "--layout", "multi30k", "--shards", "2", "--workers", "1"]):
        assert ingest_main() == 0
    regions = [region_row(number, name) for number, name in enumerate((*PICTURES, "held-out"))]
    write_dataset(folder / "regions", "regions", regions, object_classes=list(map(str, range(len(regions)))))
    state_languages(write_dataset(folder / "corpus", "corpus", []), {})
    return paths | {"regions": folder / "regions", "corpus": folder / "corpus", "tokenizer": world / "tokenizer"}


def mismatches(data: dict[str, Path], images: Path | None, task: str, hard: float) -> set[tuple[str, str]]:
    """The pictures of a caption and beside it, of all mismatched pairs of many batches."""
    tokenizer, store = Tokenizer(data["tokenizer"]), RegionStore(data["regions"])
    captions = read_captions(data["captions"], tokenizer, store, "train", ("en",), 32)
    near = read_near_duplicates(images, store.row_of)
    sources = Sources(tokenizer, store, captions, captions, NOTHING, {}, ("en",), 3, near)
    config = UnderstandingConfig(tasks={task: 1.0}, batch_size=9, negatives=2, hard_negatives=hard)
    tasks, picture_of = UnderstandingTasks(sources, config), {}
    for row in Dataset(data["captions"], "captions").rows():
        picture_of[row["caption_id"]] = row["image_id"]
    found = set()
    for number in range(60):
        batch = tasks.prepare(task, number)
        shown = batch.regions.features[:, 0, 0].int().tolist()
        for key, picture, matched in zip(batch.keys, shown, batch.matched_P.tolist(), strict=True):
            if not matched:
                found.add((picture_of[key], PICTURES[picture]))
    return found


@pytest.mark.parametrize("hard", [0.0, 1.0])
@pytest.mark.parametrize("task", ["VLM", "MC-VLM"])
def test_copies_of_a_picture_never_meet_as_mismatches(data, task, hard):
    of_one_another = {(one, other) for one in COPIES for other in COPIES if one != other}
    assert mismatches(data, None, task, hard) >= of_one_another, "their features differ: nothing else keeps them apart"
    apart = mismatches(data, data["images"], task, hard)
    assert not apart & of_one_another
    assert len(apart) == 9 * 8 - len(of_one_another), "all others do meet"


def test_pretraining_and_its_validation_know_them_where_images_are_given(data, capsys):
    config = UnderstandingConfig(max_text_length=32, tasks={"VLM": 1.0})
    call = Call(config, {**data, "codeswitch": None, "out": Path("unused")}, 3, 1)
    sources = read_sources(call, torch.device("cpu"))
    assert "near-duplicates: 3 of 10 pictures have one or more." in capsys.readouterr().out
    for one in (sources, held_out_sources(call, sources)):
        assert len({one.groups[one.store.row_of[name]] for name in COPIES}) == 1
        assert len(set(one.groups.tolist())) == len(one.store) - 2


def test_finetuning_knows_them_where_images_are_given(data, tmp_path, capsys):
    captions = [row for row in Dataset(data["captions"], "captions").rows() if row["image_id"] in COPIES]
    write_checkpoint(tmp_path / "understanding", "understanding", data["tokenizer"], feature_dim=4)
    settings = {"regions": data["regions"], "captions": write_dataset(tmp_path / "captions", "captions", captions)}
    settings |= {"task": "retrieval", "setting": "en", "steps": 2, "batch_size": 4}
    for images, code in (({}, 0), ({"images": data["images"]}, 1)):
        line = arguments(tmp_path, tmp_path / "understanding", tmp_path / f"out-{code}", **settings, **images)
        with patch("sys.argv", ["finetune", *line]):
            assert finetune_main() == code
    assert "All training captions are of one picture." in capsys.readouterr().err


def test_images_that_lack_a_picture_of_the_regions_are_refused(data, tmp_path):
    rows = [row for row in Dataset(data["images"], "images").rows() if row["image_id"] != "smaller"]
    others = write_dataset(tmp_path / "images", "images", rows)
    with pytest.raises(InputError, match="lacks the picture 'smaller'"):
        read_near_duplicates(others, RegionStore(data["regions"]).row_of)
    more = {name: row for row, name in enumerate(["first", "other-1"])}
    assert read_near_duplicates(data["images"], more).tolist() == [0, 1], "pictures without regions do not matter"


def test_groupings_are_joined_directly_and_through_others():
    draw = np.random.default_rng(0)
    for _ in range(50):
        one, other = (draw.integers(0, 30, 40) for _ in range(2))
        graph = nx.Graph()
        graph.add_nodes_from(range(40))
        for groups in (one, other):
            graph.add_edges_from(np.argwhere(groups[:, None] == groups[None, :]).tolist())
        together = joined(one, other)
        expected = np.empty(40, int)
        for number, members in enumerate(nx.connected_components(graph)):
            expected[list(members)] = number
        assert len(set(zip(together.tolist(), expected.tolist(), strict=True))) == len(set(expected.tolist()))
        assert sorted(set(together.tolist())) == list(range(len(set(expected.tolist()))))
    assert joined(one, None) is one
