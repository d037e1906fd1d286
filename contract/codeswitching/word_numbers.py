"""A table from words to numbers that compiled code reads: no Python string is made of a word that it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from contract.codeswitching.compiled import compiled
from contract.codeswitching.ragged import Ints, Utf8, slices_as_strings, utf8_of
from contract.codeswitching.tokens import Tokens

_START, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15)  # any odd number of many bits does
_EIGHT = 8  # bytes that are read at once
_FEWEST_SLOTS, _SLOTS_A_WORD = 64, 3
_UNKNOWN = -1
_FEW = 2048  # tokens that the table does not hold, each of which may well be asked for in Python


class _Held(NamedTuple):
    """The words that the table holds, each in one of its slots, whose number is a power of two.

    Attributes:
        slots: [slots], the place of a word among those held; -1 where there is none.
        beginnings: uint64 [slots], its first eight bytes, which are all there is of most words.
        sizes: [slots], its bytes.
        words: the words.
        numbers: [words], the number of each.
    """

    slots: Ints
    beginnings: np.ndarray
    sizes: Ints
    words: Utf8
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
        _find(tokens.utf8.data, tokens.starts, tokens.ends, which, self._held, numbers)
        return which[numbers[which] == _UNKNOWN]

    def _learn(self, tokens: Tokens, which: Ints, numbers: Ints) -> None:
        words = slices_as_strings(tokens.utf8.data, tokens.starts, tokens.ends, which).to_pylist()
        for word in dict.fromkeys(words):
            if word not in self._words:
                self._words[word] = self._number_of(word)
        numbers[which] = [self._words[word] for word in words]


def _held_of(words: dict[str, int]) -> _Held:
    size = _FEWEST_SLOTS
    while size < _SLOTS_A_WORD * len(words):
        size *= 2
    held = _Held(
        np.full(size, -1, np.int32), np.empty(size, np.uint64), np.empty(size, np.int32), utf8_of(words),
        np.fromiter(words.values(), np.int64, len(words)),
    )  # fmt: skip
    _fill(held)
    return held


@compiled
def _fill(held: _Held) -> None:
    """Puts every word into the first free slot from that of its hash on."""
    data, at = held.words
    for word in range(len(held.numbers)):
        start, end = at[word], at[word + 1]
        slot = _first_slot(data, start, end, len(held.slots))
        while held.slots[slot] >= 0:
            slot = (slot + 1) & (len(held.slots) - 1)
        held.slots[slot], held.beginnings[slot], held.sizes[slot] = word, _eight_from(data, start, end), end - start


@compiled
def _find(data: np.ndarray, starts: Ints, ends: Ints, which: Ints, held: _Held, numbers: Ints) -> None:
    """Fills in the numbers of those of some tokens that the table holds."""
    for token in which:
        start, end = starts[token], ends[token]
        beginning = _eight_from(data, start, end)
        slot = _first_slot(data, start, end, len(held.slots))
        while held.slots[slot] >= 0 and not (
            held.beginnings[slot] == beginning
            and held.sizes[slot] == end - start
            and (end - start <= _EIGHT or _goes_on_as(data, start, end, held.words, held.slots[slot]))
        ):
            slot = (slot + 1) & (len(held.slots) - 1)
        word = held.slots[slot]
        if word >= 0:
            numbers[token] = held.numbers[word]


@compiled
def _first_slot(data: np.ndarray, start: int, end: int, slots: int) -> np.int64:
    value, place = _START, start
    while place < end:
        value = (value ^ _eight_from(data, place, end)) * _PRIME
        value ^= value >> np.uint64(32)
        place += _EIGHT
    return np.int64(value & np.uint64(slots - 1))


@compiled
def _goes_on_as(data: np.ndarray, start: int, end: int, words: Utf8, word: int) -> bool:
    """Whether a token of a word's size is that word from its ninth byte on."""
    place, other = start + _EIGHT, words.at[word] + _EIGHT
    while place < end and _eight_from(data, place, end) == _eight_from(words.data, other, words.at[word + 1]):
        place, other = place + _EIGHT, other + _EIGHT
    return place >= end


@compiled
def _eight_from(data: np.ndarray, place: int, end: int) -> np.uint64:
    """Eight bytes as a number, those from ``end`` on as zeros; the compiler reads them at once."""
    value = np.uint64(0)
    for number in range(_EIGHT):
        value |= np.uint64(data[np.uint64(place + number)]) << np.uint64(8 * number)
    beyond = max(0, place + _EIGHT - end)
    return value & (np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(8 * beyond))
