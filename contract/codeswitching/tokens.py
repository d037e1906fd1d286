"""Where the words of captions are: punctuation detached, character offsets kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from contract.codeswitching.compiled import compiled
from contract.codeswitching.ragged import Ints, Utf8, utf8_of

_WORD, _SPACE, _APOSTROPHE, _HYPHEN, _FULL_STOP, _UPPER, _CASED = 1, 2, 4, 8, 16, 32, 64
_UNKNOWN = 255
_ASCII = 0x80  # code points, each of which is one byte


_CLASSES = np.full(0x110000, _UNKNOWN, np.uint8)  # of code points, found out when one is first met


def _learn(text: str) -> None:
    """Finds out the classes of all characters of a text."""
    for character in set(text):
        _CLASSES[ord(character)] = _class_of(character)


def _class_of(character: str) -> int:
    if character in "'’ʼ＇":  # the third is a letter to Unicode
        return _APOSTROPHE
    category = unicodedata.category(character)
    if category[0] in "LMN":
        return _WORD | (_UPPER if category in ("Lu", "Lt") else 0) | (_CASED if category in ("Lu", "Lt", "Ll") else 0)
    if character == " ":
        return _SPACE
    if character in "-‐‑":
        return _HYPHEN
    return _FULL_STOP if character in ".!?…" else 0


@dataclass(frozen=True)
class Tokens:
    """The tokens of a batch of captions.

    Attributes:
        utf8: the captions.
        starts: [tokens], the first byte of each token in ``utf8``.
        ends: [tokens], one past its last byte.
        first_characters: [tokens], its first character, counted in its own caption.
        end_characters: [tokens], one past its last character.
        captions: [tokens], the caption in which it stands.
        opens_sentence: [tokens], whether it is the first token of a sentence and begins with a capital.
        bonds: [tokens + 1], whether a hyphen joins a token to the one before it, and one of the two is a single letter:
            neither part of "t-shirt" is a word by itself.
    """

    utf8: Utf8
    starts: Ints
    ends: Ints
    first_characters: Ints
    end_characters: Ints
    captions: Ints
    opens_sentence: np.ndarray
    bonds: np.ndarray

    def text(self, first: int, last: int) -> str:
        """What stands in a caption from one token to another, the last one too."""
        return self.utf8.data[self.starts[first] : self.ends[last]].tobytes().decode()


class _Found(NamedTuple):
    """Room for what is found, one place a token, as in ``Tokens``."""

    starts: Ints
    ends: Ints
    first_characters: Ints
    end_characters: Ints
    captions: Ints
    opens_sentence: np.ndarray
    bonds: np.ndarray


def tokenize(texts: Sequence[str] | pa.StringArray, by_spaces: bool = False) -> Tokens:
    """Finds the tokens of a batch.

    A token is a run of letters, marks and digits, with apostrophes inside it.

    Args:
        texts: the captions.
        by_spaces: a token is whatever stands between spaces, punctuation and all, as in the published code; then
            none opens a sentence and none is joined to another.
    """
    utf8 = utf8_of(texts)
    most = (len(utf8.data) + len(utf8.at)) // 2  # a token a letter, and after each something that is none
    starts, ends, first_characters, end_characters, captions = (np.empty(most, np.int32) for _ in range(5))
    found = _Found(
        starts, ends, first_characters, end_characters, captions, np.zeros(most, bool), np.zeros(most + 1, bool)
    )
    number = _find(utf8, _CLASSES, by_spaces, found)
    if number < 0:
        _learn(utf8.data.tobytes().decode())
        number = _find(utf8, _CLASSES, by_spaces, found)
    return Tokens(
        utf8, starts[:number], ends[:number], first_characters[:number], end_characters[:number], captions[:number],
        found.opens_sentence[:number], np.append(found.bonds[:number], False),
    )  # fmt: skip


@compiled
def _find(utf8: Utf8, classes: np.ndarray, by_spaces: bool, found: _Found) -> int:
    """Finds the tokens, character by character; how many there are, or -1 where a character has no class yet."""
    number, data = 0, utf8.data
    for text in range(len(utf8.at) - 1):
        place, last, character = utf8.at[text], utf8.at[text + 1], 0
        inside, opening, letter, before, end, opener = False, True, False, 0, -2, 0
        while place < last:
            kind, size = _class_at(data, place, classes)
            of_token = kind & _SPACE == 0 if by_spaces else kind & _WORD != 0
            following = kind
            if inside and kind & _APOSTROPHE != 0 and place < last - size and not by_spaces:
                following, _ = _class_at(data, place + size, classes)
                of_token = following & _WORD != 0
            if kind == _UNKNOWN or following == _UNKNOWN:
                return -1
            if of_token and not inside:
                inside, opener = True, kind
                found.starts[number], found.first_characters[number], found.captions[number] = place, character, text
                found.opens_sentence[number] = opening and kind & _UPPER != 0 and not by_spaces
                found.bonds[number] = character == end + 1 and before & _HYPHEN != 0
            elif not of_token:
                if inside:
                    letter = _end(found, number, place, character, opener, letter)
                    inside, opening, end, number = False, False, character, number + 1
                opening |= kind & _FULL_STOP != 0
                before = kind
            place, character = place + size, character + 1
        if inside:
            _end(found, number, place, character, opener, letter)
            number += 1
    return number


@compiled
def _end(found: _Found, number: int, place: int, character: int, opener: int, letter: bool) -> bool:
    """Fills in where a token ends; whether it is a single letter, as the one before it may be."""
    found.ends[number], found.end_characters[number] = place, character
    alone = character == found.first_characters[number] + 1 and opener & _CASED != 0
    found.bonds[number] &= alone or letter
    return alone


@compiled
def _class_at(data: np.ndarray, place: int, classes: np.ndarray) -> tuple[int, int]:
    """The class of the character that begins at a byte of UTF-8, and its bytes."""
    first = np.int64(data[np.uint64(place)])  # unsigned, since each index would else be looked at for being below zero
    if first < _ASCII:
        return int(classes[np.uint64(first)]), 1
    size = 2 + (first >= 0xE0) + (first >= 0xF0)
    code = first & (0x7F >> size)
    for byte in range(1, size):
        code = code << 6 | data[np.uint64(place + byte)] & 0x3F
    return int(classes[np.uint64(code)]), int(size)
