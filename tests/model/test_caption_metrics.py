import random

import numpy as np
import pytest
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider

from model.bootstrap import resampled_sums
from model.caption_metrics import bleu4_of, bleu_statistics, cider_scores
from model.caption_tokens import CHARACTERS, PTB_LIKE, caption_tokens, tokenizer_name

WORDS = ["a", "the", "red", "small", "cube", "sphere", "on", "under", "two", "of", "and", "blue"]


def random_corpus(seed: int) -> tuple[list[list[str]], list[list[list[str]]]]:
    draw = random.Random(seed)

    def sentence(least: int) -> list[str]:
        return draw.choices(WORDS[: draw.randint(2, len(WORDS))], k=draw.randint(least, 12))

    items = draw.randint(2, 15)
    references = [[sentence(1) for _ in range(draw.randint(1, 5))] for _ in range(items)]
    hypotheses = [draw.choice([sentence(0), draw.choice(several)]) for several in references]
    return hypotheses, references


def statistics_of(hypotheses, references):
    return np.array([bleu_statistics(*pair) for pair in zip(hypotheses, references, strict=True)])


def bleu4(hypotheses, references):
    return bleu4_of(statistics_of(hypotheses, references).sum(axis=0))


def as_coco(hypotheses, references):
    joined = {i: [" ".join(one) for one in several] for i, several in enumerate(references)}
    return joined, {i: [" ".join(one)] for i, one in enumerate(hypotheses)}


CORNERS = [
    ([["a", "red", "cube"]], [[["a", "red", "cube"], ["the", "cube"]]]),  # one item
    ([[]], [[["a", "cube"]]]),  # one empty item
    ([[], []], [[["a", "cube"]], [["a", "sphere"], ["two"]]]),  # nothing but empty ones
    ([[], ["a", "blue", "cube", "on", "two"]], [[["a", "cube"]], [["a", "blue", "cube", "on", "the", "sphere"]]]),
    ([["cube"], ["of"]], [[["cube"]], [["of"]]]),  # no n-gram but of order 1
    ([["a"] * 30, ["two"]], [[["a", "cube"]], [["under"]]]),  # repeated, and all wrong
    ([["a", "cube"], ["two"]], [[["a", "cube"]] * 3, [[]]]),  # the same reference again, and an empty one
]


def test_both_metrics_equal_the_reference_implementations(record_property):
    furthest = {"BLEU-4": 0.0, "CIDEr": 0.0}
    corpora = [*map(random_corpus, range(200)), *CORNERS]
    for hypotheses, references in corpora:
        theirs = as_coco(hypotheses, references)
        their_bleu = Bleu(4).compute_score(*theirs, verbose=0)[0][3]
        mean, each = Cider().compute_score(*theirs)
        ours = cider_scores(hypotheses, references)
        apart = {
            "BLEU-4": abs(bleu4(hypotheses, references) - their_bleu),
            "CIDEr": max(abs(np.mean(ours) - mean), np.abs(np.array(ours) - each).max()),
        }
        assert max(apart.values()) < 1e-6, (hypotheses, references, apart)
        furthest = {name: max(value, apart[name]) for name, value in furthest.items()}
    for name, value in furthest.items():
        record_property(f"{name} of {len(corpora)} corpora, furthest from pycocoevalcap's", f"{value:.1e}")


def test_a_resample_has_the_bleu_of_its_items():
    hypotheses, references = random_corpus(42)
    statistics = statistics_of(hypotheses, references)
    counts = resampled_sums(np.eye(len(statistics), dtype=np.int64))
    for drawn, sums in list(zip(counts, resampled_sums(statistics), strict=True))[:50]:
        items = np.repeat(np.arange(len(statistics)), drawn)
        assert bleu4_of(sums) == bleu4([hypotheses[item] for item in items], [references[item] for item in items])


def test_a_perfect_corpus_has_full_bleu():
    sentences = [["a", "red", "cube", "on", "a", "sphere"], ["two", "small", "blue", "cubes"]]
    assert bleu4(sentences, [[one] for one in sentences]) == pytest.approx(1.0)


def test_empty_hypotheses_have_zero():
    assert bleu4([[]], [[["a", "cube"]]]) == 0.0
    assert cider_scores([[], ["a", "cube"]], [[["a", "cube"]], [["a", "cube"]]])[0] == 0.0
    assert cider_scores([[]], [[["a", "cube"]]]) == [0.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A man isn't going, won't he?", "a man is n't going wo n't he"),
        ("A dog’s t-shirt, and boys' toys.", "a dog 's t-shirt and boys toys"),
        ("She cannot pay $5 & 50%", "she can not pay $ 5 & 50 %"),
        ("„Hallo“ – Bäume, l'homme!", "hallo bäume l'homme"),
        ("in the U.S. they're", "in the u.s. they 're"),
        ("a 'quoted' word", "a quoted word"),
        ("...", ""),
    ],
)
def test_words_are_cut_as_the_penn_treebank_tokenizer_cuts_them(text, expected):
    assert caption_tokens(text, "en") == expected.split()


def test_languages_without_spaces_are_cut_into_characters():
    assert caption_tokens("两个红色的球。", "zh") == list("两个红色的球")
    assert caption_tokens("赤いTシャツ、12番", "ja") == ["赤", "い", "t", "シ", "ャ", "ツ", "12", "番"]
    assert tokenizer_name("zh-TW") == CHARACTERS
    assert tokenizer_name("cs") == PTB_LIKE


@pytest.mark.real_data
def test_english_captions_are_cut_as_stanfords_tokenizer_cuts_them(real_data):
    import gzip
    import shutil

    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    if not shutil.which("java"):
        pytest.skip("no java for the reference tokenizer")
    with gzip.open(real_data / "multi30k/task1/raw/val.en.gz", "rt") as file:
        lines = file.read().splitlines()
    reference = PTBTokenizer().tokenize({i: [{"caption": line}] for i, line in enumerate(lines)})
    same = sum(reference[i][0].split() == caption_tokens(line, "en") for i, line in enumerate(lines))
    assert same / len(lines) > 0.995
