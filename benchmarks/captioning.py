"""Captions by batched beam search beside one picture at a time.

    python benchmarks/captioning.py
    python benchmarks/captioning.py --layers 4 --width 256

One picture at a time is decoded in two ways: as it is written down most easily, every step reading every hypothesis
from its first token; and by the same code as the batch, which keeps keys and values. All decode the same pictures with
the same beam, to the same length. Weights are drawn: speed alone is measured. Sizes are the demo's by default.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from parts.drawn_regions import drawn_regions
from parts.plain_beam import plain_beam
from torch import nn

from model.captioning import BeamSearch, search
from model.config import NetworkConfig
from model.network import GenerationNetwork
from model.regions import RegionStore

VOCABULARY, MASK = 2000, 1999


@torch.inference_mode()
def captions(network: GenerationNetwork, store: RegionStore, how: BeamSearch, batch: int) -> list[list[int]]:
    """The captions of all pictures, as token ids, so many pictures at a time."""
    found = []
    for start in range(0, len(store), batch):
        memory_BMD, mask_BM = network.encode_regions(store.batch(range(start, min(start + batch, len(store)))))
        found += search(network, memory_BMD, mask_BM, 0, MASK, how)
    return found


@torch.inference_mode()
def plain_captions(network: GenerationNetwork, store: RegionStore, how: BeamSearch) -> list[list[int]]:
    """The same, one picture after the other, with nothing kept."""
    memories = (network.encode_regions(store.batch([row])) for row in range(len(store)))
    return [plain_beam(network, memory_1MD, mask_1M, MASK, how) for memory_1MD, mask_1M in memories]


def main() -> None:
    """Prints pictures a second, medians of several rounds, and how many captions are the same."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--beam", type=int, default=10)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--heads", type=int, default=4)
    given = parser.parse_args()
    config = NetworkConfig(
        "generation", given.layers, given.width, given.heads, 0.0, VOCABULARY, ("en",), 448, ("thing",), 64, "unit"
    )
    torch.manual_seed(7)
    network = GenerationNetwork(config).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            layer.weight.data.mul_(3)  # so that captions differ from picture to picture
    how = BeamSearch(given.beam, 1.0, given.length)
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        store = drawn_regions(Path(name), given.pictures, 3, 8, 448)
        captions(network, store, how, given.pictures)  # not counted: first uses are slow
        ways: dict[str, Callable[[], list[list[int]]]] = {
            "together": lambda: captions(network, store, how, given.pictures),
            "one at a time, plainly": lambda: plain_captions(network, store, how),
            "one at a time, by the same code": lambda: captions(network, store, how, 1),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        found = {}
        for _ in range(given.rounds):
            for way, decode in ways.items():
                start = time.perf_counter()
                found[way] = decode()
                seconds[way].append(time.perf_counter() - start)
    together = found["together"]
    print(f"{given.pictures} pictures, beam {given.beam}, {torch.get_num_threads()} threads; captions that differ from "
          f"each other: {len(set(map(tuple, together)))}")  # fmt: skip
    for way, taken in seconds.items():
        ratio = statistics.median(one / other for one, other in zip(taken, seconds["together"], strict=True))
        same = sum(one == other for one, other in zip(found[way], together, strict=True))
        shown = "" if way == "together" else f": together is {ratio:.2f} times as fast; {same} captions are the same"
        print(f"{way}: {given.pictures / statistics.median(taken):,.1f} pictures/s{shown}")


if __name__ == "__main__":
    main()
