"""What stands between spaces: the published look-up knows nothing else, whatever ours has found to be a word."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contract.codeswitching.compiled import compiled
from contract.codeswitching.ragged import Ints
from contract.codeswitching.tokens import Tokens

_SPACE = 32


class Pieces(NamedTuple):
    """What stands between the spaces of a batch of captions.

    Attributes:
        alone: bool [tokens], whether a token is such a piece, with nothing before or after it.
        starts: [other pieces], first character of each of the others in the joined text.
        ends: [other pieces], one past its last character.
    """

    alone: np.ndarray
    starts: Ints
    ends: Ints


def pieces_of(tokens: Tokens) -> Pieces:
    """Splits captions at spaces."""
    most = (len(tokens.codes) + len(tokens.text_offsets)) // 2
    pieces = Pieces(np.zeros(len(tokens.starts), bool), np.empty(most, np.int64), np.empty(most, np.int64))
    number = _find(tokens.codes, tokens.text_offsets, tokens.starts, tokens.ends, pieces)
    return Pieces(pieces.alone, pieces.starts[:number], pieces.ends[:number])


@compiled
def _find(codes: np.ndarray, text_offsets: Ints, starts: Ints, ends: Ints, pieces: Pieces) -> int:
    """Fills in the pieces, text by text; how many there are that are no tokens."""
    number = token = 0
    for text in range(len(text_offsets) - 1):
        done, last = text_offsets[text], text_offsets[text + 1]
        while token < len(starts) and starts[token] < last:
            start, end = starts[token], ends[token]
            begins = start == text_offsets[text] or codes[start - 1] == _SPACE
            if begins and (end == last or codes[end] == _SPACE):
                pieces.alone[token] = True
                number = _find_between(codes, done, start, pieces, number)
                done = end
            token += 1
        number = _find_between(codes, done, last, pieces, number)
    return number


@compiled
def _find_between(codes: np.ndarray, place: int, last: int, pieces: Pieces, number: int) -> int:
    """Fills in the pieces of a stretch without tokens that stand alone, after ``number`` others."""
    while place < last:
        start = place
        while place < last and codes[place] != _SPACE:
            place += 1
        if place > start:
            pieces.starts[number], pieces.ends[number] = start, place
            number += 1
        place += 1
    return number
