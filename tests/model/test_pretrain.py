"""Pre-training as it is called, killed and called again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from task_world import FRAMES, THINGS, caption_rows, things_of, world, write_dataset  # noqa: F401

from model import checkpoint
from model.batches import Sources, UnderstandingTasks
from model.config import PretrainConfig
from model.data import RegionStore, read_captions, read_codeswitch, read_corpus
from model.tokenizer import Tokenizer

SMALL = {
    "layers": 2, "width": 32, "heads": 2, "dropout": 0.1, "max_text_length": 32, "batch_size": 8, "steps": 60,
    "warmup_steps": 5, "learning_rate": 0.002, "checkpoint_every": 20, "device": "cpu",
}  # fmt: skip


def switched_rows(picture: int) -> list[dict]:
    row, things = caption_rows(picture)[0], things_of(picture)
    text = FRAMES["en"].format(THINGS["de"][things[0]], THINGS["en"][things[1]])
    return [
        {"caption_id": row["caption_id"], "image_id": row["image_id"], "variant": 0, "text": text,
         "source_text": row["text"], "replacements": [], "split": row["split"]}
    ]  # fmt: skip


@pytest.fixture(scope="module")
def data(world, tmp_path_factory) -> dict[str, Path]:  # noqa: F811
    folder = tmp_path_factory.mktemp("pretrain")
    classes = THINGS["en"]
    from task_world import region_row

    regions = write_dataset(folder / "regions", "regions", map(region_row, range(72)), object_classes=classes)
    sentences = [
        {"sentence_id": f"{lang}-{n:03d}", "lang": lang, "split": "train",
         "text": FRAMES[lang].format(*[THINGS[lang][thing] for thing in things_of(n)])}
        for lang in FRAMES for n in range(30)
    ]  # fmt: skip
    write_dataset(folder / "corpus", "corpus", sentences)
    write_dataset(folder / "codeswitch", "codeswitch", [row for p in range(60) for row in switched_rows(p)])
    return {
        "tokenizer": world / "tokenizer", "captions": world / "captions", "corpus": folder / "corpus",
        "regions": regions, "codeswitch": folder / "codeswitch",
    }  # fmt: skip


def command(kind: str, data: dict[str, Path], out: Path, mct: bool = True, **settings) -> list[str]:
    given = {name: path for name, path in data.items() if mct or name != "codeswitch"}
    given |= {"out": out, "seed": 3} | {name.replace("_", "-"): value for name, value in (SMALL | settings).items()}
    return [sys.executable, "-m", "model.pretrain", kind, *[w for k, v in given.items() for w in (f"--{k}", str(v))]]


def run(line: list[str]) -> subprocess.CompletedProcess:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(line, capture_output=True, text=True, env=environment, timeout=300)


def losses(out: Path) -> list[dict]:
    lines = json.loads((out / "config.json").read_text())["training"]["losses"]
    return [{key: value for key, value in line.items() if key != "samples/s"} for line in lines]


@pytest.mark.parametrize(
    ("kind", "tasks", "steps"),
    [
        # Matching stays at chance for some 700 steps: it waits for words that have found their regions.
        ("understanding", {"xMLM", "MMLM", "MRM", "VLM", "MC-MLM", "MC-MRM", "MC-VLM"}, 1000),
        ("generation", {"xDAE", "IC", "DIC"}, 300),
    ],
)
def test_every_task_learns_something(data, tmp_path, kind, tasks, steps):
    done = run(
        command(kind, data, tmp_path / "out", mct=kind == "understanding", steps=steps, batch_size=16, dropout=0.0)
    )
    assert done.returncode == 0, done.stderr
    curve = losses(tmp_path / "out")
    assert set().union(*curve) - {"step", "learning_rate"} == tasks
    for task in tasks:
        values = [line[task] for line in curve if task in line]
        assert np.mean(values[-3:]) < 0.98 * np.mean(values[:3]), task
    assert checkpoint.load(tmp_path / "out", torch.device("cpu")).network.config.network == kind


def test_killed_and_run_again_it_ends_with_the_same_weights(data, tmp_path):
    whole = run(command("understanding", data, tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    line = command("understanding", data, tmp_path / "killed")
    process = subprocess.Popen(line, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".work/killed-*/state.pt")):
        assert process.poll() is None and time.monotonic() < deadline, "ended before a state was saved"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed").exists()
    again = run(line)
    assert again.returncode == 0, again.stderr
    assert "resuming from step" in again.stdout
    expected, found = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert losses(tmp_path / "whole") == losses(tmp_path / "killed")


def test_without_mct_all_but_the_switched_tasks_see_the_same_batches(data):
    tokenizer, store = Tokenizer(data["tokenizer"]), RegionStore(data["regions"])
    captions = read_captions(data["captions"], tokenizer, store, "train", ("en",), 32)
    switched = read_codeswitch(data["codeswitch"], tokenizer, store, 32)
    corpus = read_corpus(data["corpus"], tokenizer, "train", 32)
    config = PretrainConfig(batch_size=8)
    with_mct, without = (
        UnderstandingTasks(Sources(tokenizer, store, captions, one, corpus, ("de", "en", "zh"), 3), config)
        for one in (switched, None)
    )
    torch.manual_seed(0)
    network = checkpoint.load(Path(data["tokenizer"]).parent / "understanding", torch.device("cpu")).network
    for task in ("xMLM", "MMLM", "MRM", "VLM"):
        assert with_mct.loss(network, task, 4) == without.loss(network, task, 4), task
    for task in ("MC-MLM", "MC-MRM", "MC-VLM"):
        assert with_mct.loss(network, task, 4) != without.loss(network, task, 4), task


def test_no_caption_of_another_language_is_seen(data):
    tokenizer, store = Tokenizer(data["tokenizer"]), RegionStore(data["regions"])
    captions = read_captions(data["captions"], tokenizer, store, "train", ("en",), 32)
    assert set(captions.languages) == {"en"}


def test_an_unknown_task_is_refused(data, tmp_path):
    done = run(command("generation", data, tmp_path / "out", mct=False, tasks='{"VLM": 1}'))
    assert done.returncode == 2
    assert "VLM" in done.stderr and "xDAE" in done.stderr and "Traceback" not in done.stderr


def test_cuda_is_refused_where_there_is_none(data, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    done = run(command("understanding", data, tmp_path / "out", device="cuda"))
    assert done.returncode == 1 and "no CUDA GPU" in done.stderr
