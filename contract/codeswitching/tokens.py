"""Where the words of captions are: punctuation detached, character offsets kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from contract.codeswitching.compiled import compiled
from contract.codeswitching.ragged import Ints, Utf8, offsets_of, slices_as_strings, utf8_of

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
        """The joined texts as UTF-8, a string a character."""
        at = np.zeros(len(self.codes) + 1, np.int64)
        _add_widths(self.codes, at)
        return utf8_of(self.joined.encode(), at)

    @cached_property
    def words(self) -> pa.StringArray:
        """The tokens as strings."""
        first, last = self.utf8.at[self.starts], self.utf8.at[self.ends]
        return slices_as_strings(self.utf8.data, first, last, np.arange(len(first)))


class _Found(NamedTuple):
    """Room for what is found, one place a token, as in ``Tokens``."""

    starts: Ints
    ends: Ints
    captions: Ints
    opens_sentence: np.ndarray
    bonds: np.ndarray


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
    most = (len(codes) + len(texts) + 1) // 2  # a token a letter, and after each something that is none
    starts, ends, captions = np.empty((3, most), np.int64)
    found = _Found(starts, ends, captions, np.zeros(most, bool), np.zeros(most + 1, bool))
    number = _find(_classes(codes), text_offsets, by_spaces, found)
    return Tokens(
        joined, codes, text_offsets, starts[:number], ends[:number], captions[:number], found.opens_sentence[:number],
        np.append(found.bonds[:number], False),
    )  # fmt: skip


@compiled
def _add_widths(codes: np.ndarray, at: Ints) -> None:
    """Fills in where each code point begins in UTF-8, and at the end their bytes: [characters + 1], the first is 0."""
    for place in range(len(codes)):
        code = codes[place]
        at[place + 1] = at[place] + 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)


@compiled
def _find(classes: np.ndarray, text_offsets: Ints, by_spaces: bool, found: _Found) -> int:
    """Finds the tokens, text by text; how many there are."""
    number = 0
    for text in range(len(text_offsets) - 1):
        place, last = text_offsets[text], text_offsets[text + 1]
        opening, bonded, letter = True, False, False  # bonded: the token before ends at a hyphen; letter: it is one
        while place < last:
            start = place
            place = _end_of_token(classes, start, last, by_spaces)
            if place == start:
                opening |= classes[np.uint64(place)] & _FULL_STOP != 0
                place += 1
                continue
            found.starts[number], found.ends[number], found.captions[number] = start, place, text
            if not by_spaces:
                alone = place - start == 1 and classes[start] & _CASED != 0
                bonded &= classes[start - 1] & _HYPHEN != 0 and found.ends[number - 1] == start - 1
                found.bonds[number] = bonded and (alone or letter)
                found.opens_sentence[number] = opening and classes[start] & _UPPER != 0
                opening, bonded, letter = False, True, alone
            number += 1
    return number


@compiled
def _end_of_token(classes: np.ndarray, start: int, last: int, by_spaces: bool) -> int:
    """One past the last character of the token that begins at a place; the place itself where none does."""
    place = start
    while place < last:  # indices are unsigned, since each would else be looked at for being below zero
        kind = classes[np.uint64(place)]
        if by_spaces:
            inside = kind & _SPACE == 0
        elif kind & _APOSTROPHE != 0:
            inside = start < place < last - 1 and classes[np.uint64(place + 1)] & _WORD != 0
        else:
            inside = kind & _WORD != 0
        if not inside:
            break
        place += 1
    return place
