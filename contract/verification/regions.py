"""What holds for a picture's regions: lengths, finite numbers, boxes within the picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from contract.verification.part import Part

_COLUMNS = (
    "num_regions", "feature_dim", "features", "boxes", "width", "height", "object_ids", "object_scores",
    "attribute_ids", "attribute_scores",
)  # fmt: skip
_FEATURE_BYTES, _BOX_BYTES = 2, 16


def check_regions(part: Part) -> None:
    """Checks vectors and boxes.

    Raises:
        BreachError: vectors, range, boxes or classes.
    """
    names = {kind: part.parameters.get(kind) for kind in ("object_classes", "attribute_classes")}
    for row, values in enumerate(part.values(*_COLUMNS)):
        fault = _fault(dict(zip(_COLUMNS, values, strict=True)), names)
        if fault:
            breach, what, expected = fault
            raise part.breach(breach, row, what, expected)


def _fault(row: dict[str, Any], names: dict[str, Any]) -> tuple[str, str, str] | None:
    count, dim = row["num_regions"], row["feature_dim"]
    lengths = {
        "features": (len(row["features"]), count * dim * _FEATURE_BYTES, "bytes"),
        "boxes": (len(row["boxes"]), count * _BOX_BYTES, "bytes"),
    } | {
        name: (len(row[name]), count, "numbers")
        for name in ("object_ids", "object_scores", "attribute_ids", "attribute_scores")
        if row[name] is not None
    }
    for name, (found, expected, unit) in lengths.items():
        if found != expected:
            return "vectors", f"{name} has {found} {unit}.", f"{expected} for {count} regions of {dim} numbers."
    if not np.isfinite(np.frombuffer(row["features"], "<f2")).all():
        return "range", "features are not finite.", "finite float16 numbers."
    return _box_fault(row) or _class_fault(row, names)


def _box_fault(row: dict[str, Any]) -> tuple[str, str, str] | None:
    boxes = np.frombuffer(row["boxes"], "<f4").reshape(-1, 4)
    size = np.array([row["width"], row["height"]], np.float32)
    inside = np.isfinite(boxes).all() and (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= size).all()
    if inside and (boxes[:, 2:] > boxes[:, :2]).all():
        return None
    return "boxes", "a box is not finite, empty or outside its picture.", f"boxes within {size[0]:g} × {size[1]:g} px."


def _class_fault(row: dict[str, Any], names: dict[str, Any]) -> tuple[str, str, str] | None:
    for column, parameter in (("object_ids", "object_classes"), ("attribute_ids", "attribute_classes")):
        known, found = names[parameter], row[column]
        if isinstance(known, list) and known and found and not 0 <= min(found) <= max(found) < len(known):
            return (
                "classes",
                f"{column} lie between {min(found)} and {max(found)}.",
                f"0 to {len(known) - 1}, as named.",
            )
    return None
