"""Reading regions back into torch tensors, beside the published HDF5 layout read at random with h5py.

    python benchmarks/reading.py --pictures 2000 --rounds 5
    python benchmarks/reading.py --pictures 2000 --rounds 5 --least 36

Both hold the same pictures, of 10 (or --least) to 100 regions of 2048 numbers, and both lie in the page cache; both
give features, boxes, classes, number of regions and size of every picture. The HDF5 file is as the published code reads
it: float32 padded to 100 regions, five arrays, a picture at a time in random order.

Batches are what training takes: 512 pictures drawn at random, padded, made by threads that work ahead of a consumer
that does nothing with them; of the published layout they are read as above, then stacked. Opening is measured in a
process of its own that has opened a few pictures before.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import h5py
import numpy as np
import torch

from contract.manifest import Manifest
from contract.schemas import SCHEMAS
from contract.shards import REJECTS_FOLDER, ShardWriter, shard_name
from model.loader import Ahead
from model.regions import RegionStore, region_tensors

WIDTH, MOST, SHARDS, BATCH = 2048, 100, 8, 512
PUBLISHED = ("features", "bbox", "objects", "num_boxes", "wh")

OPENING = """
import sys, time
from pathlib import Path
from model.regions import RegionStore
status = Path("/proc/self/status")
memory = lambda name: int(status.read_text().split(name + ":")[1].split()[0]) / 1024
RegionStore(Path(sys.argv[1]))  # loads the code that opening takes
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
before, start = memory("VmRSS"), time.perf_counter()
store = RegionStore(Path(sys.argv[2]))
print(time.perf_counter() - start, memory("VmHWM") - before)
"""


def features_of(number: int, least: int) -> np.ndarray:
    draw = np.random.default_rng(number)
    return np.maximum(draw.normal(0.3, 1, (int(draw.integers(least, MOST + 1)), WIDTH)), 0).astype("<f2")


def write_regions(folder: Path, count: int, least: int) -> int:
    """The dataset; returns the bytes of its features."""
    schema, written, rejects, total = SCHEMAS["regions"], [], [], 0
    for shard, rows in enumerate(np.array_split(np.arange(count), SHARDS)):
        with ShardWriter(folder, shard_name(shard, SHARDS), schema) as writer:
            for number in rows.tolist():
                features = features_of(number, least)
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


def write_hdf5(path: Path, count: int, least: int) -> None:
    """The same pictures in the published layout."""
    with h5py.File(path, "w") as file:
        file["image_id"] = np.arange(count)
        file["wh"] = np.tile(np.float32([480, 640]), (count, 1))
        features = file.create_dataset("features", (count, MOST, WIDTH), "f4")
        file["bbox"] = np.tile(np.float32([1, 2, 30, 40]), (count, MOST, 1))
        file["objects"] = np.ones((count, MOST), "i8")
        counts = np.zeros(count, "i8")
        for number in range(count):
            one = features_of(number, least)
            features[number, : len(one)], counts[number] = one, len(one)
        file["num_boxes"] = counts


def read_store(store: RegionStore) -> int:
    """Every picture's features, locations and classes as tensors, in random order."""
    order = np.random.default_rng(0).permutation(len(store)).tolist()
    return sum(len([torch.from_numpy(part) for part in (*store.one(row), store.object_ids[row])]) == 3 for row in order)


def read_batches(store: RegionStore, threads: int, memories: list[torch.Tensor]) -> int:
    """Four times as many pictures as there are, or a few less, in random batches, made by threads."""
    size = min(BATCH, len(store))
    batches = 4 * len(store) // size

    def batch(number: int) -> int:
        if number >= batches:  # nobody asks for what is ahead of the last
            return 0
        rows = np.random.default_rng(number).integers(0, len(store), size)
        return len(store.batch(rows, memories[number % len(memories)] if memories else None).mask)

    with Ahead(batch, count(0), threads, max(len(memories) - 1, 1)) as made:
        return sum(next(made) for _ in range(batches))


def read_tensors(folder: Path) -> int:
    """Every picture's features, boxes, classes and size as tensors, row group after row group."""
    return sum(len(group.features) for group in region_tensors(folder))


def read_hdf5(path: Path) -> int:
    """Every picture's arrays as tensors, in random order."""
    with h5py.File(path, "r") as file:
        arrays = [file[name] for name in PUBLISHED]
        order = np.random.default_rng(0).permutation(len(arrays[0])).tolist()
        return sum(len([torch.as_tensor(array[row]) for array in arrays]) == len(arrays) for row in order)


def read_hdf5_batches(path: Path) -> int:
    """As many pictures, or a few less, in random batches."""
    with h5py.File(path, "r") as file:
        arrays = [file[name] for name in PUBLISHED]
        count = len(arrays[0])
        done, size = 0, min(BATCH, count)
        for number in range(count // size):
            rows = np.random.default_rng(number).integers(0, count, size).tolist()
            pictures = [[torch.as_tensor(array[row]) for array in arrays] for row in rows]
            features, *_ = [torch.stack(parts) for parts in zip(*pictures, strict=True)]
            done += len(features)
        return done


def seconds(read: Callable[[], int], taken: list[float]) -> None:
    """Notes the seconds a picture."""
    start = time.perf_counter()
    count = read()
    taken.append((time.perf_counter() - start) / count)


def main() -> None:
    """Prints pictures/s and GB/s, medians of several rounds, each round reading in every way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--least", type=int, default=10, help="regions of a picture")
    given = parser.parse_args()
    count = given.pictures
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        regions, hdf5 = Path(name) / "regions", Path(name) / "regions.h5"
        size = write_regions(regions, count, given.least)
        write_hdf5(hdf5, count, given.least)
        store = RegionStore(regions)
        published, in_batches = "published HDF5, a picture at a time at random", "published HDF5, batches"
        ways = {
            published: lambda: read_hdf5(hdf5),
            "regions, a picture at a time at random": lambda: read_store(store),
            "regions, one row group after the other": lambda: read_tensors(regions),
            in_batches: lambda: read_hdf5_batches(hdf5),
            "batches in new memory, float32, 1 thread": lambda: read_batches(store, 1, []),
        }
        for threads in [one for one in (1, 2, 4) if one <= len(os.sched_getaffinity(0))]:
            memories = [store.memory(min(BATCH, count)) for _ in range(threads + 2)]
            way = f"batches in memory that is taken again, float16, {threads} thread{'s' * (threads > 1)}"
            ways[way] = lambda threads=threads, memories=memories: read_batches(store, threads, memories)
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(given.rounds + 1):  # the first fills the page cache
            for way, read in ways.items():
                seconds(read, taken[way])
        for way, (_, *rounds) in taken.items():
            median = statistics.median(rounds)
            other = taken[in_batches if "batches" in way else published][1:]
            ratio = statistics.median(h / p for h, p in zip(other, rounds, strict=True))
            beside = "" if "HDF5" in way else f", {ratio:.1f} times the published layout"
            print(f"{way}: {1 / median:,.0f} pictures/s, {size / count / median / 1e9:.1f} GB/s of features{beside}")
        few = Path(name) / "few"
        write_regions(few, SHARDS, given.least)
        command = [sys.executable, "-c", OPENING, str(few), str(regions)]
        opened = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(given.rounds)]
        times, memory = zip(*(map(float, one.stdout.split()) for one in opened), strict=True)
        print(
            f"opening {size / 1e6:,.0f} MB of features: {statistics.median(times):.2f} s, "
            f"{statistics.median(memory):.0f} MB of memory at most"
        )


if __name__ == "__main__":
    main()
