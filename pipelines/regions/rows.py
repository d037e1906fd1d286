"""A row of the dataset ``regions``, from whatever found or brought the regions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.detector import DetectorSpec
from contract.rejects import Reject
from pipelines.regions.found import Found
from pipelines.sharded import Row, Tally


def row_of(
    image: dict[str, Any], found: Found, least: int, spec: DetectorSpec, detector: str, tally: Tally
) -> Row | Reject:
    """The row of a picture, or why it has none.

    Args:
        image: its row of the dataset ``images``.
        found: its regions; boxes in px of the original, which may reach beyond its edges.
        least: regions that it has at least.
        spec: names the classes and attributes.
        detector: who found them.
        tally: counts regions, classes and scores.
    """
    boxes = _inside(found.boxes, image["width"], image["height"])
    if len(boxes) < least:
        message = f"{len(found.boxes)} regions; expected at least {least}"
        return Reject(image["image_id"], image["uri"], "no_regions", message)
    attributes = found.attributes
    finite = all(np.isfinite(values).all() for values in (found.features, found.boxes, found.scores))
    if not finite or (attributes and not np.isfinite(attributes.scores).all()):
        message = "expected finite float16 features, finite boxes and scores"
        return Reject(image["image_id"], image["uri"], "features_not_finite", message)
    tally.count("regions_a_picture", f"{len(found.boxes):03d}")
    tally.count("score_sum", by=round(float(found.scores.sum()), 4))
    for tenth in np.minimum(found.scores * 10, 9).astype(int).tolist():
        tally.count("scores_from", f"{tenth / 10}")
    for number in found.classes.tolist():
        tally.count("objects", spec.class_names[number])
    for number in attributes.ids.tolist() if attributes else ():
        tally.count("attributes", spec.attribute_names[number])
    return {
        "image_id": image["image_id"], "num_regions": len(found.boxes), "feature_dim": found.features.shape[1],
        "features": found.features.tobytes(), "boxes": boxes.astype("<f4").tobytes(),
        "width": image["width"], "height": image["height"], "object_ids": found.classes.tolist(),
        "object_scores": found.scores.tolist(),
        "attribute_ids": attributes.ids.tolist() if attributes else None,
        "attribute_scores": attributes.scores.tolist() if attributes else None, "detector": detector,
    }  # fmt: skip


def _inside(boxes: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Boxes cut at the picture's edges and at least one pixel wide and high."""
    size = np.array([width, height], np.float32)
    first = np.clip(boxes[:, :2], 0, size - 1)
    return np.concatenate([first, np.maximum(np.minimum(boxes[:, 2:], size), first + 1)], axis=1)
