import gzip
from pathlib import Path

import pytest
from code_switching import make_codeswitch, make_lexicon, write_captions, write_dataset

from contract.codeswitching.lexicon import Lexicon
from pipelines.codeswitch.coverage import summarise_coverage
from pipelines.codeswitch.stage import Config, make_switcher

pytestmark = [pytest.mark.real_data, pytest.mark.slow]
WANTED = ("cs", "de", "sw", "ur", "zh")


@pytest.fixture(scope="module")
def lexicon(real_data: Path, tmp_path_factory) -> Path:
    """Five languages out of all real dictionaries: MUSE, Wiktionary and TEI."""
    made = make_lexicon(real_data / "dictionaries", languages=WANTED)
    assert made.rejected["entry_identical"] > 100_000 or made.rejected["entry_other_language"] > 1_000_000
    return write_dataset(tmp_path_factory.mktemp("real") / "lexicon", "lexicon", made.rows, 2)


@pytest.fixture(scope="module")
def captions(real_data: Path, tmp_path_factory) -> Path:
    with gzip.open(real_data / "multi30k" / "task1" / "raw" / "train.en.gz", "rt") as file:
        texts = [line.strip() for line in file][:5_000]
    return write_captions(tmp_path_factory.mktemp("real") / "captions", texts, 1)


def test_two_dictionaries_of_one_language_are_merged(lexicon):
    assert Lexicon.load(lexicon).targets_of("dog", "sw") == ["mbwa"]
    assert "hund" in Lexicon.load(lexicon).targets_of("dog", "de")


def coverage_of(captions, lexicon, look_up):
    made = make_codeswitch(captions, lexicon, variants=1, look_up=look_up)
    switcher = make_switcher(lexicon, Config(look_up=look_up))
    return summarise_coverage(made.statistics["coverage"], switcher.lexicon, switcher.settings)["languages"]


def test_our_look_up_covers_ten_points_more_than_the_published_one(captions, lexicon):
    ours, published = coverage_of(captions, lexicon, "full"), coverage_of(captions, lexicon, "published")
    for lang in WANTED:
        assert ours[lang]["published"]["token_share"] == published[lang]["token_share"], "both ways to count it agree"
    gain = sum(ours[lang]["token_share"] - ours[lang]["published"]["token_share"] for lang in WANTED) / len(WANTED)
    assert gain > 0.10, (ours, published)


def test_nearly_every_caption_is_switched(captions, lexicon):
    made = make_codeswitch(captions, lexicon, variants=2)
    assert len(made.rows) > 0.97 * made.rows_in
    assert {replacement["lang"] for row in made.rows for replacement in row["replacements"]} == set(WANTED)
