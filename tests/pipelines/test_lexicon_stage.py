import pytest
from code_switching import dictionaries, hashes, make_lexicon, run_lexicon

from contract.dataset import Dataset

MUSE = "Dog hund\ndog Hündin\ndog hund\nhotel Hotel\nboy junge\nboy jungen\nlonely\nhot dog\n"
WIKTIONARY = "dog\thund\nhot dog\twürstchen\nboy\tboy\n"


@pytest.fixture
def folder(tmp_path):
    return dictionaries(tmp_path / "in", en_de__txt=MUSE, en_de__more__tsv=WIKTIONARY, en_fr__txt__gz="dog chien\n")


def test_entries_are_merged_with_their_origins(folder):
    rows = {(row["source"], row["lang"]): row for row in make_lexicon(folder).rows}
    assert rows["dog", "de"]["targets"] == ["Hündin", "hund"]
    assert rows["dog", "de"]["origins"] == ["en-de.more.tsv", "en-de.txt"]
    assert rows["hot dog", "de"]["targets"] == ["würstchen"]
    assert sorted(rows) == [("boy", "de"), ("dog", "de"), ("dog", "fr"), ("hot", "de"), ("hot dog", "de")]


def test_every_pair_is_accounted_for(folder):
    made = make_lexicon(folder)
    assert made.rejected == {"entry_identical": 2, "entry_malformed": 1, "entry_merged": 2}
    pairs = made.statistics["pairs"]
    assert pairs["read"] == 12
    assert pairs["read"] == pairs["further_targets"] + made.rows_in


def test_rejects_name_file_and_line(folder):
    assert {reject.source: reject.reason for reject in make_lexicon(folder).rejects} == {
        "en-de.txt:1": "entry_merged", "en-de.txt:3": "entry_merged", "en-de.txt:4": "entry_identical",
        "en-de.txt:7": "entry_malformed", "en-de.more.tsv:3": "entry_identical",
    }  # fmt: skip


def test_a_translation_has_the_best_score_that_a_dictionary_gives_it(tmp_path):
    head = "expression\tlanguage\ttranslation\tscore\n"
    folder = dictionaries(
        tmp_path / "in", one__tsv=head + "dog\tde\tHund\t3\ndog\tde\tKöter\t\ncat\tde\tKatze\t\n",
        two__tsv=head + "dog\tde\tHund\t5\ndog\tde\tTöle\t-1.2\n", en_de__txt="dog Hund\nboy Junge\n",
    )  # fmt: skip
    made = make_lexicon(folder)
    rows = {row["source"]: row for row in made.rows}
    assert (rows["dog"]["targets"], rows["dog"]["scores"]) == (["Hund", "Köter", "Töle"], [5.0, None, None])
    assert made.statistics["pairs"]["unusable_scores"] == 1
    assert rows["cat"]["scores"] is None and rows["boy"]["scores"] is None
    assert rows["dog"]["origins"] == ["en-de.txt", "one.tsv", "two.tsv"]


def test_settings(folder):
    made = make_lexicon(folder, languages=("deu",), keep_identical=True, phrases=False)
    assert {row["lang"] for row in made.rows} == {"de"}
    assert ("hotel", ["Hotel"]) in [(row["source"], row["targets"]) for row in made.rows]
    assert made.rejected == {"entry_malformed": 1, "entry_merged": 2, "entry_other_language": 1, "entry_phrase": 1}


def test_swapped_files_are_turned_round(tmp_path):
    (row,) = make_lexicon(dictionaries(tmp_path, de_en__txt="hund dog\n")).rows
    assert (row["source"], row["lang"], row["targets"]) == ("dog", "de", ["hund"])


def test_one_file_may_be_given_instead_of_a_folder(folder):
    assert [row["targets"] for row in make_lexicon(folder / "en-fr.txt.gz").rows] == [["chien"]]


def test_a_row_of_an_unknown_language_is_rejected_alone(tmp_path):
    made = make_lexicon(dictionaries(tmp_path, words__csv="source,target,lang\ndog,hund,de\ndog,x,qq\n"))
    assert made.rejected == {"entry_malformed": 1}


def test_any_number_of_shards_holds_the_same_entries(folder):
    def rows(shards):
        return sorted((row["source"], row["lang"], *row["targets"]) for row in make_lexicon(folder, shards=shards).rows)

    assert rows(1) == rows(5)


@pytest.mark.slow
def test_one_and_two_workers_write_the_same_bytes(folder, tmp_path):
    for workers in ("1", "2"):
        assert run_lexicon(folder, tmp_path / workers, "--workers", workers, "--shards", "3") == 0
    assert hashes(tmp_path / "1") == hashes(tmp_path / "2")
    manifest = Dataset(tmp_path / "1", "lexicon").manifest
    assert manifest.rows_out == len(Dataset(tmp_path / "1", "lexicon").table())
    assert manifest.statistics["languages"]["de"] == {"entries": 4, "pairs": 6, "translations_an_entry": 1.5}
