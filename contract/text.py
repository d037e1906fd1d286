"""Text as every dataset holds it, and how it is counted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, TypeGuard

_WITHOUT_SPACES = frozenset({"ja", "km", "lo", "my", "th", "wuu", "yue", "zh"})
_MOST_MARKS = 30
_MARKS = "".join(character for number in range(0x300, 0x20000) if unicodedata.combining(character := chr(number)))
_PARTS_OF_LETTERS = "".join(c for number in range(0x300, 0x20000) if unicodedata.category(c := chr(number))[0] == "M")
# What a word is made of, as part of a regular expression's class: re's own \w lacks vowel signs.
WORD_CHARACTERS = rf"\w{_PARTS_OF_LETTERS}"
_TOO_MANY_MARKS = re.compile(f"[{_MARKS}]{{{_MOST_MARKS + 1},}}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def normal_form(form: Literal["NFC", "NFKC"], text: str) -> str:
    """A Unicode normal form, in linear time.

    Of more than 30 combining marks in a row the others are dropped: no language writes them, and to put n of them in
    order takes n² steps (the bound is that of Unicode's stream-safe text format).
    """
    return unicodedata.normalize(form, _TOO_MANY_MARKS.sub(lambda found: found[0][:_MOST_MARKS], text))


def clean_text(text: str) -> str:
    """Unicode NFC, without control characters, white space collapsed to single spaces."""
    return normal_form("NFC", " ".join(_CONTROL.sub(" ", text).split()))


def has_controls(text: str) -> bool:
    """Whether a text holds control characters other than white space."""
    return bool(_CONTROL.search(text))


def is_text(value: object) -> TypeGuard[str]:
    """Whether a value is text that a file can hold; JSON and file names can also hold half of a surrogate pair."""
    return isinstance(value, str) and printable(value) == value


def printable(text: str) -> str:
    """The text with what no file can hold written out by its number."""
    return text.encode("utf-8", "backslashreplace").decode()


def visible(text: str) -> str:
    """A text that tells a terminal nothing: what is not to be seen stands as its escape, line ends as they are."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in text.encode("utf-8", "backslashreplace").decode()
    )


def without_spaces(lang: str) -> bool:
    """Whether a language, BCP 47, is written without spaces between its words."""
    return lang.split("-")[0] in _WITHOUT_SPACES


def count_words(text: str, lang: str) -> int | None:
    """Words between white space; None for a language that is written without it."""
    return None if without_spaces(lang) else text.count(" ") + 1


def summarise_lengths(counts: Mapping[str, float]) -> dict[str, float]:
    """What a histogram of lengths says: {"5": 12, …} means that 12 texts are 5 long."""
    lengths = sorted((int(length), int(count)) for length, count in counts.items())
    total = sum(count for _, count in lengths)
    mean = sum(length * count for length, count in lengths) / total
    return {
        "mean": round(mean, 2), "median": quantile(lengths, 0.5 * total),
        "ninety_fifth_percent": quantile(lengths, 0.95 * total), "longest": lengths[-1][0],
    }  # fmt: skip


def quantile(values: Sequence[tuple[float, int]], rank: float) -> float:
    """The value at a rank, from 1, of values with their counts, the least value first."""
    passed = 0
    for value, count in values:
        passed += count
        if passed >= rank:
            return value
    return values[-1][0]
