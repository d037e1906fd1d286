"""Captions by batched beam search beside one picture at a time, by the same code.

    python benchmarks/captioning.py
    python benchmarks/captioning.py --layers 4 --width 256

Both decode the same pictures with the same beam, to the same length. Weights are drawn: speed alone is measured. Sizes
are the demo's where none are given.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch
from parts.drawn_regions import drawn_regions
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
        taken = []
        for _ in range(given.rounds):
            start = time.perf_counter()
            together = captions(network, store, how, given.pictures)
            middle = time.perf_counter()
            alone = captions(network, store, how, 1)
            taken.append((middle - start, time.perf_counter() - middle))
    ours, theirs = (given.pictures / statistics.median(column) for column in zip(*taken, strict=True))
    ratio = statistics.median(other / one for one, other in taken)
    same = sum(one == other for one, other in zip(together, alone, strict=True))
    print(
        f"{given.pictures} pictures, beam {given.beam}: {ours:,.1f} pictures/s together, {theirs:,.1f} one at a time: "
        f"{ratio:.2f} times; {same} captions are the same, {len(set(map(tuple, together)))} are different ones"
    )


if __name__ == "__main__":
    main()
