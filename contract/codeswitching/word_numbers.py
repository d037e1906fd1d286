"""A table from words to numbers that compiled code reads: no Python string is made of a word that it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from contract.codeswitching.compiled import compiled
from contract.codeswitching.ragged import Ints, offsets_of
from contract.codeswitching.tokens import Tokens

_FNV_START, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a, by code point
_FEWEST_SLOTS, _SLOTS_A_WORD = 64, 3
_UNKNOWN = -1
_FEW = 2048  # tokens that the table does not hold, each of which may well be asked for in Python


class _Held(NamedTuple):
    """The words that the table holds.

    Attributes:
        slots: [power of two], the place of a word among those held; -1 where there is none.
        codes: uint32 [characters], their code points, word after word.
        offsets: [words + 1], where each begins.
        numbers: [words], the number of each.
    """

    slots: Ints
    codes: np.ndarray
    offsets: Ints
    numbers: Ints


class WordNumbers:
    """The numbers of tokens. New words are gathered, and taken into the table when they are many beside those it holds.

    Of many unknown tokens the first ones are taken in before the others are looked for again: most are the same words.

    Args:
        number_of: gives a word's number, always the same.
    """

    def __init__(self, number_of: Callable[[str], int]) -> None:
        self._number_of = number_of
        self._words: dict[str, int] = {}
        self._held = _held_of(self._words)

    def of(self, tokens: Tokens) -> Ints:
        """The number of each token, int64 [tokens]."""
        numbers = np.full(len(tokens.starts), _UNKNOWN)
        unknown = self._look_up(tokens, np.arange(len(numbers)), numbers)
        while len(unknown) > _FEW:
            first, others = np.split(unknown, [max(_FEW, len(self._words))])
            self._learn(tokens, first, numbers)
            self._held = _held_of(self._words)
            unknown = self._look_up(tokens, others, numbers)
        self._learn(tokens, unknown, numbers)
        if len(self._words) > len(self._held.numbers) * 9 // 8:
            self._held = _held_of(self._words)
        return numbers

    def _look_up(self, tokens: Tokens, which: Ints, numbers: Ints) -> Ints:
        """Fills in the numbers of some tokens from the table; those that it does not hold."""
        _find(tokens.codes, tokens.starts, tokens.ends, which, self._held, numbers)
        return which[numbers[which] == _UNKNOWN]

    def _learn(self, tokens: Tokens, which: Ints, numbers: Ints) -> None:
        starts, ends = tokens.starts[which].tolist(), tokens.ends[which].tolist()
        words = [tokens.joined[start:end] for start, end in zip(starts, ends, strict=True)]
        for word in dict.fromkeys(words):
            if word not in self._words:
                self._words[word] = self._number_of(word)
        numbers[which] = [self._words[word] for word in words]


def _held_of(words: dict[str, int]) -> _Held:
    size = _FEWEST_SLOTS
    while size < _SLOTS_A_WORD * len(words):
        size *= 2
    codes = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
    offsets = offsets_of(np.fromiter(map(len, words), np.int64, len(words)))
    held = _Held(np.full(size, -1), codes, offsets, np.fromiter(words.values(), np.int64, len(words)))
    _fill(held)
    return held


@compiled
def _fill(held: _Held) -> None:
    """Puts every word into the first free slot from that of its hash on."""
    for word in range(len(held.numbers)):
        slot = _first_slot(held.codes, held.offsets[word], held.offsets[word + 1], held)
        while held.slots[slot] >= 0:
            slot = (slot + 1) & (len(held.slots) - 1)
        held.slots[slot] = word


@compiled
def _find(codes: np.ndarray, starts: Ints, ends: Ints, which: Ints, held: _Held, numbers: Ints) -> None:
    """Fills in the numbers of those of some tokens that the table holds."""
    for token in which:
        start, end = starts[token], ends[token]
        slot = _first_slot(codes, start, end, held)
        while held.slots[slot] >= 0 and not _is(codes, start, end, held, held.slots[slot]):
            slot = (slot + 1) & (len(held.slots) - 1)
        word = held.slots[slot]
        if word >= 0:
            numbers[token] = held.numbers[word]


@compiled
def _first_slot(codes: np.ndarray, start: int, end: int, held: _Held) -> np.int64:
    value = _FNV_START
    for place in range(start, end):
        value = (value ^ np.uint64(codes[np.uint64(place)])) * _FNV_PRIME
    return np.int64((value ^ (value >> np.uint64(32))) & np.uint64(len(held.slots) - 1))


@compiled
def _is(codes: np.ndarray, start: int, end: int, held: _Held, word: int) -> bool:
    """Whether a token is a word of the table."""
    first = held.offsets[word]
    if held.offsets[word + 1] - first != end - start:
        return False
    same = 0
    while same < end - start and codes[start + same] == held.codes[first + same]:
        same += 1
    return same == end - start
