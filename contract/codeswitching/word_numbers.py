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

    Args:
        number_of: gives a word's number, always the same.
    """

    def __init__(self, number_of: Callable[[str], int]) -> None:
        self._number_of = number_of
        self._words: dict[str, int] = {}
        self._held = _held_of(self._words)

    def of(self, tokens: Tokens) -> Ints:
        """The number of each token, int64 [tokens]."""
        numbers = np.empty(len(tokens.starts), np.int64)
        _find(tokens.codes, tokens.starts, tokens.ends, self._held, numbers)
        for token in np.flatnonzero(numbers < 0).tolist():
            word = tokens.joined[tokens.starts[token] : tokens.ends[token]]
            numbers[token] = self._words[word] = self._number_of(word)
        if len(self._words) > len(self._held.numbers) * 9 // 8:
            self._held = _held_of(self._words)
        return numbers


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
def _find(codes: np.ndarray, starts: Ints, ends: Ints, held: _Held, numbers: Ints) -> None:
    """Fills in the number of each token, or -1 where the table does not hold it."""
    for token in range(len(starts)):
        start, end = starts[token], ends[token]
        slot = _first_slot(codes, start, end, held)
        while held.slots[slot] >= 0 and not _is(codes, start, end, held, held.slots[slot]):
            slot = (slot + 1) & (len(held.slots) - 1)
        word = held.slots[slot]
        numbers[token] = held.numbers[word] if word >= 0 else -1


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
