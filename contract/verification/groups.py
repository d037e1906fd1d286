"""Whether groups of near-duplicates are whole: in one split, and named after a picture that is one of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.breaches import BreachError
from contract.hashing import stable_hashes
from contract.verification.columns import SPLITS
from contract.verification.part import Part


class DuplicateGroups:
    """The groups of one file or, merged, of a dataset.

    Nine bytes a picture are kept for its identifier and split, and a line for each group.
    """

    def __init__(self) -> None:
        self._splits: dict[str, str] = {}
        self._sizes: Counter[str] = Counter()
        self._led: set[str] = set()
        self._pictures: list[np.ndarray] = []
        self._split_numbers: list[np.ndarray] = []

    def add(self, part: Part) -> None:
        """Looks at some rows of images, whose splits have been checked.

        Raises:
            BreachError: split_leak.
        """
        self._pictures.append(stable_hashes(keys=part.column("image_id").to_pylist()))
        self._split_numbers.append(pc.index_in(part.column("split"), pa.array(SPLITS)).to_numpy().astype(np.uint8))
        for image_id, group, split in part.values("image_id", "duplicate_group", "split"):
            if group is not None:
                self._put(group, split, part.where)
                self._sizes[group] += 1
                if group == image_id:
                    self._led.add(group)

    def merge(self, other: DuplicateGroups, where: str) -> None:
        """Adds those of another file.

        Raises:
            BreachError: split_leak.
        """
        for group, split in other._splits.items():
            self._put(group, split, where)
        self._sizes.update(other._sizes)
        self._led |= other._led
        self._pictures += other._pictures
        self._split_numbers += other._split_numbers

    def _put(self, group: str, split: str, where: str) -> None:
        known = self._splits.setdefault(group, split)
        if known != split:
            raise _leak(group, known, split, where)

    def check(self, where: str) -> None:
        """Looks for the picture after which each group is named: it is one of the group, and not alone.

        Raises:
            BreachError: split_leak where it lies in another split, else identifier.
        """
        for group in sorted(self._splits):
            if group not in self._led:
                found, split = self._split_of(group), self._splits[group]
                if found not in (None, split):
                    raise _leak(group, str(found), split, where)
                what = "no picture" if found is None else "a picture that is not of the group"
                raise BreachError(
                    "identifier", f"{where}: the duplicate_group {group!r} names {what}.",
                    "the smallest image_id of the group.",
                )  # fmt: skip
            if self._sizes[group] == 1:
                raise BreachError(
                    "identifier", f"{where}: {group!r} is alone in its duplicate_group.",
                    "null of a picture without near-duplicates.",
                )  # fmt: skip

    def _split_of(self, image_id: str) -> str | None:
        """The split of a picture; None where there is none."""
        found = np.flatnonzero(np.concatenate(self._pictures) == stable_hashes(keys=[image_id])[0])
        return SPLITS[int(np.concatenate(self._split_numbers)[found[0]])] if len(found) else None


def _leak(group: str, one: str, other: str, where: str) -> BreachError:
    what = f"{where}: near-duplicates of {group!r} are in {one} and in {other}."
    return BreachError("split_leak", what, "one split a group.")
