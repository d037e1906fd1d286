"""The draws behind the objectives: what is masked, shuffled, dropped, zeroed or mismatched.

Every function draws from the generator that it is given and from nothing else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.data import Ints
from model.objectives import IGNORED
from model.tokenizer import BOS, EOS, PAD, UNK

Bools = NDArray[np.bool_]
_ORDINARY = UNK + 1  # the first id that is a piece


def mask_tokens(
    tokens: Ints, probability: float, mask: int, draw: np.random.Generator
) -> tuple[Ints, Ints]:  # fmt: skip
    """BERT's masking: of the chosen tokens 80 % become ``<mask>``, 10 % a random one, 10 % stay.

    Args:
        tokens: ids [B, T], padded.
        probability: share of tokens that is chosen; at least one a text.
        mask: the id of ``<mask>``, which is the vocabulary's last.
        draw: the generator.

    Returns:
        The corrupted ids and the labels, both [B, T]; IGNORED where nothing is asked.
    """
    candidates = ~np.isin(tokens, (BOS, EOS, PAD))
    chosen = _choose(candidates, probability, draw)
    fate = draw.random(tokens.shape)
    corrupted = np.where(chosen & (fate < 0.8), mask, tokens)
    random_ids = draw.integers(_ORDINARY, mask, tokens.shape)
    corrupted = np.where(chosen & (fate >= 0.8) & (fate < 0.9), random_ids, corrupted)
    return corrupted, np.where(chosen, tokens, IGNORED)


def mask_regions(real: Bools, probability: float, draw: np.random.Generator) -> tuple[Bools, Bools]:
    """Chooses regions, at least one a picture, and zeroes 90 % of them.

    Returns:
        Two masks [B, R]: the regions asked for, and those of them that are zeroed.
    """
    chosen = _choose(real, probability, draw)
    return chosen, chosen & (draw.random(real.shape) < 0.9)


def _choose(candidates: Bools, probability: float, draw: np.random.Generator) -> Bools:
    """Each candidate with a probability, and the luckiest one of a row where none would be chosen."""
    luck = np.where(candidates, draw.random(candidates.shape), np.inf)
    chosen = luck < probability
    empty = ~chosen.any(axis=1) & candidates.any(axis=1)
    chosen[empty, luck[empty].argmin(axis=1)] = True
    return chosen


def noise_text(tokens: Ints, starts_word: Bools, mask: int, draw: np.random.Generator) -> Ints:
    """XDAE's noise on one text: shuffle words within three places, drop 30 %, replace spans by one ``<mask>`` each.

    Args:
        tokens: ids of a text with both ends.
        starts_word: for each id, whether a word begins there.
        mask: the id of ``<mask>``.
        draw: the generator.

    Returns:
        The noised ids, with both ends.
    """
    inner = tokens[1:-1]
    if len(inner) == 0:
        return tokens
    words = np.split(
        inner, np.flatnonzero(starts_word[1:-1])[1:] if starts_word[1] else np.flatnonzero(starts_word[1:-1])
    )
    words = [word for word in words if len(word)]
    order = np.argsort(np.arange(len(words)) + draw.uniform(0, 3, len(words)), kind="stable")
    kept = [words[i] for i in order if draw.random() >= 0.3] or [words[order[0]]]
    return np.concatenate([[BOS], *_mask_one_span(kept, mask, draw), [EOS]]).astype(np.int64)


def _mask_one_span(words: list[Ints], mask: int, draw: np.random.Generator) -> list[Ints]:
    """Replaces a span of Poisson(3) words by one mask for every ten words or part of them; length 0 inserts one."""
    words = list(words)
    for _ in range(-(-len(words) // 10)):
        length = min(int(draw.poisson(3)), len(words))
        start = int(draw.integers(0, len(words) - length + 1))
        words[start : start + length] = [np.array([mask])]
    return words


def zero_runs(counts: Ints, width: int, share: float, draw: np.random.Generator) -> Bools:
    """DIC's noise: zeroes runs of regions of length Poisson(3) until about a share of each picture's is gone.

    Returns:
        A mask [B, width], True where a region is zeroed; never all of a picture's.
    """
    zeroed = np.zeros((len(counts), width), bool)
    for row, count in enumerate(counts):
        while count > 1 and zeroed[row].sum() < share * count:
            length = min(max(1, int(draw.poisson(3))), int(count) - 1 - int(zeroed[row].sum()))
            start = int(draw.integers(0, count - length + 1))
            zeroed[row, start : start + length] = True
            if zeroed[row, :count].all():
                zeroed[row, start] = False
                break
    return zeroed


def mismatch(
    pictures: Ints,
    pool: Ints,
    groups: Ints,
    per_pair: int,
    draw: np.random.Generator,
    alike: dict[int, Ints] | None = None,
) -> Ints:
    """Wrong pictures for captions: never the caption's own picture nor a duplicate of it.

    Args:
        pictures: the true picture of each caption [B].
        pool: pictures that wrong ones may be drawn from; of two groups at least.
        groups: for every picture, the number of its group of duplicates; wrong ones come from other groups.
        per_pair: wrong pictures for each caption.
        draw: the generator.
        alike: for a picture, others with like objects, to take hard negatives from; random ones where None.

    Returns:
        Pictures [B, per_pair].
    """
    wrong = pool[draw.integers(0, len(pool), (len(pictures), per_pair))]
    if alike is not None:
        for row, picture in enumerate(pictures):
            if len(alike[int(picture)]):
                wrong[row] = draw.choice(alike[int(picture)], per_pair)
    while (same := groups[wrong] == groups[pictures][:, None]).any():
        wrong[same] = pool[draw.integers(0, len(pool), int(same.sum()))]
    return wrong
