import os
import signal
import subprocess
import sys
import time

import pytest
from code_switching import hashes, make_codeswitch, run_codeswitch, write_captions, write_dataset, write_lexicon

from contract.dataset import Dataset
from contract.errors import InputError, UsageError
from pipelines.codeswitch.coverage import poorly_covered, summarise_coverage
from pipelines.codeswitch.stage import Config, make_switcher

TEXTS = ["A dog and a boy run.", "Two dogs eat hot dogs.", "nothing here", "", "A boy, a dog and a dog's dog"]


@pytest.fixture
def lexicon(tmp_path):
    return write_lexicon(tmp_path / "lexicon")


def test_rows_hold_what_the_contract_says(tmp_path, lexicon):
    made = make_codeswitch(write_captions(tmp_path / "captions", TEXTS), lexicon, variants=3)
    assert made.rows_in == len(TEXTS) * 3
    assert made.rejected["nothing_to_switch"] == 2 * 3
    for row in made.rows:
        assert row["image_id"] == row["caption_id"].replace("c", "i")
        assert row["source_text"] == TEXTS[int(row["caption_id"][1:])]
        assert row["text"] != row["source_text"] and row["replacements"]
        assert 0 <= row["variant"] < 3 and row["split"] == "train"


def test_no_text_comes_twice(tmp_path, lexicon):
    made = make_codeswitch(write_captions(tmp_path / "captions", ["dog"]), lexicon, variants=30, word_probability=0.9)
    texts = [row["text"] for row in made.rows]
    assert len(texts) == len(set(texts)) == 4
    assert made.rejected["same_as_variant"] + made.rejected["not_switched"] == 26


def test_other_languages_are_rejected_once(tmp_path, lexicon):
    rows = [
        {"caption_id": f"c{i}", "image_id": "i", "lang": lang, "text": "a dog", "split": "val"}
        for i, lang in enumerate(["en", "de", "en-GB", "enm"])
    ]
    made = make_codeswitch(
        write_dataset(tmp_path / "captions", "captions", rows, 1), lexicon, variants=2, word_probability=1.0
    )
    assert made.rejected["not_english"] == 2
    assert made.rows_in == 2 * 2 + 2
    assert {row["caption_id"] for row in made.rows} == {"c0", "c2"}


def test_the_variants_of_a_caption_are_the_same_for_any_number_of_shards(tmp_path, lexicon):
    def texts(shards):
        captions = write_captions(tmp_path / f"captions{shards}", TEXTS * 20, shards)
        return {(row["caption_id"], row["variant"]): row["text"] for row in make_codeswitch(captions, lexicon).rows}

    assert texts(1) == texts(7)


def test_more_variants_leave_the_first_as_they_were(tmp_path, lexicon):
    captions = write_captions(tmp_path / "captions", TEXTS)

    def texts(variants):
        return {
            (row["caption_id"], row["variant"]): row["text"]
            for row in make_codeswitch(captions, lexicon, variants=variants).rows
        }

    assert texts(2).items() <= texts(9).items()


def test_long_captions_are_taken_a_few_at_a_time(tmp_path, lexicon):
    made = make_codeswitch(write_captions(tmp_path / "captions", ["a dog " * 16_000] * 5, 1), lexicon, variants=2)
    assert len(made.rows) == 10


def test_coverage(tmp_path, lexicon):
    made = make_codeswitch(
        write_captions(tmp_path / "captions", ["A dog, a Dog: dogs", "a hot dog", "at it", "at"]), lexicon
    )
    switcher = make_switcher(lexicon, Config())
    coverage = summarise_coverage(made.statistics["coverage"], switcher.lexicon, switcher.settings)
    assert (coverage["tokens"], coverage["types"]) == (11, 6)
    # de: a ×3, dog ×2, dogs by its lemma, the two words of hot dog; fr: dog ×2 and dogs
    assert coverage["languages"]["de"]["token_share"] == round(8 / 11, 4)
    # between spaces and with their case stand "A", "dog,", "a" ×2, "Dog:", "dogs", "hot", "dog", "at" ×2, "it"
    assert coverage["languages"]["fr"] == {
        "token_share": round(3 / 11, 4), "type_share": round(2 / 6, 4), "translations_a_token": 2.0,
        "published": {"token_share": round(1 / 11, 4), "type_share": round(1 / 9, 4)},
        "uncovered_words": {"a": 3, "at": 2, "hot": 1, "it": 1},
    }  # fmt: skip
    assert coverage["languages"]["de"]["published"] == {"token_share": round(3 / 11, 4), "type_share": round(2 / 9, 4)}
    assert coverage["uncovered_words"] == {"at": 2, "hot": 1, "it": 1}
    assert poorly_covered(coverage) == []


def test_swapped_columns_are_noticed(tmp_path):
    swapped = write_lexicon(tmp_path / "swapped", {("hund", "de"): ["dog"], ("dog", "fr"): ["chien"]})
    made = make_codeswitch(write_captions(tmp_path / "captions", TEXTS), swapped)
    switcher = make_switcher(swapped, Config())
    coverage = summarise_coverage(made.statistics["coverage"], switcher.lexicon, switcher.settings)
    assert poorly_covered(coverage) == ["de"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"variants": 0}, "variants"), ({"word_probability": 2.0}, "word_probability"), ({"languages": ("xx",)}, "xx")],
)
def test_settings_that_cannot_be(lexicon, wrong, named):
    with pytest.raises(UsageError, match=named):
        make_switcher(lexicon, Config(**wrong))


def test_an_empty_lexicon_is_named(tmp_path):
    with pytest.raises(InputError, match=r"empty_lexicon: The lexicon is empty"):
        make_switcher(write_lexicon(tmp_path / "empty_lexicon", {}), Config())


def test_the_command_line_says_what_is_wrong_and_how_it_went_on(tmp_path, lexicon, capsys):
    captions = write_captions(tmp_path / "captions", TEXTS)
    assert run_codeswitch(captions, lexicon, tmp_path / "out", "--word-probability", "1.5") == 2
    assert "word_probability is 1.5" in capsys.readouterr().err
    assert run_codeswitch(captions, tmp_path / "nowhere", tmp_path / "out") == 1
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.slow
def test_one_and_two_workers_write_the_same_bytes(tmp_path, lexicon):
    captions = write_captions(tmp_path / "captions", TEXTS * 40, 4)
    for workers in ("1", "2"):
        options = ("--workers", workers, "--seed", "7")
        assert run_codeswitch(captions, lexicon, tmp_path / workers, *options) == 0
    assert hashes(tmp_path / "1") == hashes(tmp_path / "2")
    dataset = Dataset(tmp_path / "1", "codeswitch")
    assert "words" not in dataset.manifest.statistics["coverage"]
    assert list(dataset.rows()) == make_codeswitch(captions, lexicon).rows


@pytest.mark.slow
def test_a_killed_stage_goes_on_where_it_was(tmp_path, lexicon):
    captions = write_captions(tmp_path / "captions", TEXTS * 400, 48)
    assert run_codeswitch(captions, lexicon, tmp_path / "undisturbed", "--variants", "8") == 0
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "pipelines.codeswitch", "--captions", captions, "--lexicon", lexicon]
    killed = subprocess.Popen([*command, "--out", out, "--variants", "8", "--workers", "1"], start_new_session=True)
    deadline = time.monotonic() + 300
    while not (records := list((tmp_path / ".work").glob("killed-*/record-*.json"))):
        assert time.monotonic() < deadline and killed.poll() is None, "it should have been killed in its middle"
        time.sleep(0.002)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    time.sleep(1)  # the workers notice that their parent is gone
    records = sorted((tmp_path / ".work").glob("killed-*/record-*.json"))
    assert 0 < len(records) < 48 and not out.exists()
    finished = {
        path.name: path.stat().st_mtime_ns for path in (tmp_path / ".work").glob("killed-*/files/part-*.parquet")
    }
    names = {path.name for path in records}
    assert run_codeswitch(captions, lexicon, out, "--variants", "8") == 0
    assert hashes(out) == hashes(tmp_path / "undisturbed")
    kept = [name for name, written in finished.items() if (out / name).stat().st_mtime_ns == written]
    assert len(kept) >= len(names)
