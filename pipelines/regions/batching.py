"""Which pictures wait in memory together, and which of them the detector sees together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_WINDOW = 8  # batches that are decoded and sorted by aspect ratio together
DECODED_PIXELS = 12_000_000  # a picture with more is shrunk by a whole factor, for it waits in memory with others
_WINDOW_PIXELS = 8 * DECODED_PIXELS  # a window ends before it has more; two of them are in memory
_PADDING = 0.1  # share of a batch that may be padding: the network computes over it as over pictures


def windows(rows: Sequence[dict[str, Any]], batch_size: int) -> Iterator[list[dict[str, Any]]]:
    """Rows of the dataset ``images`` in their order, as many at a time as may lie in memory as pictures.

    Args:
        rows: with their ``width`` and ``height`` in px.
        batch_size: pictures the detector sees at once.
    """
    window: list[dict[str, Any]] = []
    pixels = 0
    for row in rows:
        own = min(row["width"] * row["height"], DECODED_PIXELS)
        if window and (len(window) == _WINDOW * batch_size or pixels + own > _WINDOW_PIXELS):
            yield window
            window, pixels = [], 0
        window.append(row)
        pixels += own
    if window:
        yield window


def batches(aspects: dict[int, float], batch_size: int) -> list[list[int]]:
    """Pictures of like aspect ratio in batches.

    A detector scales pictures to one length of the shorter side and pads a batch to its highest and its widest
    picture, so a batch of upright and lying ones would be a third padding. A batch therefore ends when it is full, or
    before more than a tenth of it is padding.

    Args:
        aspects: each picture's height ÷ width, by its number.
        batch_size: pictures in a batch at most.

    Returns:
        Their numbers, from the most lying to the most upright.
    """
    made: list[list[int]] = []
    area = highest = widest = 0.0  # in squares and lengths of the shorter side
    for number in sorted(aspects, key=lambda number: (aspects[number], number)):
        high, wide = max(aspects[number], 1.0), max(1 / aspects[number], 1.0)
        highest, widest, area = max(highest, high), max(widest, wide), area + high * wide
        padded = highest * widest * (len(made[-1]) + 1) if made else 0.0
        if not made or len(made[-1]) == batch_size or area < (1 - _PADDING) * padded:
            made.append([])
            highest, widest, area = high, wide, high * wide
        made[-1].append(number)
    return made
