"""The features of a regions dataset, read where they lie in its shards.

The shards are mapped into memory: a picture's features go from the operating system's cache of the file straight to
where they are wanted, in one copy, and none are kept in between.
"""

from __future__ import annotations

import mmap
import os
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from contract.dataset import Dataset
from contract.errors import InputError
from model.region_pages import LENGTH_BYTES, Ints, value_places

Bytes = NDArray[np.uint8]
_COLUMN = "features"
_DECODED = 4  # row groups in memory, of 32 MiB each, where a shard was written otherwise than ours


class Features:
    """The features of a dataset's pictures, by row. Threads may share it.

    Shards that hold them compressed or in a dictionary can be read too, though slowly at random: whole row groups are
    decoded, and a few are kept.

    Args:
        dataset: the regions.
        sizes_N: bytes of each picture's features.

    Raises:
        InputError: where a shard cannot be mapped, or its pages are not what its footer or the sizes say.
    """

    def __init__(self, dataset: Dataset, sizes_N: Ints) -> None:
        self.sizes_N = sizes_N
        self._dataset, self._shards = dataset, [_Mapped(dataset, shard) for shard in range(dataset.num_shards)]
        self._shard_N, self._place_N = np.empty(len(sizes_N), np.int32), np.full(len(sizes_N), -1, np.int64)
        self._groups: list[tuple[int, int]] = []  # shard, and row group in it
        starts = [0]
        for number, shard in enumerate(self._shards):
            for group in range(shard.metadata.num_row_groups):
                rows = slice(starts[-1], starts[-1] + shard.metadata.row_group(group).num_rows)
                self._shard_N[rows] = number
                places = shard.places(group, sizes_N[rows])
                if places is not None:
                    self._place_N[rows] = places
                self._groups.append((number, group))
                starts.append(rows.stop)
        if starts[-1] != len(sizes_N):
            raise InputError(f"{dataset.folder} holds {starts[-1]:,} pictures now, and {len(sizes_N):,} a moment ago.")
        self._starts = np.array(starts)
        self._decoded: OrderedDict[int, tuple[Ints, pa.Buffer]] = OrderedDict()
        self._lock = Lock()

    def expect(self, rows: Sequence[int]) -> None:
        """To be called before these rows are copied: asks the disk for all that is not in memory, at once.

        Raises:
            InputError: where one of their shards has changed since it was opened. A shard that is cut short later than
                this ends the process when it is copied from, as it does for everyone who maps a file.
        """
        for number in {self._shard_N.item(row) for row in rows}:
            self._shards[number].check_unchanged()
        for row in rows:
            place = self._place_N.item(row)
            if place >= 0:
                self._shards[self._shard_N.item(row)].expect(place, self.sizes_N.item(row))

    def copy(self, row: int, out: Bytes) -> None:
        """Copies a picture's features, as they are stored, into memory of their size.

        Raises:
            InputError: where the shard is not what it was when it was opened, or is damaged.
        """
        place = self._place_N.item(row)
        if place >= 0:
            self._shards[self._shard_N.item(row)].copy(place, out)
        elif len(out):
            out[:] = self._from_group(row)

    def first_bytes(self, row: int, count: int) -> bytes:
        """The first bytes of a picture's features, as they are stored."""
        place, size = self._place_N.item(row), min(count, self.sizes_N.item(row))
        if place < 0:
            return self._from_group(row)[:size].tobytes() if size else b""
        return self._shards[self._shard_N.item(row)].bytes_at(place, size)

    def _from_group(self, row: int) -> Bytes:
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        with self._lock:
            if number not in self._decoded:
                self._decoded[number] = self._decode(number)
            self._decoded.move_to_end(number)
            if len(self._decoded) > _DECODED:
                self._decoded.popitem(last=False)
            bounds, data = self._decoded[number]
        first, last = bounds[row - self._starts[number] :][:2].tolist()
        return np.frombuffer(data, np.uint8, last - first, first)

    def _decode(self, number: int) -> tuple[Ints, pa.Buffer]:
        shard, group = self._groups[number]
        table = self._dataset.row_group([_COLUMN], self._dataset.manifest.shards[shard], group)
        values = table[_COLUMN].cast(pa.large_binary()).combine_chunks()
        _, offsets, data = values.buffers()
        bounds = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
        stated_N = self.sizes_N[self._starts[number] : self._starts[number + 1]]
        if values.null_count or not np.array_equal(np.diff(bounds), stated_N):
            raise self._shards[shard].broken("holds features of another size than num_regions and feature_dim say")
        return bounds, data


class _Mapped:
    """A shard, mapped.

    Args:
        dataset: the regions.
        number: which shard.
    """

    def __init__(self, dataset: Dataset, number: int) -> None:
        shard = dataset.manifest.shards[number]
        self._folder, self._path, self._sha256 = dataset.folder, dataset.folder / shard.path, shard.sha256
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._descriptor)
            self._state = self._now()
            if self._state[0] != shard.bytes:
                raise ValueError(f"it has {self._state[0]:,} bytes of {shard.bytes:,}")
            self._map = mmap.mmap(self._descriptor, shard.bytes, prot=mmap.PROT_READ)
            self.metadata = pq.read_metadata(pa.BufferReader(pa.py_buffer(self._map)))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise self.broken(f"cannot be mapped ({error})") from error
        self._bytes = np.frombuffer(self._map, np.uint8)
        self._probe = bytearray(1)

    def places(self, group: int, sizes_N: Ints) -> Ints | None:
        """Where the features of a row group's pictures lie; None where they have to be decoded."""
        if len(sizes_N) != self.metadata.row_group(group).num_rows:
            raise self.broken("has changed while it was being opened")
        try:
            return value_places(memoryview(self._map), self.metadata, group, _COLUMN, sizes_N)
        except ValueError as error:
            raise self.broken(f"is damaged ({error})") from error

    def _now(self) -> tuple[int, int]:
        state = os.fstat(self._descriptor)
        return state.st_size, state.st_mtime_ns

    def check_unchanged(self) -> None:
        """Refuses a shard that has been written to since it was opened."""
        if self._now() != self._state:
            raise self.broken("has changed while it was being read")

    def expect(self, place: int, size: int) -> None:
        """Has the disk read ahead what is not in memory.

        Without it the pages of a map are fetched one after the other, as they are touched. Asking for what is there
        already takes a third of the time of copying it, so its last byte is looked for first, which is quick.
        """
        try:
            os.preadv(self._descriptor, [self._probe], place + max(size, 1) - 1, os.RWF_NOWAIT)
        except OSError:  # not there, or a file system that cannot tell
            os.posix_fadvise(self._descriptor, place, size, os.POSIX_FADV_WILLNEED)

    def copy(self, place: int, out: Bytes) -> None:
        """Copies the value at a place, whose length must be that of ``out``."""
        length = int.from_bytes(self._map[place - LENGTH_BYTES : place], "little")
        if length != len(out):
            raise self.broken(f"states {length:,} bytes before the {len(out):,} bytes of features at {place:,}")
        out[:] = self._bytes[place : place + length]

    def bytes_at(self, place: int, size: int) -> bytes:
        """So many bytes from a place on."""
        self.check_unchanged()
        return self._map[place : place + size]

    def broken(self, found: str) -> InputError:
        """The error that names this shard."""
        return InputError(
            f"{self._path} {found}.", f"the file with the sha256 {self._sha256} that the manifest states.",
            f"delete {self._folder} and run its stage again, or `dvc pull` it; then run this command again.",
        )  # fmt: skip
