"""Where the objects of a scene stand: beside each other, with at least one relation that clearly holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

from contract.hashing import stable_hash
from pipelines.scenes.content import Content
from pipelines.scenes.drawing.sketches import Sketch, sketch
from pipelines.scenes.relations import Box, relations

MAX_IOU = 0.04  # of two objects' boxes
_MAX_COVERED = 0.12  # share of an object's box that another's may cover
_EDGE = 3  # px that stay free around the picture
_PLACES = 60  # tries for one object before the whole scene is laid out anew
_LAYOUTS = 500


@dataclass(frozen=True)
class Layout:
    """A scene whose objects have places.

    Attributes:
        width: px.
        height: px.
        sketches: its objects, in the order of its content.
        corners: upper left corner of each, in px.
    """

    width: int
    height: int
    sketches: tuple[Sketch, ...]
    corners: tuple[tuple[int, int], ...]


def lay_out(content: Content, shortest: int, longest: int, seed: int) -> Layout:
    """Finds places for all objects.

    Args:
        content: what is in the scene.
        shortest: least side of the picture in px.
        longest: greatest side of the picture in px.
        seed: the job's seed.
    """
    for attempt in range(_LAYOUTS):
        draw = Random(stable_hash(seed, "layout", content.scene_id, attempt))
        width, height = draw.randint(shortest, longest), draw.randint(shortest, longest)
        sketches = tuple(sketch(thing, sqrt(width * height), draw) for thing in content.things)
        boxes = _places(sketches, width, height, draw)
        if boxes and relations(boxes, width, height):
            return Layout(width, height, sketches, tuple((int(box[0]), int(box[1])) for box in boxes))
    raise RuntimeError(f"{content.scene_id} found no room for its objects in {_LAYOUTS} layouts")


def _places(sketches: Sequence[Sketch], width: int, height: int, draw: Random) -> list[Box]:
    """A box for each sketch, or nothing where one finds no room."""
    boxes: dict[int, Box] = {}
    for number in sorted(range(len(sketches)), key=lambda i: -sketches[i].width * sketches[i].height):
        one = sketches[number]
        if one.width + 2 * _EDGE > width or one.height + 2 * _EDGE > height:
            return []
        for _ in range(_PLACES):
            x = draw.randint(_EDGE, width - _EDGE - one.width)
            y = draw.randint(_EDGE, height - _EDGE - one.height)
            box = (float(x), float(y), float(x + one.width), float(y + one.height))
            if all(_apart(box, other) for other in boxes.values()):
                boxes[number] = box
                break
        else:
            return []
    return [boxes[number] for number in range(len(sketches))]


def _apart(first: Box, second: Box) -> bool:
    common = overlap(first, second)
    smaller = min(_area(first), _area(second))
    return common <= _MAX_COVERED * smaller and common <= MAX_IOU * (_area(first) + _area(second) - common)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(first: Box, second: Box) -> float:
    """The area that two boxes share, in px²."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(0.0, width) * max(0.0, height)
