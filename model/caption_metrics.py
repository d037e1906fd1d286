"""BLEU-4 and CIDEr as the caption literature computes them, over token lists.

Written on the standard library alone: a GPU machine may lack the packages that hold them. The tests compare both with
pycocoevalcap's to 1e-6.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

Tokens: TypeAlias = Sequence[str]
NGrams: TypeAlias = Counter[tuple[str, ...]]
ORDER = 4
_SIGMA = 6.0  # width of CIDEr's penalty on a difference of lengths, in bigrams
_TINY, _SMALL = 1e-15, 1e-9  # what the literature's BLEU adds to counts, so that nothing is divided by zero


def ngrams(tokens: Tokens, order: int) -> NGrams:
    """How often each n-gram of one order occurs."""
    return Counter(tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1))


def bleu_statistics(hypothesis: Tokens, references: Sequence[Tokens]) -> list[int]:
    """An item's part in BLEU-4, ten numbers: matches and n-grams of each order, its length, the closest reference's.

    Args:
        hypothesis: the item's tokens.
        references: the tokens of its references, one or more.
    """
    return [
        *(_clipped_matches(hypothesis, references, order) for order in range(1, ORDER + 1)),
        *(max(0, len(hypothesis) - order + 1) for order in range(1, ORDER + 1)),
        len(hypothesis), _closest_length(hypothesis, references),
    ]  # fmt: skip


def bleu4_of(sums: Sequence[int]) -> float:
    """Corpus BLEU-4, from 0 to 1, of the sums of the items' statistics; 0 where there is no hypothesis."""
    *counts, length, target = sums
    if not length or not target:
        return 0.0
    log_precision = sum(
        math.log((found + _TINY) / (possible + _SMALL)) / ORDER
        for found, possible in zip(counts[:ORDER], counts[ORDER:], strict=True)
    )
    ratio = (length + _TINY) / (target + _SMALL)
    return math.exp(log_precision + min(0.0, 1 - 1 / ratio))


def _closest_length(hypothesis: Tokens, references: Sequence[Tokens]) -> int:
    return min((abs(len(one) - len(hypothesis)), len(one)) for one in references)[1]


def _clipped_matches(hypothesis: Tokens, references: Sequence[Tokens], order: int) -> int:
    most: NGrams = Counter()
    for reference in references:
        most |= ngrams(reference, order)
    return (ngrams(hypothesis, order) & most).total()


def cider_scores(hypotheses: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> list[float]:
    """CIDEr of each item, in the form with clipped counts and a length penalty; a corpus has the mean of its items.

    Args:
        hypotheses: one token list an item.
        references: the item's references, one or more; they are also the corpus in which n-grams are weighed.

    Returns:
        One score an item, from 0 to 10 (a tenth of that is often called 100 %).
    """
    scores = [0.0] * len(references)
    for order in range(1, ORDER + 1):
        seen = Counter(gram for several in references for gram in {g for one in several for g in ngrams(one, order)})
        idf = {gram: math.log(len(references) / count) for gram, count in seen.items()}
        for item, (hypothesis, several) in enumerate(zip(hypotheses, references, strict=True)):
            scores[item] += 10.0 / ORDER * _mean_similarity(hypothesis, several, order, idf, math.log(len(references)))
    return scores


def _mean_similarity(
    hypothesis: Tokens, references: Sequence[Tokens], order: int, idf: dict[tuple[str, ...], float], unseen: float
) -> float:
    ours = _weighed(hypothesis, order, idf, unseen)
    total = 0.0
    for reference in references:
        theirs = _weighed(reference, order, idf, unseen)
        # The length that counts is that in bigrams.
        difference = max(0, len(hypothesis) - 1) - max(0, len(reference) - 1)
        total += _clipped_cosine(ours, theirs) * math.exp(-(difference**2) / (2 * _SIGMA**2))
    return total / len(references)


def _weighed(tokens: Tokens, order: int, idf: dict[tuple[str, ...], float], unseen: float) -> dict[tuple, float]:
    return {gram: count * idf.get(gram, unseen) for gram, count in ngrams(tokens, order).items()}


def _clipped_cosine(ours: dict[tuple, float], theirs: dict[tuple, float]) -> float:
    product = sum(min(weight, theirs[gram]) * theirs[gram] for gram, weight in ours.items() if gram in theirs)
    norms = math.hypot(*ours.values()) * math.hypot(*theirs.values())
    return product / norms if norms else product
