"""Pictures with what a detector found drawn over them."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_WIDTH = 420  # px of the picture in the page
_MOST_BOXES = 20  # more hide the picture; the likeliest are drawn
_COLOURS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#000075")


def picture_of_row(picture: Image.Image, row: dict[str, Any], detector: Path) -> str:
    """A small JPEG of a row's picture as a data URI, with its regions where the row has any.

    Args:
        picture: the whole picture, RGB.
        row: a row of any dataset; one of ``regions`` has ``boxes``.
        detector: folder of the detector, which knows the classes' names; it need not be there.
    """
    scale = min(1.0, _WIDTH / picture.width)
    small = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    if "boxes" in row:
        _draw_regions(small, row, scale, _class_names(detector))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _draw_regions(image: Image.Image, row: dict[str, Any], scale: float, names: list[str]) -> None:
    boxes = np.frombuffer(row["boxes"], "<f4").reshape(-1, 4) * scale
    best = sorted(range(len(boxes)), key=lambda number: -row["object_scores"][number])[:_MOST_BOXES]
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for number in reversed(best):  # the likeliest last, on top
        identity = row["object_ids"][number]
        colour = _COLOURS[identity % len(_COLOURS)]
        label = f"{names[identity] if 0 <= identity < len(names) else identity} {row['object_scores'][number]:.2f}"
        x1, y1, x2, y2 = map(float, boxes[number])
        draw.rectangle((x1, y1, max(x1, x2), max(y1, y2)), outline=colour, width=2)
        place = draw.textbbox((x1, max(0.0, y1 - 13)), label, font=font)
        draw.rectangle(place, fill=colour)
        draw.text((x1, max(0.0, y1 - 13)), label, fill="white", font=font)


def _class_names(detector: Path) -> list[str]:
    try:
        values = json.loads((detector / "detector.json").read_text())
    except (OSError, ValueError):
        return []
    names = values.get("class_names") if isinstance(values, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else []
