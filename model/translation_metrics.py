"""BLEU-4 of translations and titles, as sacrebleu computes it, with its own tokenizer for the language.

``zh``: Chinese characters by themselves, the rest as ``13a``. ``char``: every character by itself, for Japanese, Thai
and others without spaces, because sacrebleu's Japanese words need a package more. ``13a``, which is that of the
workshops on machine translation: all other languages. Letters keep their case.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contract.errors import InputError
from contract.text import without_spaces
from model.bootstrap import interval, resampled_sums

SMOOTHING = "exp"  # sacrebleu's default; it matters only where an order has no match in the whole corpus


def tokenizer_name(lang: str) -> str:
    """The sacrebleu tokenizer of a language, BCP 47: ``13a``, ``zh`` or ``char``."""
    if lang.split("-")[0] == "zh":
        return "zh"
    return "char" if without_spaces(lang) else "13a"


def translation_bleu(hypotheses: Sequence[str], references: Sequence[str], lang: str) -> dict[str, Any]:
    """Corpus BLEU-4 from 0 to 100 of plain text, one reference each.

    Args:
        hypotheses: one text an item, without marks of a tokenizer; an empty one counts as having no word.
        references: the item's reference.
        lang: the language of both, BCP 47.

    Returns:
        The value and its interval, what they were computed with (``tokenizer`` and sacrebleu's own ``signature``), the
        number of items and of empty hypotheses.

    Raises:
        InputError: where the numbers of hypotheses and references differ, or there is none.
    """
    from sacrebleu.metrics import BLEU

    if len(hypotheses) != len(references) or not references:
        raise InputError(
            f"There are {len(hypotheses):,} hypotheses for {len(references):,} references in {lang!r}.",
            "one hypothesis for each reference, and one reference at least.",
            "translate the very file whose references these are.",
        )
    corpus = BLEU(tokenize=tokenizer_name(lang), smooth_method=SMOOTHING)
    score = corpus.corpus_score(hypotheses, [references]).score
    statistics = bleu_statistics(hypotheses, references, lang)
    return {
        "BLEU-4": round(score, 2),
        "BLEU-4_interval": interval([bleu_of(sums) for sums in resampled_sums(statistics)]),
        "items": len(references),
        "empty": sum(not text.strip() for text in hypotheses),
        "tokenizer": tokenizer_name(lang),
        "signature": str(corpus.get_signature()),
    }


def bleu_statistics(hypotheses: Sequence[str], references: Sequence[str], lang: str) -> np.ndarray:
    """Each item's part in BLEU-4, int64 [items, 10]: matches and n-grams of each order, lengths of both texts."""
    from sacrebleu.metrics import BLEU

    # The effective order changes a sentence's score, which is not used, and none of its counts.
    sentence = BLEU(tokenize=tokenizer_name(lang), effective_order=True)
    found = [sentence.sentence_score(text, [reference]) for text, reference in zip(hypotheses, references, strict=True)]
    return np.array([[*one.counts, *one.totals, one.sys_len, one.ref_len] for one in found], np.int64)


def bleu_of(sums: np.ndarray) -> float:
    """BLEU-4 from 0 to 100, as sacrebleu's, of the sums of the items' statistics."""
    from sacrebleu.metrics import BLEU

    *counts, length, target = sums.tolist()
    return BLEU.compute_bleu(counts[:4], counts[4:], length, target, smooth_method=SMOOTHING).score
