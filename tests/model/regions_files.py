"""Regions datasets as others might write them, or damage them."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from task_world import FEATURES, region_row, write_dataset

from contract.hashing import sha256_of_file
from contract.manifest import Shard, read_manifest

COUNT, GROUP = 12, 3
AS_WRITTEN = {"compression": "none", "use_dictionary": False}


def rows_of(count: int = COUNT, width: int = FEATURES) -> list[dict]:
    return [region_row(picture, width) for picture in range(count)]


def regions(folder: Path, rows: list[dict] | None = None) -> Path:
    return write_dataset(folder, "regions", rows_of() if rows is None else rows)


def shards_of(folder: Path) -> list[Path]:
    return [folder / shard.path for shard in read_manifest(folder).shards]


def state_anew(folder: Path) -> Path:
    """Makes the manifest state the files as they are now."""
    manifest = read_manifest(folder)
    shards = []
    for shard, path in zip(manifest.shards, shards_of(folder), strict=True):
        shards.append(Shard(shard.path, shard.rows, path.stat().st_size, sha256_of_file(path)))
    dataclasses.replace(manifest, shards=shards).write(folder)
    return folder


def rewrite(
    folder: Path, change: Callable[[pa.Table], pa.Table] = lambda table: table, shard: int | None = None, **options
) -> Path:
    """Writes all shards anew, or one, with other options of Parquet's or other rows."""
    for path in shards_of(folder) if shard is None else [shards_of(folder)[shard]]:
        table = change(pq.read_table(path))
        pq.write_table(table, path, **{"row_group_size": GROUP} | AS_WRITTEN | options)
    return state_anew(folder)


def overwrite(path: Path, place: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(data)


def first_features(path: Path) -> int:
    """Where the first picture's features begin in a shard."""
    row = pq.read_table(path).slice(0, 1).to_pylist()[0]
    return path.read_bytes().index(row["features"])


def expected_batch(rows: list[dict]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What a batch of these rows is, put together value by value."""
    longest = max(row["num_regions"] for row in rows)
    features = np.zeros((len(rows), longest, rows[0]["feature_dim"]), np.float32)
    locations, mask = np.zeros((len(rows), longest, 5), np.float32), np.zeros((len(rows), longest), bool)
    ids = np.zeros((len(rows), longest), np.int64)
    for place, row in enumerate(rows):
        values = np.frombuffer(row["features"], "<f2").reshape(row["num_regions"], -1)
        for region, box in enumerate(np.frombuffer(row["boxes"], "<f4").reshape(-1, 4)):
            x1, x2 = box[[0, 2]] / np.float32(row["width"])
            y1, y2 = box[[1, 3]] / np.float32(row["height"])
            features[place, region] = values[region]
            locations[place, region] = [x1, y1, x2, y2, (x2 - x1) * (y2 - y1)]
            mask[place, region], ids[place, region] = True, row["object_ids"][region]
    return features, locations, mask, ids
