"""Step 2: sensitive pictures, by nudenet, whose model lies inside its package (the extra ``sensitive``)."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import numpy as np
from PIL import Image

_SENSITIVE = frozenset(
    f"{part}_EXPOSED" for part in ("FEMALE_BREAST", "FEMALE_GENITALIA", "MALE_GENITALIA", "BUTTOCKS", "ANUS")
)


def classifier_version() -> str | None:
    """The classifier by name and version, "nudenet 3.4.2", or None where it is not installed."""
    try:
        return f"nudenet {importlib.metadata.version('nudenet')}"
    except importlib.metadata.PackageNotFoundError:
        return None


class SensitivePictures:
    """The classifier, loaded."""

    def __init__(self) -> None:
        from nudenet import NudeDetector

        self._detector: Any = NudeDetector()

    def score(self, picture: Image.Image) -> float:
        """How sure it is that an RGB picture is sensitive, 0 to 1."""
        blue_first = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
        found = self._detector.detect(blue_first)
        return max((float(thing["score"]) for thing in found if thing["class"] in _SENSITIVE), default=0.0)
