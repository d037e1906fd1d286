"""Which spatial relations clearly hold between boxes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from pipelines.scenes.scene import Relation

Box = tuple[float, float, float, float]  # x1, y1, x2, y2 in px
MARGIN = 0.2  # how far centres must lie apart, as a share of the picture's side
_STRAIGHTNESS = 1.2  # how many times farther they lie apart this way than the other


def relations(boxes: Sequence[Box], width: int, height: int) -> tuple[Relation, ...]:
    """Every relation between two boxes that clearly holds, each from both sides.

    A box is left of another if its centre lies left by a clear margin, and by more than it lies above or below.

    Args:
        boxes: of the objects, in their order.
        width: of the picture, in px.
        height: of the picture, in px.
    """
    found = []
    for first, second in permutations(range(len(boxes)), 2):
        predicate = _predicate(boxes[first], boxes[second], width, height)
        if predicate:
            found.append(Relation(first, predicate, second))
    return tuple(found)


def _predicate(box: Box, other: Box, width: int, height: int) -> str | None:
    right = (box[0] + box[2] - other[0] - other[2]) / 2
    down = (box[1] + box[3] - other[1] - other[3]) / 2
    if abs(right) >= MARGIN * width and abs(right) >= _STRAIGHTNESS * abs(down):
        return "right_of" if right > 0 else "left_of"
    if abs(down) >= MARGIN * height and abs(down) >= _STRAIGHTNESS * abs(right):
        return "below" if down > 0 else "above"
    return None
