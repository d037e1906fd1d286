import os
import subprocess
import sys

import pytest
from code_switching import dictionaries, hashes, run_lexicon

from contract.dataset import Dataset

MUSE = "Dog hund\ndog Hündin\ndog hund\nhotel Hotel\nboy junge\nboy jungen\nlonely\nhot dog\n"
WIKTIONARY = "dog\thund\nhot dog\twürstchen\nboy\tboy\n"


@pytest.fixture
def folder(tmp_path):
    return dictionaries(tmp_path / "in", en_de__txt=MUSE, en_de__more__tsv=WIKTIONARY, en_fr__txt__gz="dog chien\n")


def test_entries_are_merged_with_their_origins(folder, tmp_path):
    assert run_lexicon(folder, tmp_path / "out") == 0
    rows = {(row["source"], row["lang"]): row for row in Dataset(tmp_path / "out", "lexicon").rows()}
    assert rows["dog", "de"]["targets"] == ["Hündin", "hund"]
    assert rows["dog", "de"]["origins"] == ["en-de.more.tsv", "en-de.txt"]
    assert rows["hot dog", "de"]["targets"] == ["würstchen"]
    assert sorted(rows) == [("boy", "de"), ("dog", "de"), ("dog", "fr"), ("hot", "de"), ("hot dog", "de")]


def test_every_pair_is_accounted_for(folder, tmp_path):
    run_lexicon(folder, tmp_path / "out")
    manifest = Dataset(tmp_path / "out", "lexicon").manifest
    assert manifest.rejected == {"entry_identical": 2, "entry_malformed": 1, "entry_merged": 2}
    pairs = manifest.statistics["pairs"]
    assert pairs["read"] == 12
    assert pairs["read"] == pairs["further_targets"] + manifest.rows_in
    assert manifest.statistics["languages"]["de"] == {"entries": 4, "pairs": 6, "translations_an_entry": 1.5}


def test_rejects_name_file_and_line(folder, tmp_path):
    run_lexicon(folder, tmp_path / "out")
    rejects = {reject["source"]: reject["reason"] for reject in Dataset(tmp_path / "out", "lexicon").rejects()}
    assert rejects == {
        "en-de.txt:1": "entry_merged", "en-de.txt:3": "entry_merged", "en-de.txt:4": "entry_identical",
        "en-de.txt:7": "entry_malformed", "en-de.more.tsv:3": "entry_identical",
    }  # fmt: skip


def test_settings(folder, tmp_path):
    run_lexicon(folder, tmp_path / "out", "--languages", "de", "--keep-identical", "--no-phrases")
    dataset = Dataset(tmp_path / "out", "lexicon")
    assert {row["lang"] for row in dataset.rows()} == {"de"}
    assert ("hotel", ["Hotel"]) in [(row["source"], row["targets"]) for row in dataset.rows()]
    assert dataset.manifest.rejected == {
        "entry_malformed": 1, "entry_merged": 2, "entry_other_language": 1, "entry_phrase": 1
    }  # fmt: skip


def test_swapped_files_are_turned_round(tmp_path):
    folder = dictionaries(tmp_path / "in", de_en__txt="hund dog\n")
    run_lexicon(folder, tmp_path / "out")
    (row,) = Dataset(tmp_path / "out", "lexicon").rows()
    assert (row["source"], row["lang"], row["targets"]) == ("dog", "de", ["hund"])


def test_one_file_may_be_given_instead_of_a_folder(folder, tmp_path):
    assert run_lexicon(folder / "en-fr.txt.gz", tmp_path / "out") == 0
    assert [row["targets"] for row in Dataset(tmp_path / "out", "lexicon").rows()] == [["chien"]]


def test_a_row_of_an_unknown_language_is_rejected_alone(tmp_path):
    folder = dictionaries(tmp_path / "in", words__csv="source,target,lang\ndog,hund,de\ndog,x,qq\n")
    assert run_lexicon(folder, tmp_path / "out") == 0
    assert Dataset(tmp_path / "out", "lexicon").manifest.rejected == {"entry_malformed": 1}


def test_any_number_of_shards_holds_the_same_entries(folder, tmp_path):
    run_lexicon(folder, tmp_path / "one", "--shards", "1")
    run_lexicon(folder, tmp_path / "five", "--shards", "5")

    def rows(name):
        return sorted((row["source"], row["lang"], *row["targets"]) for row in Dataset(tmp_path / name, "lexicon").rows())

    assert rows("one") == rows("five")


def test_two_workers_write_the_same_bytes(folder, tmp_path):
    run_lexicon(folder, tmp_path / "one", "--shards", "3")
    command = [sys.executable, "-m", "pipelines.lexicon", "--dictionaries", folder, "--out", tmp_path / "two"]
    subprocess.run([*command, "--shards", "3", "--workers", "2"], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")
