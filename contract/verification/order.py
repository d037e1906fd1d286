"""What holds from row to row of a file: its place, its order, and one split for each picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from contract.breaches import BreachError
from contract.hashing import stable_hashes
from contract.schemas import DatasetSchema
from contract.shards import is_sorted
from contract.verification.part import Part


class ShardOrder:
    """Follows the rows of one file from first to last.

    Args:
        schema: the dataset's.
        index: which shard it is; None where that is not to be checked.
        shards: how many there are.
    """

    def __init__(self, schema: DatasetSchema, index: int | None, shards: int) -> None:
        self._schema, self._index, self._shards = schema, index, shards
        self._last: tuple[Any, ...] | None = None
        self._image: tuple[str, str] | None = None

    def check(self, part: Part) -> None:
        """Checks the rows that come next.

        Raises:
            BreachError: wrong_shard, order, duplicate_key or split_leak.
        """
        self._check_place(part)
        self._check_order(part)
        if {"image_id", "split"} <= set(self._schema.arrow.names):
            self._check_splits(part)

    def _check_place(self, part: Part) -> None:
        if self._index is None:
            return
        keys = part.column(self._schema.shard_key)
        unique = keys.dictionary_encode()
        places = stable_hashes(keys=unique.dictionary.to_pylist()) % np.uint64(self._shards)
        wrong = places[unique.indices.to_numpy()] != self._index
        if wrong.any():
            row = int(np.argmax(wrong))
            found = int(places[unique.indices[row].as_py()])
            raise part.breach("wrong_shard", row, f"it lies in shard {self._index} of {self._shards}.",
                              f"shard {found}, which the hash of its {self._schema.shard_key} chooses.")  # fmt: skip

    def _check_order(self, part: Part) -> None:
        columns = [part.column(name) for name in self._schema.key]
        first, final = (tuple(column[row].as_py() for column in columns) for row in (0, -1))
        last, self._last = self._last, final
        goes_on = last is None or first > last or (first == last and not self._schema.unique)
        if goes_on and is_sorted(columns, self._schema.unique):
            return
        for row, key in enumerate(zip(*(column.to_pylist() for column in columns), strict=True)):
            if last is not None and key < last:
                raise part.breach("order", row, f"it comes after {last}.", f"rows sorted by {self._schema.key}.")
            if last == key and self._schema.unique:
                raise part.breach("duplicate_key", row, "it comes twice.", "each key once.")
            last = key

    def _check_splits(self, part: Part) -> None:
        images, splits = part.column("image_id"), part.column("split")
        pairs = pa.table([images, splits], names=["image_id", "split"]).group_by(["image_id", "split"]).aggregate([])
        seen = dict([self._image] if self._image else [])
        for image_id, split in zip(*(column.to_pylist() for column in pairs.columns), strict=True):
            if seen.setdefault(image_id, split) != split:
                raise BreachError(
                    "split_leak", f"{part.where}: the picture {image_id!r} is in {seen[image_id]} and in {split}.",
                    "one split a picture.",
                )  # fmt: skip
        self._image = (images[-1].as_py(), splits[-1].as_py())
