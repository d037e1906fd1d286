"""What stands between spaces: the published look-up knows nothing else, whatever ours has found to be a word."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contract.codeswitching.compiled import compiled
from contract.codeswitching.ragged import Ints, Utf8
from contract.codeswitching.tokens import Tokens

_SPACE = 32


class Pieces(NamedTuple):
    """What stands between the spaces of a batch of captions.

    Attributes:
        alone: bool [tokens], whether a token is such a piece, with nothing before or after it.
        starts: [other pieces], first byte of each of the others in the captions' UTF-8.
        ends: [other pieces], one past its last byte.
    """

    alone: np.ndarray
    starts: Ints
    ends: Ints


def pieces_of(tokens: Tokens) -> Pieces:
    """Splits captions at spaces."""
    most = (len(tokens.utf8.data) + len(tokens.utf8.at)) // 2
    pieces = Pieces(np.zeros(len(tokens.starts), bool), np.empty(most, np.int64), np.empty(most, np.int64))
    number = _find(tokens.utf8, tokens.starts, tokens.ends, pieces)
    return Pieces(pieces.alone, pieces.starts[:number], pieces.ends[:number])


@compiled
def _find(utf8: Utf8, starts: Ints, ends: Ints, pieces: Pieces) -> int:
    """Fills in the pieces, text by text; how many there are that are no tokens."""
    number = token = 0
    for text in range(len(utf8.at) - 1):
        done, last = utf8.at[text], utf8.at[text + 1]
        while token < len(starts) and starts[token] < last:
            start, end = starts[token], ends[token]
            begins = start == utf8.at[text] or utf8.data[start - 1] == _SPACE
            if begins and (end == last or utf8.data[end] == _SPACE):
                pieces.alone[token] = True
                number = _find_between(utf8.data, done, start, pieces, number)
                done = end
            token += 1
        number = _find_between(utf8.data, done, last, pieces, number)
    return number


@compiled
def _find_between(data: np.ndarray, place: int, last: int, pieces: Pieces, number: int) -> int:
    """Fills in the pieces of a stretch without tokens that stand alone, after ``number`` others."""
    while place < last:
        start = place
        while place < last and data[place] != _SPACE:
            place += 1
        if place > start:
            pieces.starts[number], pieces.ends[number] = start, place
            number += 1
        place += 1
    return number
