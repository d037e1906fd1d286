"""The regions of a dataset: as tensors, row group after row group, and by picture for training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract.dataset import Dataset
from contract.errors import InputError
from model.network import Regions

Ints = NDArray[np.int64]
_COLUMNS = ("image_id", "num_regions", "feature_dim", "features", "boxes", "object_ids", "width", "height")


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
    return torch.frombuffer(data, dtype=kind, offset=first, count=(last - first) // kind.itemsize)


def _values_as(kind: torch.dtype, array: pa.Array) -> Tensor:
    """The values of a column of numbers, likewise."""
    _, data = array.buffers()
    return torch.frombuffer(data, dtype=kind, offset=array.offset * kind.itemsize, count=len(array))


class RegionStore:
    """The regions of a dataset, by picture, all of them in memory.

    Args:
        folder: the regions dataset.

    Attributes:
        row_of: row by image_id.
        feature_dim: width of a feature.

    Raises:
        InputError: where the folder holds no regions, or features of several widths.
    """

    def __init__(self, folder: Path) -> None:
        groups = list(region_tensors(folder))
        if not groups:
            raise InputError(f"{folder} holds no regions.", "at least one picture with regions.")
        names = [image_id for group in groups for image_id in group.image_ids]
        self.row_of = {image_id: row for row, image_id in enumerate(names)}
        self._features = [one.numpy() for group in groups for one in group.features]
        self.feature_dim = int(self._features[0].shape[1])
        self._objects = [one for group in groups for one in group.object_ids]
        self._locations = [one for group in groups for one in _locations(group)]

    def __len__(self) -> int:
        return len(self.row_of)

    @cached_property
    def object_ids(self) -> list[Ints]:
        """The detector's classes of each picture's regions."""
        return [ids.numpy().astype(np.int64) for ids in self._objects]

    def one(self, row: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        """Features float16 [R, F], straight from Parquet's buffers, and locations float32 [R, 5] of a picture."""
        return self._features[row], self._locations[row]

    def batch(self, rows: Iterable[int]) -> Regions:
        """The regions of pictures, padded to the longest."""
        rows = list(rows)
        length = max(len(self.object_ids[row]) for row in rows)
        features = np.zeros((len(rows), length, self.feature_dim), np.float32)
        locations = np.zeros((len(rows), length, 5), np.float32)
        mask = np.zeros((len(rows), length), bool)
        ids = np.zeros((len(rows), length), np.int64)
        for place, row in enumerate(rows):
            one_features, one_locations = self.one(row)
            count = len(one_features)
            features[place, :count], locations[place, :count] = one_features, one_locations
            mask[place, :count], ids[place, :count] = True, self.object_ids[row]
        return Regions(*(torch.from_numpy(array) for array in (features, locations, mask, ids)))


def _locations(group: RegionTensors) -> list[NDArray[np.float32]]:
    """Float32 [R, 5] a picture: corners and area as shares of the picture (the paper's spatial vector)."""
    counts = [len(boxes) for boxes in group.boxes]
    sizes_R4 = group.sizes_N2.float().repeat(1, 2).repeat_interleave(torch.tensor(counts), dim=0)
    corners_R4 = torch.cat(group.boxes) / sizes_R4
    area_R = (corners_R4[:, 2] - corners_R4[:, 0]) * (corners_R4[:, 3] - corners_R4[:, 1])
    return [one.numpy() for one in torch.cat([corners_R4, area_R[:, None]], dim=1).split(counts)]
