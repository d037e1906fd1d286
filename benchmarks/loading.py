"""How many samples a second training is handed, by the threads that work ahead of it: nothing takes them.

    taskset -c 0-3 python benchmarks/loading.py --threads 1 2 4

Batches are those of pre-training, from their draw to pinned memory where there is a GPU: captions as long as Multi30K's
in XLM-R's pieces, 36 to 100 regions of 2048 numbers, which lie in the page cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from parts.drawn_regions import drawn_regions

from model.batches import Sources, UnderstandingTasks
from model.config import UnderstandingConfig
from model.data import Texts
from model.loader import Ahead
from model.prepared import Prepared
from model.regions import RegionStore, Slices
from model.tokenizer import BOS, EOS

VOCABULARY, WIDTH, CAPTIONS_A_PICTURE = 250_002, 2048, 5
TASKS = ("xMLM", "MMLM", "MRM", "VLM")


def drawn_texts(pictures: int, each: int, draw: np.random.Generator) -> Texts:
    """Texts of drawn tokens. Multi30K's English captions have 17 pieces on average, with their ends."""
    count = pictures * each
    lengths = np.clip(draw.lognormal(2.75, 0.33, count), 6, 60).astype(np.int64)
    starts = np.cumsum(lengths) - lengths
    values = draw.integers(10, VOCABULARY - 1, lengths.sum()).astype(np.int32)
    values[starts], values[starts + lengths - 1] = BOS, EOS
    keys = [f"{number:08d}" for number in range(count)]
    return Texts(Slices(values, starts, lengths), ["en"] * count, np.repeat(np.arange(pictures), each), keys)


def rate(tasks: UnderstandingTasks, task: str, threads: int, batches: int) -> float:
    """Samples a second: pairs, where there are pairs."""

    def make(number: int) -> Prepared[Any]:
        batch = tasks.prepare(task, number).packed()
        return batch.pin() if torch.cuda.is_available() else batch

    with Ahead(make, range(threads + batches), threads, threads + 1) as made:
        for _ in range(threads):  # not counted: first uses are slow
            next(made)
        start = time.perf_counter()
        samples = sum(next(made).packings[0].shape[0] for _ in range(batches))
        return samples / (time.perf_counter() - start)


def main() -> None:
    """Prints samples a second of each task, medians of several rounds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=512, help="samples, pairs among them")
    parser.add_argument("--batches", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4])
    given = parser.parse_args()
    draw = np.random.default_rng(7)
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        drawn_regions(Path(name), given.pictures, 36, 100, WIDTH)
        store = RegionStore(Path(name), for_gpu=True)
        texts = drawn_texts(given.pictures, CAPTIONS_A_PICTURE, draw)
        tokenizer: Any = SimpleNamespace(mask=VOCABULARY - 1)  # all that batches ask of one
        sources = Sources(tokenizer, store, texts, None, texts, {"en": 1.0}, ("en",), 7)
        print(f"{len(os.sched_getaffinity(0))} cores")
        for task in TASKS:
            pairs = 2 if task == "VLM" else 1  # each caption with its picture, and with another
            tasks = UnderstandingTasks(sources, UnderstandingConfig(batch_size=given.batch // pairs))
            for threads in given.threads:
                taken = [rate(tasks, task, threads, given.batches) for _ in range(given.rounds)]
                print(f"{task}, {threads} threads: {statistics.median(taken):,.0f} samples/s", flush=True)


if __name__ == "__main__":
    main()
