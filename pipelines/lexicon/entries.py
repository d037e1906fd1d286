"""What a dictionary's reader yields: pairs, or lines that it could not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Pair(NamedTuple):
    """One translation as it stands in a dictionary.

    Attributes:
        place: line number, or number of the entry in TEI, from 1.
        source: the English side.
        target: the other side.
        lang: language of the target; empty where the file's name tells it.
        score: how good the dictionary says the translation is, positive; None where it does not say, NaN where what it
            says is no positive number.
    """

    place: int
    source: str
    target: str
    lang: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Malformed:
    """A line that cannot be read: its number, and what is wrong with it."""

    place: int
    message: str
