"""Pictures with what the detector found in them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contract.errors import InputError
from reports.page.numbers import score, short
from reports.page.pictures import Picture, Pictures
from reports.page.sources import Nothing, Sources, sampled

_COLUMNS = ("image_id", "num_regions", "boxes", "width", "height", "object_ids", "object_scores", "detector")
_LINE, _LETTER = 4.6, 2.9  # of a label, in percent of the width: its height, and how wide a letter may be


@dataclass(frozen=True)
class Box:
    """A region, in px of the original.

    Attributes:
        x: its left edge.
        y: its upper edge.
        width: its width.
        height: its height.
        label: its class's name.
        number: its class's number.
        score: its probability.
        text: the label as it is drawn, and where it begins on its base line.
    """

    x: float
    y: float
    width: float
    height: float
    label: str
    number: int
    score: float
    text: tuple[str, float, float] = ("", 0.0, 0.0)


@dataclass(frozen=True)
class Overlay:
    """A picture with its likeliest regions; ``width`` and ``height`` are the original's, in px."""

    image_id: str
    picture: Picture
    width: int
    height: int
    boxes: list[Box]
    found: int


@dataclass(frozen=True)
class Overlays:
    """Pictures with regions, which detector found them, and how good it is.

    Attributes:
        pictures: those that could be opened.
        detector: architecture and weights.
        measured: name and value of each number in the detector's metrics.
    """

    pictures: list[Overlay]
    detector: str
    measured: list[tuple[str, float]]


def overlays(sources: Sources, pictures: Pictures, wanted: int, boxes: int, seed: int) -> Overlays | Nothing:
    """Draws pictures, and takes the likeliest regions of each."""
    dataset = sources.dataset("regions")
    if dataset is None:
        return Nothing("There is no dataset regions: the stage regions has not run.")
    rows = [row for (row, *_) in sampled(dataset, _COLUMNS, "image_id", wanted, seed)]
    if not rows:
        return Nothing("The dataset regions is empty, or no example was asked for.")
    found, names = pictures.of(row["image_id"] for row in rows), sources.detector_classes()
    shown = [
        Overlay(
            row["image_id"], found[row["image_id"]], row["width"], row["height"],
            labelled(likeliest(row, names, boxes), row["width"], row["height"]), row["num_regions"],
        )
        for row in rows
        if row["image_id"] in found
    ]  # fmt: skip
    if not shown:
        return Nothing("None of the pictures that were drawn can be opened, so there is nothing to draw regions on.")
    return Overlays(shown, rows[0]["detector"], list(_numbers(sources.metrics("detector"))))


def likeliest(row: dict[str, Any], names: list[str], most: int) -> list[Box]:
    """The regions of a row with the highest scores, the likeliest last, so that it is drawn on top.

    Raises:
        InputError: where the row has another number of boxes, classes or scores than it states.
    """
    number = row["num_regions"]
    if not len(row["boxes"]) == 16 * number == 16 * len(row["object_ids"]) == 16 * len(row["object_scores"]):
        raise InputError(
            f"The regions of picture {row['image_id']!r} do not have {number} boxes, classes and scores.",
            "as many as num_regions states.", "delete the dataset regions and run its stage again.",
        )  # fmt: skip
    corners = np.frombuffer(row["boxes"], "<f4").reshape(-1, 4).tolist()
    rows = zip(corners, row["object_ids"], row["object_scores"], strict=True)
    boxes = [_box(*one, names) for one in rows if all(map(math.isfinite, (*one[0], one[2])))]
    return sorted(boxes, key=lambda box: box.score)[-most:] if most else []


def labelled(boxes: list[Box], width: int, height: int) -> list[Box]:
    """The boxes with their labels, each at the upper left of its box or, where another lies there, near to that.

    The likeliest, which is the last, has the first choice. Where a picture is full, a label lies over another.
    """
    unit, placed, done = width / 100, list[tuple[float, float, float]](), list[Box]()  # left, right and base line
    line = unit * _LINE
    for box in reversed(boxes):
        text = f"{short(box.label, 24)} {score(box.score, 2)}"
        x = max(unit, min(box.x + unit, width - unit - unit * _LETTER * len(text)))
        end = x + unit * _LETTER * len(text)
        taken = [base for left, right, base in placed if left < end and x < right]
        wished = max(line, min(box.y + line, height - unit))
        places = [wished, *(base + step for base in taken for step in (line, -line))]
        free = [y for y in places if line <= y <= height - unit and all(abs(y - base) > 0.99 * line for base in taken)]
        y = min(free, key=lambda place: abs(place - wished), default=wished)
        placed.append((x, end, y))
        done.append(replace(box, text=(text, round(x, 1), round(y, 1))))
    return done[::-1]


def _box(corners: list[float], identity: int, score: float, names: list[str]) -> Box:
    x1, y1, x2, y2 = (round(value, 1) for value in corners)
    label = names[identity] if 0 <= identity < len(names) else f"class {identity}"
    return Box(x1, y1, round(max(0.0, x2 - x1), 1), round(max(0.0, y2 - y1), 1), label, identity, score)


def _numbers(values: Any, name: str = "") -> list[tuple[str, float]]:
    """Every number of nested mappings, under its dotted name."""
    if isinstance(values, dict):
        return [pair for key, one in values.items() for pair in _numbers(one, f"{name}.{key}" if name else str(key))]
    return [(name, values)] if isinstance(values, (int, float)) and not isinstance(values, bool) else []
