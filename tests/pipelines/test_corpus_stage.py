import gzip
import json
import subprocess
import sys
from pathlib import Path
from unittest import mock

import cloudpickle
import pytest

from contract.card import CARD, card_of
from contract.command import Call
from contract.config import load_config
from contract.dataset import Dataset
from contract.errors import InputError, UsageError
from contract.places import Place
from contract.verification.dataset import verify_dataset
from pipelines.corpus.sampling import quotas, smoothed
from pipelines.corpus.settings import Config
from pipelines.corpus.stage import run


def _in_this_process(work, elements, *_):
    arrived = cloudpickle.loads(cloudpickle.dumps(work))
    arrived.setup()
    for element in elements:
        arrived.do(element)


def corpus(text: Path, out: Path, seed: int = 7, **settings) -> Dataset:
    with mock.patch("pipelines.sharded.run_elements", _in_this_process):
        config = load_config(Config, {"shards": 3} | settings, "test")
        run(Call(config, {"text": text, "out": out}, seed, 1))
    return Dataset(out, "corpus")


@pytest.fixture
def text(tmp_path):
    folder = tmp_path / "text"
    folder.mkdir()
    return folder


def sentences(lang: str, count: int) -> str:
    return "".join(f"Sentence {number} of {lang}.\n" for number in range(count))


def test_sentences_are_cleaned_and_rejected_with_reasons(text, tmp_path):
    lines = ["\ufeffEin  Cafe\u0301 hier.", "Ein Café hier.", "", "  \u3000", "Nein", "x" * 31, "Zwei\x07Hunde\r"]
    (text / "de.txt").write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\xff\n")
    dataset = corpus(text, tmp_path / "out", max_characters=30)
    assert sorted(row["text"] for row in dataset.rows()) == ["Ein Café hier.", "Zwei Hunde"]
    assert dataset.manifest.rows_in == 8 and dataset.manifest.rejected == {
        "malformed_row": 1, "sentence_duplicate": 1, "sentence_empty": 2, "sentence_too_long": 1,
        "sentence_too_short": 1,
    }  # fmt: skip
    assert "de.txt@" in next(row["key"] for row in dataset.rejects() if row["reason"] == "sentence_empty")
    assert verify_dataset(Place.of(dataset.folder)).rows == 8
    assert (dataset.folder / CARD).read_text() == card_of(dataset.manifest)


def test_pieces_of_any_size_give_the_same_corpus(text, tmp_path, monkeypatch):
    (text / "de.txt").write_text(sentences("de", 500) + "\n\n" + sentences("de", 20) + "the last has no end")
    whole = corpus(text, tmp_path / "whole")
    assert whole.manifest.rejected == {"sentence_duplicate": 20, "sentence_empty": 2} and len(whole) == 501
    for size in (7, 100, 4096):
        with mock.patch("pipelines.corpus.pieces._split", _small_pieces(size)):
            pieces = corpus(text, tmp_path / f"pieces-{size}")
        assert [shard.sha256 for shard in pieces.manifest.shards] == [shard.sha256 for shard in whole.manifest.shards]


def _small_pieces(size):
    from pipelines.corpus.pieces import _split

    return lambda path, source, lang, piece_bytes: _split(path, source, lang, size)


def test_a_line_without_end_is_not_held_in_memory(text, tmp_path):
    with gzip.open(text / "de.txt.gz", "wb", compresslevel=1) as file:
        file.write(b"A good one.\n")
        for _ in range(40):
            file.write(b"x" * (1 << 20))
        file.write(b"\nAnother good one.\n")
    dataset = corpus(text, tmp_path / "out")
    assert len(dataset) == 2 and dataset.manifest.rejected == {"malformed_row": 1}


def test_the_same_sentence_in_two_languages_is_two(text, tmp_path):
    (text / "de.txt").write_text("Taxi Hotel Bar\n")
    (text / "de.second.txt.gz").write_bytes(gzip.compress(b"Taxi Hotel Bar\n"))
    (text / "en.txt").write_text("Taxi Hotel Bar\n")
    dataset = corpus(text, tmp_path / "out")
    assert sorted(row["lang"] for row in dataset.rows()) == ["de", "en"]
    assert dataset.manifest.rejected == {"sentence_duplicate": 1}


def test_languages_are_smoothed_as_in_the_paper(text, tmp_path):
    for lang, count in (("en", 900), ("sw", 100)):
        (text / f"{lang}.txt").write_text(sentences(lang, count))
    dataset = corpus(text, tmp_path / "out", val_fraction=0.1)
    languages = dataset.manifest.statistics["languages"]
    expected = 0.1**0.3 / (0.1**0.3 + 0.9**0.3)
    assert languages["sw"]["probability"] == pytest.approx(expected, abs=1e-6)
    assert languages["sw"]["sentences"] == 100 and languages["sw"]["characters"] > 1_000
    assert 60 < dataset.manifest.statistics["splits"]["val"] < 140


def test_a_budget_follows_the_smoothed_shares(text, tmp_path):
    for lang, count in (("en", 2_000), ("de", 300), ("sw", 20)):
        (text / f"{lang}.txt").write_text(sentences(lang, count))
    dataset = corpus(text, tmp_path / "out", max_sentences=500)
    counts = {lang: row["sentences"] for lang, row in dataset.manifest.statistics["languages"].items()}
    assert sum(counts.values()) == len(dataset) == 500 and counts["sw"] == 20
    assert counts["en"] / counts["de"] == pytest.approx((2_000 / 300) ** 0.3, rel=0.02)
    assert dataset.manifest.rejected == {"not_sampled": 1_820}
    other = corpus(text, tmp_path / "other", max_sentences=500, seed=8)
    assert {row["text"] for row in other.rows()} != {row["text"] for row in dataset.rows()}


@pytest.mark.parametrize("budget", [1, 7, 100, 10_000])
def test_quotas_are_exact(budget):
    available = {"en": 1_000, "de": 333, "fr": 333, "sw": 3}
    taken = quotas(available, budget, 0.3)
    assert sum(taken.values()) == min(budget, sum(available.values()))
    assert all(0 <= taken[lang] <= available[lang] for lang in taken)


def test_alpha_one_keeps_the_shares_and_zero_levels_them():
    assert smoothed({"en": 3, "de": 1}, 1.0) == {"de": 0.25, "en": 0.75}
    assert smoothed({"en": 3, "de": 1, "xx": 0}, 0.0) == {"de": 0.5, "en": 0.5}


def test_an_empty_folder_gives_an_empty_dataset(text, tmp_path, capsys):
    dataset = corpus(text, tmp_path / "out")
    assert len(dataset) == 0 and dataset.num_shards == 3 and dataset.manifest.statistics["languages"] == {}
    assert "holds no text" in capsys.readouterr().out
    assert len(corpus(text, tmp_path / "budget", max_sentences=10)) == 0


def test_names_and_files_that_are_wrong(text, tmp_path):
    (text / "English.txt").write_text("Hello there\n")
    with pytest.raises(InputError, match=r"English\.txt gives no language"):
        corpus(text, tmp_path / "out")
    (text / "English.txt").unlink()
    (text / "en.txt.gz").write_bytes(gzip.compress(b"Hello there\n" * 1_000)[:-20])
    with pytest.raises(InputError, match=r"en\.txt\.gz cannot be read"):
        corpus(text, tmp_path / "out")
    with pytest.raises(InputError, match="is not there"):
        corpus(tmp_path / "nowhere", tmp_path / "out")


@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": 2.0},
        {"shards": 0},
        {"min_characters": 9, "max_characters": 3},
        {"val_fraction": 1.0},
        {"piece_megabytes": 0},
        {"max_sentences": -1},
    ],
)
def test_settings_that_cannot_be_meant(text, tmp_path, settings):
    with pytest.raises(UsageError):
        corpus(text, tmp_path / "out", **settings)


@pytest.mark.slow
def test_workers_change_no_byte(text, tmp_path):
    for lang in ("en", "de", "fr"):
        (text / f"{lang}.txt").write_text(sentences(lang, 3_000))
    checksums = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        command = [sys.executable, "-m", "pipelines.corpus", "--text", str(text), "--out", str(out), "--seed", "7"]
        subprocess.run([*command, "--workers", workers, "--max-sentences", "1000"], check=True)
        manifest = json.loads((out / "_manifest.json").read_text())
        checksums.append([shard["sha256"] for shard in manifest["shards"] + manifest["rejects"]])
    assert checksums[0] == checksums[1]
