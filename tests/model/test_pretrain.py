"""Pre-training as it is called, killed and called again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from task_world import FRAMES, THINGS, caption_rows, things_of, world, write_dataset  # noqa: F401

from contract.command import Call
from contract.dataset import Dataset
from contract.hashing import MANIFEST
from model import checkpoint
from model.batches import GenerationTasks, Sources, UnderstandingTasks
from model.config import GenerationConfig, UnderstandingConfig
from model.data import Texts
from model.pretrain import main as pretrain_main
from model.pretrain import read_sources
from model.reading import read_captions, read_codeswitch, read_corpus
from model.regions import RegionStore
from model.tokenizer import BOS, EOS, Tokenizer
from pipelines.codeswitch.stage import main as codeswitch

EVENLY = dict.fromkeys(("de", "en", "zh"), 1 / 3)
SMALL = {
    "layers": 2, "width": 32, "heads": 2, "dropout": 0.1, "max_text_length": 32, "batch_size": 8, "steps": 60,
    "warmup_steps": 5, "learning_rate": 0.002, "checkpoint_every": 20, "device": "cpu",
}  # fmt: skip


def state_languages(corpus: Path, probabilities: dict[str, float]) -> None:
    """Writes into a corpus's manifest how often training draws each language, as the stage `corpus` does."""
    manifest = json.loads((corpus / MANIFEST).read_text())
    manifest["statistics"]["languages"] = {lang: {"probability": share} for lang, share in probabilities.items()}
    (corpus / MANIFEST).write_text(json.dumps(manifest))


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
    state_languages(folder / "corpus", EVENLY)
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


def kill_once_saved(line: list[str], out: Path) -> None:
    """Starts a training and kills it as soon as a state of it is saved."""
    process = subprocess.Popen(line, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(out.parent.glob(f".work/{out.name}-*/state-*[0-9]")):
        assert process.poll() is None and time.monotonic() < deadline, "ended before a state was saved"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not out.exists()


def losses(out: Path) -> list[dict]:
    return json.loads((out / "config.json").read_text())["training"]["losses"]


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
    kill_once_saved(line, tmp_path / "killed")
    again = run(line)
    assert again.returncode == 0, again.stderr
    assert "resuming from step" in again.stdout
    for file in ("weights.safetensors", "config.json"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "killed" / file).read_bytes(), file


def test_without_mct_all_but_the_switched_tasks_see_the_same_batches(data):
    tokenizer, store = Tokenizer(data["tokenizer"]), RegionStore(data["regions"])
    captions = read_captions(data["captions"], tokenizer, store, "train", ("en",), 32)
    switched = read_codeswitch(data["codeswitch"], tokenizer, store, 32)
    corpus = read_corpus(data["corpus"], tokenizer, "train", 32)
    config = UnderstandingConfig(batch_size=8)
    with_mct, without = (
        UnderstandingTasks(Sources(tokenizer, store, captions, one, corpus, EVENLY, tuple(EVENLY), 3), config)
        for one in (switched, None)
    )
    torch.manual_seed(0)
    network = checkpoint.load(Path(data["tokenizer"]).parent / "understanding", torch.device("cpu")).network
    for task in ("xMLM", "MMLM", "MRM", "VLM"):
        assert with_mct.loss(network, task, 4) == without.loss(network, task, 4), task
    for task in ("MC-MLM", "MC-MRM", "MC-VLM"):
        assert with_mct.loss(network, task, 4) != without.loss(network, task, 4), task


def test_no_caption_of_another_language_or_split_is_seen(data):
    paths = {**data, "out": Path("unused")}
    sources = read_sources(Call(UnderstandingConfig(max_text_length=32), paths, 3, 1), torch.device("cpu"))
    rows = {row["caption_id"]: row for row in Dataset(data["captions"], "captions").rows()}
    assert {row["lang"] for row in rows.values()} == {"de", "en", "zh"}, "others are there to be seen"
    seen = {*sources.captions.keys, *(key.split("#")[0] for key in sources.codeswitch.keys)}
    assert seen == {key for key, row in rows.items() if row["lang"] == "en" and row["split"] == "train"}
    texts = {sources.tokenizer.decode(tokens.tolist()) for tokens in sources.captions.tokens}
    assert not texts & {row["text"] for row in rows.values() if row["lang"] != "en"}


def test_noise_leaves_as_much_of_a_text_without_spaces_as_of_one_with_them(data):
    config = GenerationConfig(max_text_length=128)
    sources = read_sources(Call(config, {**data, "out": Path("unused")}, 3, 1), torch.device("cpu"))
    tasks, draw = GenerationTasks(sources, config), np.random.default_rng(5)
    left: dict[str, list[float]] = {}
    for lang in ("de", "en", "zh"):
        rows = [row for row, other in enumerate(sources.corpus.languages) if other == lang]
        inner = np.concatenate([sources.corpus.tokens[row][1:-1] for row in rows])[:40]
        text = Texts([np.array([BOS, *inner, EOS])], [lang], np.array([-1]), ["long"])
        for _ in range(100):
            (noised,) = tasks.noised(text, draw)
            left.setdefault(lang, []).append((noised[1:-1] != sources.tokenizer.mask).sum() / len(inner))
    for lang, shares in left.items():
        assert 0.25 < np.mean(shares) < 0.65, lang  # 30 % dropped, and about three of ten words under masks
        assert np.mean(np.array(shares) == 0) < 0.2, lang  # nothing but masks


@pytest.fixture(scope="module")
def anew(data, tmp_path_factory) -> dict[str, Path]:
    """The data, with a lexicon and a dataset that was drawn from it."""
    folder = tmp_path_factory.mktemp("anew")
    lexicon = [
        {"source": THINGS["en"][number], "lang": "de", "targets": [word], "origins": ["test"], "scores": None}
        for number, word in enumerate(THINGS["de"])
    ]
    write_dataset(folder / "lexicon", "lexicon", lexicon)
    paths = ["--captions", str(data["captions"]), "--lexicon", str(folder / "lexicon")]
    assert codeswitch([*paths, "--out", str(folder / "codeswitch"), "--variants", "1", "--workers", "1"]) == 0
    return data | {"lexicon": folder / "lexicon", "codeswitch": folder / "codeswitch"}


SWITCHED_TASKS = {"tasks": '{"MC-MLM": 1, "MC-VLM": 1}', "steps": 120}


def test_captions_are_switched_anew_where_the_lexicon_is_given(anew, tmp_path):
    done = run(command("understanding", anew, tmp_path / "anew", **SWITCHED_TASKS))
    assert done.returncode == 0, done.stderr
    assert "code-switched ones drawn anew in every epoch" in done.stdout
    alone = run(command("understanding", anew, tmp_path / "alone", mct=False))
    assert alone.returncode == 2 and "--lexicon is given without --codeswitch" in alone.stderr


def test_training_that_switches_anew_ends_the_same_after_a_kill(anew, tmp_path):
    """In a later epoch than the first, where pairs and captions depend on what was seen before."""
    assert run(command("understanding", anew, tmp_path / "whole", **SWITCHED_TASKS)).returncode == 0
    line = command("understanding", anew, tmp_path / "killed", **SWITCHED_TASKS)
    kill_once_saved(line, tmp_path / "killed")
    again = run(line)
    assert again.returncode == 0 and "resuming from step" in again.stdout, again.stderr
    assert losses(tmp_path / "whole") == losses(tmp_path / "killed")
    whole, killed = (tmp_path / name / "weights.safetensors" for name in ("whole", "killed"))
    assert whole.read_bytes() == killed.read_bytes()


def test_no_code_switched_caption_is_one_message(data, tmp_path):
    write_dataset(tmp_path / "codeswitch", "codeswitch", [])
    done = run(command("understanding", data | {"codeswitch": tmp_path / "codeswitch"}, tmp_path / "out"))
    assert done.returncode == 1
    assert "no code-switched training captions" in done.stderr and "word_probability" in done.stderr
    assert "Traceback" not in done.stderr and "ZeroDivision" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"heads": 5}, "a width that heads divide"),
        ({"checkpoint_every": 0}, "checkpoint_every is 0"),
        ({"tasks_per_step": 0}, "tasks_per_step is 0"),
        ({"device": "tpu"}, "auto, cpu, cuda"),
        ({"steps": 0}, "steps is 0"),
        ({"mask_probability": 7}, "mask_probability is 7"),
        ({"learning_rate": "nan"}, "learning_rate is nan"),
        ({"tasks": '{"xMLM": -1}'}, "xMLM the weight -1"),
        ({"tasks": '{"xMLM": 0}'}, "every task the weight 0"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_at_once(data, tmp_path, capsys, settings, said):
    line = command("understanding", data, tmp_path / "out", **settings)
    with patch.object(sys, "argv", line[2:]):
        assert pretrain_main() == 2
    message = capsys.readouterr().err
    assert said in message and "Traceback" not in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_refused_with_the_picture(data, tmp_path, number):
    from task_world import region_row

    rows = [region_row(picture) for picture in range(72)]
    spoilt = np.frombuffer(rows[7]["features"], "<f2").copy()
    spoilt[3] = number
    rows[7]["features"] = spoilt.tobytes()
    regions = write_dataset(tmp_path / "regions", "regions", rows, object_classes=THINGS["en"])
    for tasks in ('{"VLM": 1}', '{"xMLM": 1}'):
        ran = run(command("understanding", data | {"regions": regions}, tmp_path / "out", tasks=tasks))
        assert ran.returncode == 1 and "1 have features that are not finite: p007." in ran.stderr, ran.stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_task_is_refused(data, tmp_path):
    done = run(command("generation", data, tmp_path / "out", mct=False, tasks='{"VLM": 1}'))
    assert done.returncode == 2
    assert "VLM" in done.stderr and "xDAE" in done.stderr and "Traceback" not in done.stderr


def test_cuda_is_refused_where_there_is_none(data, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    done = run(command("understanding", data, tmp_path / "out", device="cuda"))
    assert done.returncode == 2 and "no CUDA GPU" in done.stderr
