"""The regions of a dataset: as tensors, row group after row group, and by picture at random for training."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract.dataset import Dataset
from contract.errors import InputError
from model.network import Regions
from model.region_features import Features
from model.region_pages import Ints

_SMALL = ("image_id", "num_regions", "feature_dim", "boxes", "object_ids", "width", "height")
_COLUMNS = (*_SMALL, "features")
_BOX = 4 * torch.float32.itemsize  # bytes
_FIRST = 256  # bytes of features, by which pictures are told apart before all is read


@dataclass(frozen=True)
class RegionTensors:
    """The regions of the pictures of a row group, in the dataset's order; not to be written to.

    Attributes:
        image_ids: of the pictures.
        features: float16 [R, F], one a picture.
        boxes: float32 [R, 4], one a picture: x1 y1 x2 y2 in px of the original.
        object_ids: int16 [R], one a picture.
        sizes_N2: int32, width and height of the pictures in px.
    """

    image_ids: list[str]
    features: tuple[Tensor, ...]
    boxes: tuple[Tensor, ...]
    object_ids: tuple[Tensor, ...]
    sizes_N2: Tensor


def region_tensors(folder: Path, shard: int | None = None) -> Iterator[RegionTensors]:
    """Reads all shards in order, or one; threads read ahead, so let go what you have used.

    Raises:
        InputError: where the folder holds no finished regions, or features of several widths.
    """
    widths = set[int]()
    for table in Dataset(folder, "regions").tables(_COLUMNS, shard):
        widths |= set(table["feature_dim"].unique().to_pylist())
        if len(widths) > 1:
            raise InputError(f"{folder} has features of several widths.", "one.", "make the regions anew.")
        columns = {name: column.chunk(0) for name, column in zip(_COLUMNS, table.combine_chunks().columns, strict=True)}
        counts = columns["num_regions"].to_pylist()
        yield RegionTensors(
            columns["image_id"].to_pylist(),
            _bytes_as(torch.float16, columns["features"]).view(-1, *widths).split(counts),
            _bytes_as(torch.float32, columns["boxes"]).view(-1, 4).split(counts),
            _values_as(torch.int16, columns["object_ids"].flatten()).split(counts),
            torch.stack([_values_as(torch.int32, columns[name]) for name in ("width", "height")], dim=1),
        )


def _bytes_as(kind: torch.dtype, array: pa.Array) -> Tensor:
    """The numbers of a binary column, over Parquet's own bytes."""
    _, offsets, data = array.buffers()
    first, last = (int(np.frombuffer(offsets, "<i4")[array.offset + row]) for row in (0, len(array)))
    return torch.from_numpy(np.frombuffer(data or bytearray(), np.uint8, last - first, first)).view(kind)


def _values_as(kind: torch.dtype, array: pa.Array) -> Tensor:
    """The values of a column of numbers, likewise."""
    _, data = array.buffers()
    size, first = len(array) * kind.itemsize, array.offset * kind.itemsize
    return torch.from_numpy(np.frombuffer(data or bytearray(), np.uint8, size, first)).view(kind)


class RegionStore:
    """The regions of a dataset, by picture. Threads may share it.

    Features stay in the shards until they are asked for. All else is held in memory: 22 bytes a region, and the names.

    Args:
        folder: the regions dataset.
        for_gpu: batches then hold features in float16, as they are stored, and in pinned memory where there is a GPU:
            it fetches them by itself, and half the bytes.

    Attributes:
        row_of: row by image_id.
        feature_dim: width of a feature.
        object_ids: the detector's classes of each picture's regions, int64 [R], by row.

    Raises:
        InputError: where the folder holds no regions, or a shard that is not whole or has features of another width.
    """

    def __init__(self, folder: Path, for_gpu: bool = False) -> None:
        dataset, self._for_gpu = Dataset(folder, "regions"), for_gpu
        groups = [
            _columns(table, dataset.folder / shard.path)
            for number, shard in enumerate(dataset.manifest.shards)
            for table in dataset.tables(_SMALL, number)
            if table.num_rows
        ]
        if not groups:
            raise InputError(f"{folder} holds no regions.", "at least one picture with regions.")
        self.feature_dim = groups[0].feature_dim
        for group in groups:
            if group.feature_dim != self.feature_dim:
                raise InputError(
                    f"{group.path} has features of width {group.feature_dim}, and {groups[0].path} of width "
                    f"{self.feature_dim}.", "one width.", "make the regions anew, with one detector.",
                )  # fmt: skip
        names = [image_id for group in groups for image_id in group.image_ids]
        self.row_of = {image_id: row for row, image_id in enumerate(names)}
        if len(self.row_of) < len(names):
            twice = Counter(names).most_common(1)[0][0]
            raise InputError(f"{folder} holds {twice!r} twice.", "every picture once.", "make the regions anew.")
        self._count_N = np.concatenate([group.count_N for group in groups])
        self._start_N = np.cumsum(self._count_N) - self._count_N
        self._location_R5 = np.concatenate([group.location_R5 for group in groups])
        self._object_R = np.concatenate([group.object_R for group in groups])
        self.object_ids: Sequence[Ints] = Slices(self._object_R, self._start_N, self._count_N)
        self._features = Features(dataset, self._count_N * self.feature_dim * torch.float16.itemsize)

    def __len__(self) -> int:
        return len(self.row_of)

    def one(self, row: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        """Features float16 [R, F] and locations float32 [R, 5] of a picture."""
        start = self._start_N.item(row)
        bytes_N = np.empty(self._features.sizes_N.item(row), np.uint8)
        self._features.expect([row])
        self._features.copy(row, bytes_N)
        features_RF = bytes_N.view(np.float16).reshape(-1, self.feature_dim)
        return features_RF, self._location_R5[start : start + len(features_RF)]

    def memory(self, pictures: int, kind: torch.dtype = torch.float16, pinned: bool = False) -> Tensor:
        """Memory for the features of a batch of so many pictures, whichever they are.

        Args:
            pictures: how many.
            kind: torch.float16, as features are stored: half the bytes on the way to a device, to be made float32
                there; or torch.float32.
            pinned: whether a GPU may fetch them while the processor goes on; only where there is a GPU.
        """
        return torch.empty(pictures * int(self._count_N.max()) * self.feature_dim, dtype=kind, pin_memory=pinned)

    def batch(self, rows: Iterable[int], memory: Tensor | None = None) -> Regions:
        """The regions of pictures, padded with zeros to the longest.

        Args:
            rows: of the pictures.
            memory: from `memory`. The features go there and are of its kind, and where it is pinned so are the other
                tensors. The batch is good until its memory is given to another. Without it: new memory, and float32,
                or what suits a GPU where the store was opened for one.

        Raises:
            InputError: where a shard is damaged, or has changed since it was opened.
        """
        row_B = np.fromiter(rows, np.int64)
        if memory is None and self._for_gpu:
            memory = self.memory(len(row_B), pinned=torch.cuda.is_available())
        count_B = self._count_N[row_B]
        mask_BR = np.arange(count_B.max()) < count_B[:, None]
        shape = (*mask_BR.shape, self.feature_dim)
        taken = torch.from_numpy(np.empty(shape, np.float32)).view(-1) if memory is None else memory[: math.prod(shape)]
        features_BRF = taken.view(shape)
        self._fill(features_BRF, row_B)
        region_N = (self._start_N[row_B][:, None] + np.arange(count_B.max()))[mask_BR]
        locations_BR5, objects_BR = np.zeros((*mask_BR.shape, 5), np.float32), np.zeros(mask_BR.shape, np.int64)
        locations_BR5[mask_BR], objects_BR[mask_BR] = self._location_R5[region_N], self._object_R[region_N]
        others = [torch.from_numpy(array) for array in (locations_BR5, mask_BR, objects_BR)]
        return Regions(features_BRF, *(one.pin_memory() if taken.is_pinned() else one for one in others))

    def _fill(self, features_BRF: Tensor, row_B: Ints) -> None:
        """Puts the features of pictures where a batch has them, and zeros behind."""
        rows, counts = row_B.tolist(), self._count_N[row_B].tolist()
        self._features.expect(rows)
        if features_BRF.dtype == torch.float16:
            bytes_BN = features_BRF.flatten(1).numpy().view(np.uint8)
            for out_N, row, size in zip(bytes_BN, rows, self._features.sizes_N[row_B].tolist(), strict=True):
                self._features.copy(row, out_N[:size])
                out_N[size:] = 0
            return
        half_N = np.empty(features_BRF[0].numel(), np.float16)  # stays in the processor's cache
        half_RF, bytes_N = torch.from_numpy(half_N).view(features_BRF.shape[1:]), half_N.view(np.uint8)
        for out_RF, row, count in zip(features_BRF, rows, counts, strict=True):
            self._features.copy(row, bytes_N[: self._features.sizes_N.item(row)])
            out_RF[:count] = half_RF[:count]  # torch's conversion: numpy's takes ten times as long
            out_RF[count:] = 0

    def duplicates(self) -> Ints:
        """For every picture the number of its group of duplicates: pictures with the very same features.

        All features are read of those pictures alone that share their number and their first bytes with another.
        """
        alike = defaultdict[tuple[int, bytes], list[int]](list)
        for row, count in enumerate(self._count_N.tolist()):
            alike[count, self._features.first_bytes(row, _FIRST)].append(row)
        group_N = np.arange(len(self))
        for rows in alike.values():
            if len(rows) > 1:
                first_of: dict[bytes, int] = {}
                for row in rows:
                    digest = hashlib.blake2b(self.one(row)[0].tobytes()).digest()
                    group_N[row] = first_of.setdefault(digest, row)
        return np.unique(group_N, return_inverse=True)[1]


class Slices(Sequence[Ints]):
    """Arrays of several lengths that lie end to end in one: less memory than apart, and int64 when asked for.

    Args:
        values: of all of them, whole numbers of any kind.
        start_N: int64, where each begins.
        count_N: int64, how long each is.
    """

    def __init__(self, values: NDArray[Any], start_N: Ints, count_N: Ints) -> None:
        self._values, self._start_N, self._count_N = values, start_N, count_N

    @property
    def lengths(self) -> Ints:
        """How long each is."""
        return self._count_N

    def of(self, rows: Sequence[int]) -> Slices:
        """Some of them; nothing is copied."""
        chosen = np.asarray(rows, np.int64)
        return Slices(self._values, self._start_N[chosen], self._count_N[chosen])

    def __len__(self) -> int:
        return len(self._count_N)

    @overload
    def __getitem__(self, row: int) -> Ints: ...
    @overload
    def __getitem__(self, row: slice) -> list[Ints]: ...
    def __getitem__(self, row: int | slice) -> Ints | list[Ints]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        start = self._start_N.item(row)
        return self._values[start : start + self._count_N.item(row)].astype(np.int64)


@dataclass(frozen=True)
class _Columns:
    """A row group's columns but for the features: N pictures, R regions in all."""

    path: Path
    image_ids: list[str]
    feature_dim: int
    count_N: Ints
    location_R5: NDArray[np.float32]
    object_R: NDArray[np.int16]


def _columns(table: pa.Table, path: Path) -> _Columns:
    """Takes a row group's columns out of Parquet's; refuses numbers that contradict each other."""
    columns = {name: column.combine_chunks() for name, column in zip(_SMALL, table.columns, strict=True)}
    if any(column.null_count for column in (*columns.values(), columns["object_ids"].flatten())):
        raise InputError(f"{path} has nulls.", "a value in every column.", "run the stage of the regions again.")
    count_N = columns["num_regions"].to_numpy().astype(np.int64)
    boxes = pc.binary_length(columns["boxes"]).to_numpy() == count_N * _BOX
    objects = pc.list_value_length(columns["object_ids"]).to_numpy() == count_N
    sizes_N2 = torch.stack([_values_as(torch.int32, columns[name]) for name in ("width", "height")], dim=1)
    widths = columns["feature_dim"].unique().to_pylist()
    if not (boxes.all() and objects.all() and min(widths) > 0 and sizes_N2.min() > 0):
        raise InputError(
            f"{path} states another number of regions than it has boxes or classes, or a width or height of zero.",
            "what the stage writes.", "run the stage of the regions again.",
        )  # fmt: skip
    if len(widths) > 1:
        raise InputError(f"{path} has features of several widths, {widths}.", "one.", "make the regions anew.")
    try:
        image_ids = columns["image_id"].to_pylist()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} has an image_id that is no UTF-8 ({error}).", "what the stage writes.") from error
    return _Columns(
        path, image_ids, widths[0], count_N,
        _locations(_bytes_as(torch.float32, columns["boxes"]).view(-1, 4), sizes_N2, count_N).numpy(),
        _values_as(torch.int16, columns["object_ids"].flatten()).numpy().copy(),
    )  # fmt: skip


def _locations(boxes_R4: Tensor, sizes_N2: Tensor, count_N: Ints) -> Tensor:
    """Float32 [R, 5]: corners and area as shares of the picture (the paper's spatial vector)."""
    sizes_R4 = sizes_N2.float().repeat(1, 2).repeat_interleave(torch.from_numpy(count_N), dim=0)
    corners_R4 = boxes_R4 / sizes_R4
    area_R = (corners_R4[:, 2] - corners_R4[:, 0]) * (corners_R4[:, 3] - corners_R4[:, 1])
    return torch.cat([corners_R4, area_R[:, None]], dim=1)
