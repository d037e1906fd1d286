"""Validation on held-out texts, and the best weights: chosen by them, and the same after kills."""

import json
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from task_world import FRAMES, THINGS, caption_rows, things_of, world, write_dataset  # noqa: F401
from test_pretrain import EVENLY, command, data, state_languages  # noqa: F401
from training_world import Trainings

from contract.command import Call
from contract.dataset import Dataset
from model import checkpoint
from model.config import UnderstandingConfig
from model.pretrain import read_sources
from model.validation import held_out_sources, validation

SETTINGS = {"steps": 60, "batch_size": 8, "checkpoint_every": 9, "threads": 1, "learning_rate": 0.02, "dropout": 0.0}
VALIDATING = {"validate_every": 7, "validate_batches": 2}


@pytest.fixture(scope="module")
def held_out(data, tmp_path_factory) -> dict[str, Path]:  # noqa: F811
    """The data, with held-out captions and sentences besides."""
    folder = tmp_path_factory.mktemp("held_out")
    captions = [
        row | {"split": "val" if picture >= 60 else "train"} for picture in range(72) for row in caption_rows(picture)
    ]
    sentences = [
        {"sentence_id": f"{lang}-{n:03d}", "lang": lang, "split": "val" if n >= 25 else "train",
         "text": FRAMES[lang].format(*[THINGS[lang][thing] for thing in things_of(n)])}
        for lang in FRAMES for n in range(30)
    ]  # fmt: skip
    write_dataset(folder / "captions", "captions", captions)
    write_dataset(folder / "corpus", "corpus", sentences)
    state_languages(folder / "corpus", EVENLY)
    return data | {"captions": folder / "captions", "corpus": folder / "corpus"}


def run(held_out, folder: Path, *kills: int, **settings) -> dict:
    """Trains, with kills after some steps; returns what the checkpoint says of the training."""
    folder.mkdir(exist_ok=True)
    line = command("understanding", held_out, folder / "out", log_folder=folder / "log", **SETTINGS | settings)
    training = Trainings(line, folder / "said")
    for kill in kills:
        assert training.run(signal.SIGKILL, kill) == -signal.SIGKILL, training.said
    assert training.run() == 0, training.said
    return json.loads((folder / "out" / "config.json").read_text())["training"]


@pytest.fixture(scope="module")
def best(held_out, tmp_path_factory) -> tuple[dict, Path]:
    folder = tmp_path_factory.mktemp("best")
    return run(held_out, folder, **VALIDATING, best_metric="VLM.loss"), folder


def test_the_weights_with_the_lowest_metric_are_kept_and_no_later_ones(held_out, best):
    told, folder = best
    steps = [line["step"] for line in told["validation"]]
    assert steps == [7, 14, 21, 28, 35, 42, 49, 56, 60], "every seven steps, and at the end"
    assert all(set(line) == {"step", "xMLM.loss", "MMLM.loss", "MRM.loss", "VLM.loss"} for line in told["validation"])
    lowest = min(told["validation"], key=lambda line: line["VLM.loss"])
    assert told["best_step"] == lowest["step"] < 60, "at this rate the last weights are not the best"
    paths = {**held_out, "out": Path("unused"), "lexicon": None}
    config = UnderstandingConfig(max_text_length=32, batch_size=8, **VALIDATING)
    call = Call(config, paths, 3, 1)
    kept = checkpoint.load(folder / "out", torch.device("cpu")).network
    with torch.no_grad():
        again = validation(call, read_sources(call, torch.device("cpu")), kept)()
    assert again["VLM.loss"] == pytest.approx(lowest["VLM.loss"], rel=1e-6)


def test_kills_change_neither_validations_nor_the_best_weights(held_out, best, tmp_path):
    told, folder = best
    again = run(held_out, tmp_path, 10, 29, 50, **VALIDATING, best_metric="VLM.loss")
    assert again["validation"] == told["validation"] and again["best_step"] == told["best_step"]
    kept, whole = (load_file(one / "out" / "weights.safetensors") for one in (tmp_path, folder))
    assert all(torch.equal(kept[name], whole[name]) for name in whole)


def test_validation_changes_nothing_of_what_is_trained(held_out, tmp_path):
    without = run(held_out, tmp_path / "without")
    validated = run(held_out, tmp_path / "validated", **VALIDATING)
    assert "validation" not in without and validated["best_step"] is None
    assert without["losses"] == validated["losses"]
    one, other = (load_file(tmp_path / name / "out" / "weights.safetensors") for name in ("without", "validated"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_held_out_texts_are_english_captions_and_sentences_of_the_split_val(held_out):
    call = Call(UnderstandingConfig(max_text_length=32), {**held_out, "out": Path("unused"), "lexicon": None}, 3, 1)
    sources = held_out_sources(call, read_sources(call, torch.device("cpu")))
    captions = {row["caption_id"]: row for row in Dataset(held_out["captions"], "captions").rows()}
    sentences = {row["sentence_id"]: row for row in Dataset(held_out["corpus"], "corpus").rows()}
    english = {key for key, row in captions.items() if (row["lang"], row["split"]) == ("en", "val")}
    assert set(sources.captions.keys) == english and len(english) == 24
    assert set(sources.corpus.keys) == {key for key, row in sentences.items() if row["split"] == "val"}
    assert sources.codeswitch is None


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"best_metric": "VLM.loss"}, 2, "best_metric is 'VLM.loss'.\nExpected: `validate_every` to be set too."),
        ({"best_metric": "IC.loss", "validate_every": 5}, 2, "one of xMLM.loss, MMLM.loss, MRM.loss, VLM.loss."),
        ({"validate_every": 5}, 1, "captions has nothing in the split 'val' to validate on."),
    ],
)
def test_what_cannot_be_validated_is_said(data, tmp_path, settings, code, said):  # noqa: F811
    training = Trainings(command("understanding", data, tmp_path / "out", **SETTINGS | settings), tmp_path / "said")
    assert training.run() == code
    assert said in training.said and "Traceback" not in training.said
