"""The sample that ``limit`` asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contract.hashing import stable_hash


@dataclass(frozen=True)
class Sample:
    """The pictures whose hash is at most a threshold; all of them where it is None."""

    threshold: int | None = None

    def has(self, image_id: str) -> bool:
        """Whether a picture is used."""
        return self.threshold is None or _place(image_id) <= self.threshold


def sample_of(image_ids: Iterable[str], limit: int) -> Sample:
    """The first ``limit`` pictures in the order of their hashes; all where it is 0 or there are no more."""
    places = sorted({_place(image_id) for image_id in image_ids}) if limit else []
    return Sample(places[limit - 1]) if 0 < limit < len(places) else Sample()


def _place(image_id: str) -> int:
    return stable_hash("limit", image_id)
