"""Step 2: which pictures are left out, and why."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipelines.triples.logistic import Logistic

_COLUMNS = ("regions", "mean_score", "best_score", "covered", "sharpness")
RELIABILITY_FEATURES = (*_COLUMNS, "unusual_sharpness")
_USUAL_SHARPNESS = 500.0  # the medians of Multi30K's and COCO's photographs are 340 and 770


def reliability_features(facts: pa.Table) -> np.ndarray:
    """Region statistics, from which it is told whether features can be reliably extracted: float64 [images, 6].

    Blur has less sharpness than pictures have, and grain more: how far it is from usual is a feature of its own.
    """
    columns = {name: facts.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in _COLUMNS}
    columns["regions"], columns["sharpness"] = np.log1p(columns["regions"]), np.log1p(columns["sharpness"])
    columns["unusual_sharpness"] = (columns["sharpness"] - np.log1p(_USUAL_SHARPNESS)) ** 2
    return np.stack([columns[name] for name in RELIABILITY_FEATURES], axis=1)


class ImageFilter:
    """The three filters of step 2, in the paper's order.

    Args:
        least_side: px of width and of height.
        sensitive_from: score from which a picture counts as sensitive.
        reliability: tells whether features can be reliably extracted; None where no such model was trained.
        reliable_from: the least probability of that.
    """

    def __init__(
        self, least_side: int, sensitive_from: float, reliability: Logistic | None, reliable_from: float
    ) -> None:
        self._least_side, self._sensitive_from = least_side, sensitive_from
        self._reliability, self._reliable_from = reliability, reliable_from

    def faults(self, facts: pa.Table) -> list[tuple[str, str]]:
        """A reject's reason and message for each picture; both empty where it passes."""
        columns = [facts.column(name).to_pylist() for name in ("width", "height", "regions", "sensitive")]
        reliable = np.ones(len(facts))
        if self._reliability is not None and len(facts):
            reliable = self._reliability.probability(reliability_features(facts))
        return [self._fault(*values) for values in zip(*columns, reliable.tolist(), strict=True)]

    def _fault(
        self, width: int, height: int, regions: int, sensitive: float | None, reliable: float
    ) -> tuple[str, str]:
        if min(width, height) < self._least_side:
            return "image_small", f"{width} × {height} px, expected at least {self._least_side} px a side"
        if sensitive is not None and sensitive >= self._sensitive_from:
            return "image_sensitive", f"sensitive with a score of {sensitive:.2f}"
        if regions == 0:
            return "image_no_features", "it has no regions"
        if reliable < self._reliable_from:
            return "image_no_features", f"features are reliable with a probability of {reliable:.2f}"
        return "", ""
