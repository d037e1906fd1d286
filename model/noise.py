"""The draws behind the objectives: what is masked, shuffled, dropped or zeroed, for a whole batch at a time.

Every function draws from the generator that it is given and from nothing else. Shape suffixes: B batch, T tokens, R
regions, W words, K runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.text import without_spaces
from model.data import Ints, Texts
from model.tokenizer import BOS, EOS, PAD, UNK, Tokenizer

Bools = NDArray[np.bool_]
_ORDINARY = UNK + 1  # the first id that is a piece
_SHUFFLE = 3  # xDAE adds U(0, 3) to a word's place
_DROPPED = 0.3  # share of the words that xDAE drops
_RUN = 3  # mean length of a run of words or regions
_PER_RUN = 10  # words or regions to a run: with a mean of 3 it takes 30 %, as much as dropping does


def mask_tokens(
    tokens_BT: Ints, probability: float, mask: int, draw: np.random.Generator
) -> tuple[Ints, Bools]:  # fmt: skip
    """BERT's masking: of the chosen tokens 80 % become ``<mask>``, 10 % a random one, 10 % stay.

    Candidates are all tokens but ``<s>``, ``</s>`` and padding. Each is chosen with the probability; a text where none
    is gets one of them, all with equal chance, so that no text is seen for nothing. With n candidates the share chosen
    is therefore p + (1 - p)ⁿ / n: at p = 0.15 it is 17.0 % for 10 of them and 15.2 % for 20.

    Args:
        tokens_BT: ids, padded.
        probability: of a candidate to be chosen.
        mask: the id of ``<mask>``, which is the vocabulary's last.
        draw: the generator.

    Returns:
        The corrupted ids, and where the true ones are asked for; a text without candidates is asked for nothing.
    """
    candidates_BT = ~np.isin(tokens_BT, (BOS, EOS, PAD))
    chosen_BT = _choose(candidates_BT, probability, draw)
    fate_BT = draw.random(tokens_BT.shape)
    corrupted_BT = np.where(chosen_BT & (fate_BT < 0.8), mask, tokens_BT)
    random_BT = draw.integers(_ORDINARY, mask, tokens_BT.shape)
    return np.where(chosen_BT & (fate_BT >= 0.8) & (fate_BT < 0.9), random_BT, corrupted_BT), chosen_BT


def mask_regions(real_BR: Bools, probability: float, draw: np.random.Generator) -> tuple[Bools, Bools]:
    """Chooses regions as ``mask_tokens`` does tokens, at least one a picture, and zeroes 90 % of them.

    Returns:
        Two masks [B, R]: the regions asked for, and those of them that are zeroed.
    """
    chosen_BR = _choose(real_BR, probability, draw)
    return chosen_BR, chosen_BR & (draw.random(real_BR.shape) < 0.9)


def _choose(candidates: Bools, probability: float, draw: np.random.Generator) -> Bools:
    """Each candidate with a probability, and the luckiest one of a row where none would be chosen."""
    luck = np.where(candidates, draw.random(candidates.shape), np.inf)
    chosen = luck < probability
    empty = np.flatnonzero(~chosen.any(axis=1) & candidates.any(axis=1))
    if len(empty):
        chosen[empty, luck[empty].argmin(axis=1)] = True
    return chosen


class Words(NamedTuple):
    """The words of several texts, in the order of the texts.

    Attributes:
        text_W: the number of each word's text.
        first_W: where it begins in the joined pieces of all texts.
        length_W: how many pieces it has.
    """

    text_W: Ints
    first_W: Ints
    length_W: Ints

    def of(self, rows: Ints | Bools) -> Words:
        """Some of the words."""
        return Words(self.text_W[rows], self.first_W[rows], self.length_W[rows])


def word_starts(tokenizer: Tokenizer) -> Bools:
    """For each id of a tokenizer, whether a word begins with it."""
    return np.array([tokenizer.starts_word(token) for token in range(tokenizer.vocabulary)])


def noised(texts: Texts, starts_word: Bools, mask: int, longest: int, draw: np.random.Generator) -> list[Ints]:
    """XDAE's noised form of each text, as long as the network can read.

    What is shuffled, dropped and masked are words. Nothing marks them in languages that are written without spaces:
    there every piece is one.

    Args:
        texts: the texts.
        starts_word: ``word_starts`` of their tokenizer.
        mask: the id of ``<mask>``.
        longest: tokens that a text may have, both ends included.
        draw: the generator.
    """
    starts = [
        np.ones(len(tokens), bool) if without_spaces(lang) else starts_word[tokens]
        for tokens, lang in zip(texts.tokens, texts.languages, strict=True)
    ]
    found = noise_texts(texts.tokens, starts, mask, draw)
    return [np.append(one[: longest - 1], one[-1]) if len(one) > longest else one for one in found]


def noise_texts(
    tokens: Sequence[Ints], starts_word: Sequence[Bools], mask: int, draw: np.random.Generator
) -> list[Ints]:  # fmt: skip
    """XDAE's noise: shuffles words, drops 30 % of them, and replaces spans of the others by one ``<mask>`` each.

    Args:
        tokens: ids of each text, with both ends.
        starts_word: for each id, whether a word begins there; a text's first piece always begins one.
        mask: the id of ``<mask>``.
        draw: the generator.

    Returns:
        The noised ids of each text, with both ends. An empty text stays empty.
    """
    pieces_B = np.array([len(one) - 2 for one in tokens])
    begins = np.concatenate([one[1:-1] for one in starts_word])
    begins[(np.cumsum(pieces_B) - pieces_B)[pieces_B > 0]] = True
    first_W = np.flatnonzero(begins)
    text_W = np.repeat(np.arange(len(tokens)), pieces_B)[first_W]
    words = Words(text_W, first_W, np.diff(first_W, append=len(begins)))
    left = drop_words(shuffle_words(words, draw), draw)
    return mask_spans(left, np.concatenate([one[1:-1] for one in tokens]), len(tokens), mask, draw)


def shuffle_words(words: Words, draw: np.random.Generator) -> Words:
    """The words of each text by index + U(0, 3), re-sorted: no word moves by more than two places."""
    places_W = _within(words.text_W) + draw.uniform(0, _SHUFFLE, len(words.text_W))
    return words.of(np.lexsort((places_W, words.text_W)))


def drop_words(words: Words, draw: np.random.Generator) -> Words:
    """Each word with a chance of 70 %, and the first of a text where none would be left."""
    kept_W = draw.random(len(words.text_W)) >= _DROPPED
    any_kept_B = np.bincount(words.text_W, kept_W) > 0
    return words.of(kept_W | ((_within(words.text_W) == 0) & ~any_kept_B[words.text_W]))


def mask_spans(words: Words, pieces: Ints, texts: int, mask: int, draw: np.random.Generator) -> list[Ints]:
    """Replaces spans of words by one ``<mask>`` each: one span for every ten words of a text, or part of them.

    A span is Poisson(3) words long, cut where the text has no more of them; one of length 0 inserts a ``<mask>``. Spans
    never overlap.

    Args:
        words: the words, each text's in their order.
        pieces: the joined ids that the words point into.
        texts: how many texts there are, some of which may have no word.
        mask: the id of ``<mask>``.
        draw: the generator.

    Returns:
        The ids of each text, with both ends.
    """
    counts_B = np.bincount(words.text_W, minlength=texts)
    starts_BK, lengths_BK, there_BK = _runs(counts_B, -(-counts_B // _PER_RUN), counts_B, draw)
    places_W = _within(words.text_W)
    seen_W = ~_covered(starts_BK, lengths_BK, there_BK, counts_B.max(initial=0))[words.text_W, places_W]
    spans_S, each_B = np.nonzero(there_BK)[0], np.arange(texts)

    # A text is words, masks and both ends, put in order: a mask stands before the word at which its span begins.
    ids = np.concatenate([pieces, [mask, BOS, EOS]])
    place = np.concatenate(
        [2 * places_W[seen_W] + 1, 2 * starts_BK[there_BK], np.full(texts, -1), 2 * counts_B + 2]
    )  # fmt: skip
    text = np.concatenate([words.text_W[seen_W], spans_S, each_B, each_B])
    parts = Words(
        text,
        np.concatenate([words.first_W[seen_W], len(pieces) + np.repeat([0, 1, 2], [len(spans_S), texts, texts])]),
        np.concatenate([words.length_W[seen_W], np.ones(len(spans_S) + 2 * texts, np.int64)]),
    ).of(np.lexsort((place, text)))
    ends_N = np.cumsum(parts.length_W)
    taken = np.repeat(parts.first_W - ends_N + parts.length_W, parts.length_W) + np.arange(ends_N[-1])
    last_of_text = np.searchsorted(parts.text_W, each_B, side="right") - 1
    return np.split(ids[taken], ends_N[last_of_text][:-1])


def zero_runs(counts_B: Ints, width: int, draw: np.random.Generator) -> Bools:
    """DIC's noise: zeroes runs of regions of length Poisson(3).

    The paper does not say how many runs. A picture gets one for every ten regions, and for those left over one more
    with a tenth of chance each: so 30 % of the regions are zeroed on average, as much as xDAE hides of a text's words,
    in pictures of any size. A run of length 0 zeroes nothing; runs do not overlap, but may touch. One region at least
    is left of every picture, since a caption cannot be foretold from nothing: runs are cut where they would take all.

    Args:
        counts_B: how many regions each picture has.
        width: R, to which pictures are padded.
        draw: the generator.

    Returns:
        A mask [B, R], True where a region is zeroed.
    """
    runs_B = np.floor(counts_B / _PER_RUN + draw.random(len(counts_B))).astype(np.int64)
    return _covered(*_runs(counts_B, runs_B, np.maximum(counts_B - 1, 0), draw), width)


def _runs(counts_B: Ints, runs_B: Ints, most_B: Ints, draw: np.random.Generator) -> tuple[Ints, Ints, Bools]:
    """Places runs of length Poisson(3) in rows of words or regions, without overlap, all arrangements alike.

    Args:
        counts_B: length of each row.
        runs_B: its number of runs.
        most_B: how much of it its runs cover at most; those beyond are cut.
        draw: the generator.

    Returns:
        Starts and lengths of the runs and which are there, all [B, K].
    """
    number_K = np.arange(runs_B.max(initial=0))
    there_BK = number_K < runs_B[:, None]
    wished_BK = np.where(there_BK, draw.poisson(_RUN, there_BK.shape), 0)
    ends_BK = np.minimum(wished_BK.cumsum(axis=1), most_B[:, None])
    lengths_BK = np.diff(ends_BK, prepend=0, axis=1)
    # A row is laid out as slots: each run takes one, whatever its length, and each uncovered position another.
    slots_B = counts_B - lengths_BK.sum(axis=1) + runs_B
    luck = draw.random((len(counts_B), slots_B.max(initial=0)))
    luck[np.arange(luck.shape[1]) >= slots_B[:, None]] = np.inf
    taken_BK = np.argsort(luck, axis=1)[:, : len(number_K)]
    taken_BK = np.sort(np.where(there_BK, taken_BK, luck.shape[1]), axis=1)
    starts_BK = taken_BK - number_K + ends_BK - lengths_BK
    return np.where(there_BK, starts_BK, 0), lengths_BK, there_BK


def _covered(starts_BK: Ints, lengths_BK: Ints, there_BK: Bools, width: int) -> Bools:
    """Which positions of rows of this width lie in a run."""
    steps = np.zeros((len(starts_BK), width + 1), np.int64)
    rows = np.broadcast_to(np.arange(len(starts_BK))[:, None], starts_BK.shape)
    np.add.at(steps, (rows, starts_BK), there_BK)
    np.add.at(steps, (rows, starts_BK + lengths_BK), -there_BK.astype(np.int64))
    return steps.cumsum(axis=1)[:, :width] > 0


def _within(group: Ints) -> Ints:
    """Each item's number among those of its group; groups are sorted."""
    return np.arange(len(group)) - np.searchsorted(group, group)
