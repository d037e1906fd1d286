"""A sample row as it is shown: vectors by their shape, boxes as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from flows.shown import counted


def readable_row(row: dict[str, Any]) -> dict[str, Any]:
    """The row without bytes: boxes become lists of four numbers, features say their shape."""
    values = dict(row)
    if isinstance(values.get("boxes"), bytes):
        values["boxes"] = boxes_of(values["boxes"])
        values["features"] = f"float16 [{row.get('num_regions')}, {row.get('feature_dim')}], not read"
    return {name: counted(len(value), "byte") if isinstance(value, bytes) else value for name, value in values.items()}


def boxes_of(data: bytes) -> list[list[float]]:
    """Boxes as x1, y1, x2, y2 in px, to a tenth; none where the bytes are no boxes."""
    if len(data) % 16:
        return []
    return [[round(float(number), 1) for number in box] for box in np.frombuffer(data, "<f4").reshape(-1, 4)]
