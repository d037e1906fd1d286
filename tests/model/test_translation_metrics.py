import random

import numpy as np
import pytest
from sacrebleu.metrics import BLEU

from contract.errors import InputError
from model.bootstrap import resampled_sums
from model.translation_metrics import bleu_of, bleu_statistics, tokenizer_name, translation_bleu

REFERENCES = {
    "de": ["Ein Mann fährt mit dem Rad, und zwei Hunde laufen hinterher.", "„Halt!“, ruft sie um 12.30 Uhr.", "Drei."],
    "zh": ["两个男人在街上骑自行车。", "她穿着一件T恤，号码是12。", "一只狗"],
    "ja": ["二人の男が通りで自転車に乗っている。", "彼女は12番のTシャツを着ている。", "犬"],
    "th": ["ผู้ชายสองคนขี่จักรยานบนถนน", "เธอสวมเสื้อหมายเลข 12", "สุนัข"],
}
TOKENIZERS = {"de": "13a", "zh": "zh", "ja": "char", "th": "char"}


def corpus(lang: str, seed: int) -> tuple[list[str], list[str]]:
    """Hypotheses that lack a part of their references, are another's, or are empty."""
    draw = random.Random(seed)
    references = draw.choices(REFERENCES[lang], k=draw.randint(1, 12))
    cut = [text[draw.randint(0, 3) : len(text) - draw.randint(0, 9)] for text in references]
    return [draw.choice([own, own, draw.choice(references), ""]) for own in cut], references


@pytest.mark.parametrize("lang", REFERENCES)
def test_the_value_is_sacrebleus_own(lang, record_property):
    furthest = 0.0
    for seed in range(25):
        hypotheses, references = corpus(lang, seed)
        direct = BLEU(tokenize=TOKENIZERS[lang])
        score = direct.corpus_score(hypotheses, [references]).score
        found = translation_bleu(hypotheses, references, lang)
        assert found["BLEU-4"] == round(score, 2)
        assert found["signature"] == str(direct.get_signature())
        own = bleu_of(bleu_statistics(hypotheses, references, lang).sum(axis=0))
        furthest = max(furthest, abs(own - score))
        assert own == score
        assert found["BLEU-4_interval"][0] <= found["BLEU-4"] <= found["BLEU-4_interval"][1]
    record_property(f"BLEU-4 of {seed + 1} corpora, furthest from sacrebleu's", furthest)


@pytest.mark.parametrize("lang", REFERENCES)
def test_a_resample_scores_as_sacrebleu_scores_its_sentences(lang):
    hypotheses, references = corpus(lang, 9)
    counts = resampled_sums(np.eye(len(references), dtype=np.int64))
    sums = resampled_sums(bleu_statistics(hypotheses, references, lang))
    for drawn, own in list(zip(counts, sums, strict=True))[:50]:
        pairs = [pair for pair, times in zip(zip(hypotheses, references, strict=True), drawn, strict=True)
                 for _ in range(times)]  # fmt: skip
        direct = BLEU(tokenize=TOKENIZERS[lang]).corpus_score([one for one, _ in pairs], [[one for _, one in pairs]])
        assert bleu_of(own) == direct.score


def test_what_it_was_computed_with_is_told():
    found = translation_bleu(["Ein Hund läuft im Park.", " "], ["Ein Hund läuft im Park.", "Eine Katze"], "de")
    assert (found["items"], found["empty"], found["tokenizer"]) == (2, 1, "13a")
    assert found["signature"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")


def test_variants_of_a_language_have_its_tokenizer():
    assert [tokenizer_name(lang) for lang in ("zh-TW", "yue", "my", "ko", "pt-BR")] == [
        "zh", "char", "char", "13a", "13a",
    ]  # fmt: skip


@pytest.mark.parametrize(("hypothesis", "value"), [("", 0.0), ("two dogs run in a park", 100.0)])
def test_one_item(hypothesis, value):
    found = translation_bleu([hypothesis], ["two dogs run in a park"], "en")
    assert found["BLEU-4"] == pytest.approx(value)
    assert found["BLEU-4_interval"] == [found["BLEU-4"]] * 2


@pytest.mark.parametrize(("hypotheses", "references"), [(["a"], ["a", "b"]), (["a", "b"], ["a"]), ([], [])])
def test_numbers_that_differ_and_an_empty_corpus_are_an_error(hypotheses, references):
    with pytest.raises(InputError, match=f"{len(hypotheses)} hypotheses for {len(references)} references in 'fr'"):
        translation_bleu(hypotheses, references, "fr")
