"""Reading regions back into torch tensors, beside the published HDF5 layout read at random with h5py.

    python benchmarks/reading.py --pictures 2000 --rounds 5

Both hold the same pictures, of 10 to 100 regions of 2048 numbers, and both lie in the page cache; both give features,
boxes, classes, number of regions and size of every picture. The HDF5 file is as the published code reads it: float32
padded to 100 regions, five arrays, a picture at a time in random order.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch

from contract.manifest import Manifest
from contract.schemas import SCHEMAS
from contract.shards import REJECTS_FOLDER, ShardWriter, shard_name
from model.regions import RegionStore, region_tensors

WIDTH, MOST, SHARDS = 2048, 100, 8


def features_of(number: int) -> np.ndarray:
    draw = np.random.default_rng(number)
    return np.maximum(draw.normal(0.3, 1, (int(draw.integers(10, MOST + 1)), WIDTH)), 0).astype("<f2")


def write_regions(folder: Path, count: int) -> int:
    """The dataset; returns the bytes of its features."""
    schema, written, rejects, total = SCHEMAS["regions"], [], [], 0
    for shard, rows in enumerate(np.array_split(np.arange(count), SHARDS)):
        with ShardWriter(folder, shard_name(shard, SHARDS), schema) as writer:
            for number in rows.tolist():
                features = features_of(number)
                regions, total = len(features), total + features.nbytes
                writer.write([{
                    "image_id": f"{number:08d}", "num_regions": regions, "feature_dim": WIDTH,
                    "features": features.tobytes(), "boxes": np.tile(np.float32([1, 2, 30, 40]), regions).tobytes(),
                    "width": 640, "height": 480, "object_ids": [1] * regions, "object_scores": [0.5] * regions,
                    "attribute_ids": None, "attribute_scores": None, "detector": "none",
                }])  # fmt: skip
        with ShardWriter(folder, f"{REJECTS_FOLDER}/{shard_name(shard, SHARDS)}", SCHEMAS["rejects"]) as rejected:
            pass
        written.append(writer.shard())
        rejects.append(rejected.shard())
    Manifest("regions", schema.version, "bench", {}, 0, {}, written, rejects, count, count, {}).write(folder)
    return total


def write_hdf5(path: Path, count: int) -> None:
    """The same pictures in the published layout."""
    with h5py.File(path, "w") as file:
        file["image_id"] = np.arange(count)
        file["wh"] = np.tile(np.float32([480, 640]), (count, 1))
        features = file.create_dataset("features", (count, MOST, WIDTH), "f4")
        file["bbox"] = np.tile(np.float32([1, 2, 30, 40]), (count, MOST, 1))
        file["objects"] = np.ones((count, MOST), "i8")
        counts = np.zeros(count, "i8")
        for number in range(count):
            one = features_of(number)
            features[number, : len(one)], counts[number] = one, len(one)
        file["num_boxes"] = counts


def read_store(folder: Path) -> int:
    """Every picture's features and locations as tensors, from the store that training uses today."""
    store = RegionStore(folder)
    return sum(len(torch.from_numpy(part)) > 0 for row in range(len(store)) for part in store.one(row)) // 2


def read_tensors(folder: Path) -> int:
    """Every picture's features, boxes, classes and size as tensors, row group after row group."""
    return sum(len(group.features) for group in region_tensors(folder))


def read_hdf5(path: Path) -> int:
    """Every picture's arrays as tensors, in random order."""
    with h5py.File(path, "r") as file:
        names = ("features", "bbox", "objects", "num_boxes", "wh")
        arrays = [file[name] for name in names]
        order = np.random.default_rng(0).permutation(len(arrays[0])).tolist()
        return sum(len([torch.from_numpy(np.asarray(array[row])) for array in arrays]) == len(names) for row in order)


def seconds(read: Callable[[], int], count: int) -> float:
    start = time.perf_counter()
    assert read() == count
    return time.perf_counter() - start


def main() -> None:
    """Prints pictures/s and GB/s, medians of several rounds, each round reading everything in every way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    count = given.pictures
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        regions, hdf5 = Path(name) / "regions", Path(name) / "regions.h5"
        size = write_regions(regions, count)
        write_hdf5(hdf5, count)
        ways = {
            "regions, all held in memory": lambda: read_store(regions),
            "regions, one row group after the other": lambda: read_tensors(regions),
            "published HDF5 at random": lambda: read_hdf5(hdf5),
        }
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(given.rounds + 1):  # the first fills the page cache
            for way, read in ways.items():
                taken[way].append(seconds(read, count))
        for way, all_taken in taken.items():
            median = statistics.median(all_taken[1:])
            print(f"{way}: {count / median:,.0f} pictures/s, {size / median / 1e9:.1f} GB/s of features")
        slow = taken["published HDF5 at random"][1:]
        for way in list(ways)[:2]:
            ratio = statistics.median(h / p for h, p in zip(slow, taken[way][1:], strict=True))
            print(f"{way}: {ratio:.1f} times the published layout")


if __name__ == "__main__":
    main()
