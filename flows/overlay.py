"""Pictures with what a detector found drawn over them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_WIDTH = 420  # px of the picture in the page
_MOST_BOXES = 20  # more hide the picture; the likeliest are drawn
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#000075")


def picture_of_row(picture: Image.Image, row: dict[str, Any], labels: Sequence[str]) -> str:
    """A small JPEG of a row's picture as a data URI, with its regions where the row has any.

    Args:
        picture: the whole picture, RGB.
        row: a row of any dataset; one of ``regions`` has ``boxes``.
        labels: what to write at each of its regions.
    """
    scale = min(1.0, _WIDTH / picture.width)
    small = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    if "boxes" in row:
        _draw_regions(small, row, scale, labels)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _draw_regions(image: Image.Image, row: dict[str, Any], scale: float, labels: Sequence[str]) -> None:
    boxes = np.frombuffer(row["boxes"], "<f4").reshape(-1, 4) * scale
    best = sorted(range(len(boxes)), key=lambda number: -row["object_scores"][number])[:_MOST_BOXES]
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for number in reversed(best):  # the likeliest last, on top
        colour, label = _COLOURS[row["object_ids"][number] % len(_COLOURS)], labels[number]
        x1, y1, x2, y2 = map(float, boxes[number])
        draw.rectangle((x1, y1, max(x1, x2), max(y1, y2)), outline=colour, width=2)
        place = draw.textbbox((x1, max(0.0, y1 - 13)), label, font=font)
        draw.rectangle(place, fill=colour)
        draw.text((x1, max(0.0, y1 - 13)), label, fill="white", font=font)


def labels_of(row: dict[str, Any], parameters: dict[str, Any]) -> list[str]:
    """Class and score of each of a row's regions, after its attribute where it has one.

    Args:
        row: a row of any dataset; one without regions has no labels.
        parameters: the manifest's; ``object_classes`` and ``attribute_classes`` hold names. What has none keeps its
            number.
    """
    classes = _named(row.get("object_ids") or [], parameters.get("object_classes"))
    attributes = _named(row.get("attribute_ids") or [], parameters.get("attribute_classes")) or [""] * len(classes)
    return [
        f"{attribute} {name} {score:.2f}".strip()
        for attribute, name, score in zip(attributes, classes, row.get("object_scores", []), strict=False)
    ]


def _named(ids: list[int], names: Any) -> list[str]:
    known = names if isinstance(names, list) else []
    return [str(known[number]) if 0 <= number < len(known) else str(number) for number in ids]
