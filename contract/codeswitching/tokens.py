"""Where the words of captions are: punctuation detached, character offsets kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from contract.codeswitching.ragged import Ints, offsets_of, slices_as_strings

_WORD, _SPACE, _APOSTROPHE, _HYPHEN, _FULL_STOP, _UPPER, _CASED = 1, 2, 4, 8, 16, 32, 64
_UNKNOWN = 255


def _class_of(character: str) -> int:
    category = unicodedata.category(character)
    if category[0] in "LMN":
        return _WORD | (_UPPER if category in ("Lu", "Lt") else 0) | (_CASED if category in ("Lu", "Lt", "Ll") else 0)
    if character == " ":
        return _SPACE
    if character in "'’ʼ＇":
        return _APOSTROPHE
    if character in "-‐‑":
        return _HYPHEN
    return _FULL_STOP if character in ".!?…" else 0


class CharacterClasses:
    """Classes of code points, found out when a code point is first met."""

    def __init__(self) -> None:
        self._table = np.full(0x110000, _UNKNOWN, np.uint8)

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """The class of each code point, uint8, same shape."""
        classes = self._table[codes]
        new = classes == _UNKNOWN
        if new.any():
            for code in np.unique(codes[new]).tolist():
                self._table[code] = _class_of(chr(code))
            classes = self._table[codes]
        return classes


_classes = CharacterClasses()


@dataclass(frozen=True)
class Utf8:
    """The UTF-8 of the joined texts of a batch, and where each character begins in it.

    Attributes:
        data: uint8 [bytes].
        at: [characters + 1].
    """

    data: np.ndarray
    at: Ints


@dataclass(frozen=True)
class Tokens:
    """The tokens of a batch of captions, whose texts are joined without anything between them.

    Attributes:
        joined: all texts, one after the other.
        codes: its code points, uint32 [characters].
        text_offsets: [captions + 1], where each text begins in ``joined``, in characters.
        starts: [tokens], first character of each token in ``joined``.
        ends: [tokens], one past its last character.
        captions: [tokens], the caption in which it stands.
        opens_sentence: [tokens], whether it is the first token of a sentence and begins with a capital.
        bonds: [tokens + 1], whether a hyphen joins a token to the one before it, and one of the two is a single letter:
            neither part of "t-shirt" is a word by itself.
    """

    joined: str
    codes: np.ndarray
    text_offsets: Ints
    starts: Ints
    ends: Ints
    captions: Ints
    opens_sentence: np.ndarray
    bonds: np.ndarray

    @cached_property
    def utf8(self) -> Utf8:
        """The joined texts as UTF-8."""
        widths = 1 + (self.codes > 0x7F).astype(np.int64) + (self.codes > 0x7FF) + (self.codes > 0xFFFF)
        return Utf8(np.frombuffer(self.joined.encode(), np.uint8), offsets_of(widths))

    @cached_property
    def words(self) -> pa.StringArray:
        """The tokens as strings."""
        first, last = self.utf8.at[self.starts], self.utf8.at[self.ends]
        return slices_as_strings(self.utf8.data, first, last - first)


def tokenize(texts: Sequence[str], by_spaces: bool = False) -> Tokens:
    """Finds the tokens of a batch.

    A token is a run of letters, marks and digits, with apostrophes inside it.

    Args:
        texts: the captions.
        by_spaces: a token is whatever stands between spaces, punctuation and all, as in the published code; then
            none opens a sentence and none is joined to another.
    """
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    text_offsets = offsets_of(np.fromiter(map(len, texts), np.int64, len(texts)))
    classes = _classes(codes)
    begins_text = np.zeros(len(codes) + 1, bool)
    begins_text[text_offsets] = True
    in_word = classes != _SPACE if by_spaces else _in_word(classes, begins_text)
    starts = np.flatnonzero(in_word & (~_previous(in_word) | begins_text[:-1]))
    ends = np.flatnonzero(in_word & (~_next(in_word) | begins_text[1:])) + 1
    captions = np.searchsorted(text_offsets, starts, side="right") - 1
    opens, bonds = np.zeros(len(starts), bool), np.zeros(len(starts) + 1, bool)
    if not by_spaces and len(starts):
        opens = _opens_sentence(classes, starts, ends, captions)
        bonds[1:-1] = _bonds(classes, starts, ends, captions)
    return Tokens(joined, codes, text_offsets, starts, ends, captions, opens, bonds)


def _previous(flags: np.ndarray) -> np.ndarray:
    return np.concatenate([[False], flags[:-1]]) if len(flags) else flags


def _next(flags: np.ndarray) -> np.ndarray:
    return np.concatenate([flags[1:], [False]]) if len(flags) else flags


def _in_word(classes: np.ndarray, begins_text: np.ndarray) -> np.ndarray:
    word = (classes & _WORD) != 0
    between_words = _previous(word) & _next(word) & ~begins_text[:-1] & ~begins_text[1:]
    return word | ((classes == _APOSTROPHE) & between_words)


def _bonds(classes: np.ndarray, starts: Ints, ends: Ints, captions: Ints) -> np.ndarray:
    """For every token but the first, whether a hyphen alone lies before it and it or the one before is a letter."""
    letter = (ends - starts == 1) & ((classes[starts] & _CASED) != 0)
    hyphen = (starts[1:] - ends[:-1] == 1) & ((classes[ends[:-1].clip(max=len(classes) - 1)] & _HYPHEN) != 0)
    return hyphen & (captions[1:] == captions[:-1]) & (letter[1:] | letter[:-1])


def _opens_sentence(classes: np.ndarray, starts: Ints, ends: Ints, captions: Ints) -> np.ndarray:
    stops = offsets_of((classes & _FULL_STOP) != 0)  # full stops before each character
    first = np.ones(len(starts), bool)
    first[1:] = (captions[1:] != captions[:-1]) | (stops[starts[1:]] > stops[ends[:-1]])
    return first & ((classes[starts] & _UPPER) != 0)
