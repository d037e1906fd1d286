"""The regions of one picture, whoever found them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Attributes:
    """The most likely attribute of each region: int [R], 0-based, and its probability, float32 [R]."""

    ids: NDArray[np.integer]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """The regions of one picture.

    Attributes:
        boxes: float32 [R, 4], x1 y1 x2 y2 in px of the picture that was given.
        classes: int16 [R], 0-based.
        scores: float32 [R].
        features: float16 [R, F].
        attributes: None of a detector without.
    """

    boxes: NDArray[np.float32]
    classes: NDArray[np.int16]
    scores: NDArray[np.float32]
    features: NDArray[np.float16]
    attributes: Attributes | None = None


def as_float16(features: NDArray[np.floating]) -> NDArray[np.float16]:
    """Features as they are stored; what float16 cannot hold becomes infinite, and the picture a reject."""
    with np.errstate(over="ignore"):
        return features.astype("<f2")
