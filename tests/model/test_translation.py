"""Multimodal translation: the layouts that are read, what is learnt, and what is measured."""

import gzip
import json
import shutil

import numpy as np
import pytest
import torch
from news_world import PICTURES, sentence, write_lines, write_sentences
from task_world import enliven, read, region_row, world, write_dataset  # noqa: F401
from test_finetune import QUICK, evaluated, finetune
from torch.utils.flop_counter import FlopCounterMode

from contract.errors import InputError
from model import checkpoint
from model.captioning import BeamSearch
from model.evaluation.translation import translate
from model.evaluation.written import measured
from model.finetuning import translation
from model.objectives import next_tokens
from model.regions import RegionStore
from model.task_config import FinetuneConfig
from model.task_files import language_of
from model.task_inputs import Inputs
from model.translation_data import Direction, read_parallel
from model.work import work_of

CPU = torch.device("cpu")
DIRECTIONS = ["de-en", "en-de", "en-zh", "zh-en"]


@pytest.fixture(scope="module")
def store(world):  # noqa: F811
    return RegionStore(world / "regions")


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    return write_sentences(tmp_path_factory.mktemp("sentences"))


# Reading


def renamed(folder, name):
    """The small world's sentences in another layout."""
    write_sentences(folder)
    test, train = PICTURES["test"], folder / "train.de.txt"
    if name == "plain":
        train.rename(folder / "train.de")
    elif name == "gzip":
        for path in (train, folder / "train.images.txt"):
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    elif name == "pictures":
        names = [f"photographs/p{picture:03d}.jpg#0" for picture in PICTURES["train"]]
        write_lines(folder / "train.images.txt", names)
    elif name == "three letters":
        train.rename(folder / "train.deu.txt")
    elif name == "byte order mark":
        train.write_bytes(b"\xef\xbb\xbf" + train.read_bytes())
    elif name == "line ends":
        train.write_bytes(train.read_bytes().replace(b"\n", b"\r\n"))
    elif name == "multi30k":
        for split, known_as in (("train", "train"), ("test", "test_2016_flickr")):
            for lang in ("de", "en", "zh"):
                source = folder / f"{split}.{lang}.txt"
                target = folder / "raw" / f"{known_as}.{lang}.gz"
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(gzip.compress(source.read_bytes()))
                source.unlink()
            write_lines(
                folder / "image_splits" / f"{known_as}.txt", [f"p{picture:03d}.jpg" for picture in PICTURES[split]]
            )
            (folder / f"{split}.images.txt").unlink()
        write_lines(folder / "raw" / "test_2017_mscoco.de", ["nichts davon"] * len(test))
    return folder


@pytest.mark.parametrize(
    "layout",
    ["", "plain", "gzip", "pictures", "three letters", "byte order mark", "line ends", "multi30k"],
)
def test_every_layout_says_the_same(store, tmp_path, layout):
    folder = renamed(tmp_path / "data", layout)
    for split, pictures in PICTURES.items():
        found = read_parallel(folder, split, store)
        assert found.sentences == {lang: [sentence(p, lang) for p in pictures] for lang in ("de", "en", "zh")}
        assert found.image_ids == [f"p{picture:03d}" for picture in pictures] and not found.left_out
        assert found.pictures.tolist() == [store.row_of[image_id] for image_id in found.image_ids]
        assert [one.name for one in found.directions] == DIRECTIONS


def test_what_cannot_be_used_is_left_out_counted_and_said(world, tmp_path, capsys):  # noqa: F811
    folder = write_sentences(tmp_path / "data")
    regions = write_dataset(tmp_path / "regions", "regions", map(region_row, range(50)), object_classes=[])
    german = [sentence(picture, "de").encode() for picture in PICTURES["train"]]
    german[3], german[4], german[5], german[55] = b"", b" \t ", b"W\xfcrfel", b"\xff"
    (folder / "train.de.txt").write_bytes(b"\n".join(german) + b"\n")
    found = read_parallel(folder, "train", RegionStore(regions))
    assert found.left_out == {"picture_without_regions": 10, "empty": 2, "unreadable": 1}
    assert set(range(50)) - set(found.rows(Direction("en", "de"))) == {3, 4, 5}
    assert found.rows(Direction("zh", "en")) == list(range(50))
    assert "of 60 rows in 3 languages are left out: 2 empty, 10 picture_without_regions, 1 unreadable." in (
        capsys.readouterr().out
    )


def longer(folder):
    with (folder / "train.de.txt").open("a") as file:
        file.write("eine Zeile mehr\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (longer, r"train\.de\.txt has 61, .*train\.en\.txt has 60, .*train\.images\.txt has 60"),
        (lambda folder: write_lines(folder / "train.images.txt", ["p000"]), r"train\.images\.txt has 1"),
        (lambda folder: (folder / "train.images.txt").unlink(), "which picture each sentence of train is of"),
        (lambda folder: shutil.copy(folder / "train.de.txt", folder / "train.de"), "of the same split and language"),
        (lambda folder: [path.unlink() for path in folder.glob("train.*")], "no sentences of the split 'train'"),
        (lambda folder: (folder / "train.en.txt").unlink(), "no sentence in English and another language"),
        (lambda folder: [(folder / f"train.{lang}.txt").unlink() for lang in ("de", "zh")], "and another language"),
        (lambda folder: write_lines(folder / "train.images.txt", ["unknown"] * 60), "'picture_without_regions': 60"),
        (lambda folder: write_lines(folder / "train.en.txt", [""] * 60), "'empty': 60"),
        (lambda folder: (folder / "train.de.txt").rename(folder / "train.de.gz"), "cannot be read"),
        (shutil.rmtree, "is no folder"),
    ],
)
def test_bad_files_are_one_message(store, tmp_path, change, message):
    change(write_sentences(tmp_path / "data"))
    with pytest.raises(InputError, match=message):
        read_parallel(tmp_path / "data", "train", store)


def test_other_files_in_the_folder_are_passed_over(store, tmp_path):
    folder = write_sentences(tmp_path / "data")
    for name in ("README.txt", "train.txt", "train.lc.norm.tok.de", "train.notes.txt", "dev.fr.txt", "train..txt"):
        write_lines(folder / name, ["not a sentence"])
    (folder / "train.fr.txt").mkdir()
    assert set(read_parallel(folder, "train", store).sentences) == {"de", "en", "zh"}


@pytest.mark.parametrize(
    ("name", "tag"),
    [("de", "de"), ("deu", "de"), ("swa", "sw"), ("zh_CN", "zh-CN"), ("pt-BR", "pt-BR"), ("zho", "zh"), ("txt", None),
     ("images", None), ("xx", None), ("d", None), ("de-", None), ("é", None), ("en-a", None)],
)  # fmt: skip
def test_languages_by_their_names(name, tag):
    assert language_of(name) == tag


@pytest.mark.real_data
def test_multi30k_is_read_as_it_is(real_data, tmp_path):
    shown = {"1000092795": "train", "10002456": "train", "1018148011": "val"}
    rows = [region_row(number) | {"image_id": image_id} for number, image_id in enumerate(shown)]
    store = RegionStore(write_dataset(tmp_path / "regions", "regions", rows, object_classes=[]))
    for split, count in (("train", 29_000), ("val", 1_014)):
        found = read_parallel(real_data / "multi30k/task1", split, store)
        assert found.image_ids == [image_id for image_id, its_split in shown.items() if its_split == split]
        assert found.left_out == {"picture_without_regions": count - len(found.image_ids)}
        assert [one.name for one in found.directions] == ["cs-en", "de-en", "en-cs", "en-de", "en-fr", "fr-en"]
    assert found.sentences["en"] == ["A group of men are loading cotton onto a truck"]


# Learning


def test_directions_of_a_setting(world, sentences):  # noqa: F811
    loaded = checkpoint.load(world / "generation", CPU)
    inputs = Inputs(loaded.network, loaded.tokenizer, None, world / "regions", sentences)
    assert list(translation.parts(inputs)) == DIRECTIONS
    for setting, names in (("all", DIRECTIONS), ("en", ["en-de", "en-zh"]), ("zh", ["zh-en"]), ("de-en", ["de-en"])):
        lesson = translation.lesson(inputs, FinetuneConfig(batch_size=8), setting, 5)
        assert lesson.counts == dict.fromkeys(names, 60)
        assert set(lesson.written) == {name.split("-")[1] for name in names}
    with pytest.raises(InputError, match="setting 'fr'"):
        translation.lesson(inputs, FinetuneConfig(), "fr", 5)


def test_a_step_holds_sentences_pictures_and_translations_that_belong_together(world, sentences):  # noqa: F811
    loaded = checkpoint.load(world / "generation", CPU)
    store, tokenizer = RegionStore(world / "regions"), loaded.tokenizer
    inputs = Inputs(loaded.network, tokenizer, None, world / "regions", sentences)
    seen = set()
    draws = translation.lesson(inputs, FinetuneConfig(batch_size=24), "all", 5).draws
    for step in range(10):  # 240 samples: an epoch
        (draw,) = draws(step)
        batch = draw.batch
        for row, key in enumerate(batch.keys):
            image_id, direction = key.split(" ")
            source, target = direction.split("-")
            picture = int(image_id[1:])
            assert tokenizer.decode(batch.sources_BT[row].tolist()) == sentence(picture, source)
            assert tokenizer.decode(batch.tokens_BT[row].tolist()) == sentence(picture, target)
            languages = (batch.source_languages_B[row], batch.languages_B[row])
            assert tuple(loaded.network.config.languages[one] for one in languages) == (source, target)
            own = store.batch([store.row_of[image_id]])
            assert torch.equal(batch.regions.features[row][batch.regions.mask[row]], own.features[0])
            seen.add(key)
        assert torch.equal(
            batch.asked.of(batch.tokens_BT[:, 1:]), next_tokens(batch.tokens_BT).of(batch.tokens_BT[:, 1:])
        )
    assert len(seen) == 240


@pytest.fixture
def batch(world, sentences):  # noqa: F811
    loaded = checkpoint.load(world / "generation", CPU)
    inputs = Inputs(loaded.network, loaded.tokenizer, None, world / "regions", sentences)
    enliven(loaded.network)
    (draw,) = translation.lesson(inputs, FinetuneConfig(batch_size=12), "all", 5).draws(0)
    return loaded.network, draw.batch


def test_the_loss_is_the_decoders_on_both_memories(batch):
    network, batch = batch
    network = network.double()
    regions = batch.regions.__class__(
        batch.regions.features.double(), batch.regions.locations.double(), batch.regions.mask, batch.regions.object_ids
    )
    total = 0.0
    for row in range(len(batch.keys)):
        count = int(batch.regions.mask[row].sum())
        alone = regions[torch.tensor([row])]
        alone = alone.__class__(*(getattr(alone, name)[:, :count] for name in vars(alone)))
        source = batch.sources_BT[row][batch.sources_BT[row] != 1][None]
        target = batch.tokens_BT[row][batch.tokens_BT[row] != 1][None]
        text = network.embeddings.text(source, batch.source_languages_B[row : row + 1])
        pictures = network.embeddings.regions(alone)
        memory = torch.cat([text, pictures], dim=1)
        whole = torch.ones(memory.shape[:2], dtype=torch.bool)
        memory = network.encode(memory, whole)
        hidden = network.decode(target[:, :-1], batch.languages_B[row : row + 1], memory, whole)[0]
        chances = network.vocabulary(hidden).log_softmax(-1)
        total -= chances[torch.arange(len(hidden)), target[0, 1:]].sum().item()
    moved = batch.__class__(**vars(batch) | {"regions": regions})
    for packs in (True, False):
        network.packs = packs
        asked = moved.loss(network)
        assert asked.total.item() == pytest.approx(total, rel=1e-9)
        assert asked.count == batch.count == sum(len(row[row != 1]) - 1 for row in batch.tokens_BT)


def test_shares_of_a_batch_add_up(batch):
    network, batch = batch
    whole = batch.loss(network)
    parts = [batch.share(rank, 5).loss(network) for rank in range(5)]
    assert sum(part.count for part in parts) == whole.count
    assert sum(part.total.item() for part in parts) == pytest.approx(whole.total.item(), rel=1e-5)


def test_operations_are_those_that_torch_counts(batch):
    network, batch = batch
    row = next(row for row in range(len(batch.keys)) if batch.regions.mask[row].all())
    one = batch.share(row, len(batch.keys))
    one = one.__class__(**vars(one) | {
        "sources_BT": one.sources_BT[:, : int((one.sources_BT != 1).sum())],
        "tokens_BT": one.tokens_BT[:, : int((one.tokens_BT != 1).sum())],
    })  # fmt: skip
    ours = work_of(one, network.config)
    with FlopCounterMode(display=False) as counter:
        one.loss(network).mean.backward()
    assert 0.85 < ours.operations / counter.get_total_flops() < 1.15
    assert ours.tokens == one.sources_BT.numel() + one.regions.mask.numel() + one.tokens_BT.numel() - 1


@pytest.mark.slow
def test_it_learns_from_sentence_and_picture_into_the_language_that_is_asked_for(
    world, sentences, tmp_path, monkeypatch  # noqa: F811
):  # fmt: skip
    settings = QUICK | {"steps": 400, "task": "translation", "setting": "all", "data": sentences}
    settings |= {"learning_rate": 4e-3}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "out", **settings) == 0
    metrics = evaluated(monkeypatch, world, tmp_path / "out", tmp_path / "m.json", beam=3, data=sentences)
    assert list(metrics["directions"]) == DIRECTIONS
    openings = {"de": "hier sind", "en": "there is", "zh": "这里有"}
    for sample in metrics["samples"]:
        assert sample["generated"].startswith(openings[sample["direction"].split("-")[1]])
    assert all(one["BLEU-4"] > 40 for one in metrics["directions"].values()), metrics["directions"]


def test_each_direction_has_a_network_as_that_direction_alone_does(world, sentences, tmp_path, monkeypatch):  # noqa: F811
    settings = QUICK | {"steps": 2, "task": "translation", "data": sentences}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "each", **settings, setting="each") == 0
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "one", **settings, setting="en-zh") == 0
    assert sorted(path.name for path in (tmp_path / "each").iterdir()) == ["config.json", *DIRECTIONS]
    each, one = (tmp_path / place / "weights.safetensors" for place in ("each/en-zh", "one"))
    assert each.read_bytes() == one.read_bytes()
    found = evaluated(monkeypatch, world, tmp_path / "each", tmp_path / "each.json", beam=2, data=sentences)
    alone = {"languages": "en-zh", "data": sentences, "beam": 2}
    assert list(found["directions"]) == DIRECTIONS
    assert (
        found["directions"]["en-zh"]
        == (evaluated(monkeypatch, world, tmp_path / "one", tmp_path / "one.json", **alone)["directions"]["en-zh"])
    )
    named = {"languages": "en,zh", "data": sentences, "beam": 1}
    some = evaluated(monkeypatch, world, tmp_path / "each", tmp_path / "some.json", **named)
    assert list(some["directions"]) == ["en-zh", "zh-en"]


def test_none_is_the_checkpoint_as_it_is_and_the_same_seed_gives_the_same_bytes(
    world, sentences, tmp_path, monkeypatch  # noqa: F811
):  # fmt: skip
    settings = QUICK | {"steps": 2, "task": "translation", "data": sentences}
    start = world / "generation"
    assert finetune(monkeypatch, world, start, tmp_path / "none", **settings, setting="none") == 0
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (tmp_path / "none", start)]
    assert weights[0] == weights[1]
    for name in ("first", "second"):
        assert finetune(monkeypatch, world, start, tmp_path / name, **settings, setting="all") == 0
        evaluated(monkeypatch, world, tmp_path / name, tmp_path / "metrics.json", beam=2, data=sentences)
        (tmp_path / "metrics.json").rename(tmp_path / f"{name}.json")
    files = ["{}/weights.safetensors", "{}/config.json"]
    assert all(
        (tmp_path / one.format("first")).read_bytes() == (tmp_path / one.format("second")).read_bytes() for one in files
    )
    metrics = [read(tmp_path / f"{name}.json") for name in ("first", "second")]
    assert metrics[0] | {"checkpoint": ""} == metrics[1] | {"checkpoint": ""}
    training = json.loads((tmp_path / "first" / "config.json").read_text())["training"]
    assert training["texts"] == dict.fromkeys(DIRECTIONS, 60) and training["setting"] == "all"


def test_weights_are_chosen_by_bleu_on_held_out_sentences(world, tmp_path, monkeypatch):  # noqa: F811
    folder = write_sentences(tmp_path / "data")
    for path in folder.glob("test.*"):
        path.rename(folder / path.name.replace("test", "dev"))
    settings = QUICK | {"steps": 8, "task": "translation", "data": folder, "validate_every": 4}
    out = tmp_path / "out"
    assert finetune(monkeypatch, world, world / "generation", out, **settings, setting="en") == 0
    training = json.loads((out / "config.json").read_text())["training"]
    assert [line["step"] for line in training["validation"]] == [4, 8] and training["best_step"] in (4, 8)


# Measuring


def test_each_direction_is_told_with_items_tokenizer_and_samples(world, sentences, tmp_path, monkeypatch):  # noqa: F811
    told = {"data": sentences, "beam": 2, "samples": 3, "task": "translation"}
    metrics = evaluated(monkeypatch, world, world / "generation", tmp_path / "m.json", **told)
    assert (metrics["task"], metrics["split"], metrics["images"], metrics["beam"]) == ("translation", "test", 12, 2)
    assert {name: one["tokenizer"] for name, one in metrics["directions"].items()} == {
        "de-en": "13a", "en-de": "13a", "en-zh": "zh", "zh-en": "13a",
    }  # fmt: skip
    assert all(one["items"] == 12 and "BLEU" not in one["signature"] for one in metrics["directions"].values())
    assert [one["direction"] for one in metrics["samples"]] == [name for name in DIRECTIONS for _ in range(3)]
    first = metrics["samples"][0]
    assert (first["source"], first["reference"]) == (sentence(60, "de"), sentence(60, "en"))


def test_a_sentence_gets_the_same_translation_among_others_as_alone(world, sentences, store):  # noqa: F811
    loaded = checkpoint.load(world / "generation", CPU)
    enliven(loaded.network)
    inputs = Inputs(loaded.network, loaded.tokenizer, None, world / "regions", sentences)
    parallel, how = read_parallel(sentences, "train", store), BeamSearch(3, 1.0, 12)
    rows, direction = list(range(20)), Direction("en", "zh")
    several = [translate(inputs, store, parallel, rows, direction, how, at_once) for at_once in (1, 7, 20)]
    assert several[0] == several[1] == several[2] and len(set(several[0])) > 1


def test_one_picture_and_nothing_written(world, sentences, tmp_path, monkeypatch):  # noqa: F811
    told = {"data": sentences, "beam": 1, "max_images": 1, "task": "translation"}
    metrics = evaluated(monkeypatch, world, world / "generation", tmp_path / "m.json", **told)
    assert metrics["images"] == 1 and {one["items"] for one in metrics["directions"].values()} == {1}
    found = measured(["", "hier sind Ring und Ball zu sehen"], ["hier ist nichts", "hier sind"], "de", ("de", "en"))
    assert (found["items"], found["empty"], found["in_language"]) == (2, 1, 0.5)
    assert measured([""], ["hier ist nichts"], "de", ("de", "en"))["BLEU-4"] == 0.0


def test_a_language_without_embedding_is_left_out_and_stops_a_training(
    world, tmp_path, monkeypatch, capsys  # noqa: F811
):  # fmt: skip
    folder = write_sentences(tmp_path / "data")
    for split in PICTURES:
        (folder / f"{split}.de.txt").rename(folder / f"{split}.fr.txt")
    told = {"data": folder, "beam": 1, "task": "translation"}
    metrics = evaluated(monkeypatch, world, world / "generation", tmp_path / "m.json", **told)
    assert list(metrics["directions"]) == ["en-zh", "zh-en"] and metrics["languages_left_out"] == ["fr"]
    given = {"data": folder, "task": "translation", "setting": "all"}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "out", **given) == 1
    assert "no embedding for the language 'fr'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"data": ""}, 1, "is no folder"),
        ({"languages": "fr"}, 1, "There is nothing to translate in fr in the split 'test'"),
        ({"languages": "en-de,de-fr"}, 1, "There is nothing to translate in de-fr"),
        ({"split": "val"}, 1, "no sentences of the split 'val'"),
        ({"max_translation_length": 0}, 2, "evaluate: max_translation_length is 0"),
    ],
)
def test_bad_settings_are_one_message(world, sentences, tmp_path, monkeypatch, capsys, settings, code, message):  # noqa: F811
    from task_world import arguments

    from model.evaluate import main

    given = {"data": sentences, "task": "translation"} | settings
    given["data"] = given["data"] or tmp_path / "nowhere"
    monkeypatch.setattr("sys.argv", ["evaluate", *arguments(world, world / "generation", tmp_path / "m.json", **given)])
    assert main() == code
    assert message in capsys.readouterr().err and not (tmp_path / "m.json").exists()


def test_without_data_it_says_which_option_is_missing(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    given = {"task": "translation", "setting": "all"}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "out", **given) == 2
    assert "--data is missing" in capsys.readouterr().err
    assert not np.any([path.name == "out" for path in tmp_path.iterdir()])
