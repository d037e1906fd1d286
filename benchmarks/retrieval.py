"""Exact retrieval, every caption with every picture, beside a padded batch loop over the same network.

    python benchmarks/retrieval.py
    python benchmarks/retrieval.py --device cuda --layers 12 --width 768 --heads 12 --least 36 --most 100

All captions meet all pictures once, a part of the captions in each round. The loop takes ``--beside`` captions of the
same part in the same round: for one caption after the other, batches of pictures, padded to the longest and masked, all
of whose positions go through all layers; what it reads lies ready on the device. Weights are drawn: speed alone is
measured. Sizes are the demo's where none are given, captions as long as Multi30K's.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from parts.drawn_regions import drawn_regions
from torch import Tensor

from model.config import NetworkConfig
from model.data import Ints
from model.network import Regions, UnderstandingNetwork
from model.retrieval import score_all_pairs
from model.task_config import EvaluateConfig
from model.tokenizer import BOS, EOS

VOCABULARY = 2000
TOKENS_PER_BATCH = EvaluateConfig().tokens_per_batch


def drawn_captions(count: int) -> list[Ints]:
    """Captions of 17 pieces on average, with their ends."""
    draw = np.random.default_rng(11)
    lengths = np.clip(draw.lognormal(2.75, 0.33, count), 6, 60).astype(int)
    return [np.concatenate([[BOS], draw.integers(10, VOCABULARY, length - 2), [EOS]]) for length in lengths.tolist()]


@torch.inference_mode()
def padded_loop(network: UnderstandingNetwork, captions: Sequence[Ints], regions: Regions, batch: int) -> Tensor:
    """Scores [C, P], one caption with a batch of pictures at a time."""
    network.packs = False
    pictures, rows = len(regions.mask), []
    for caption in captions:
        tokens = torch.from_numpy(caption).to(network.device)
        found = [
            network.matching_logits(network.joint(tokens.expand(len(part.mask), -1), part))
            for part in (regions[start : start + batch] for start in range(0, pictures, batch))
        ]
        rows.append(torch.cat(found).float().cpu())
    network.packs = True
    return torch.stack(rows)


def main() -> None:
    """Prints pairs a second, medians of several rounds, and of all pairs together."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--captions", type=int, default=5000)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--beside", type=int, default=20, help="captions that the padded loop takes in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--feature-dim", type=int, default=448)
    parser.add_argument("--least", type=int, default=3, help="regions of a picture")
    parser.add_argument("--most", type=int, default=8, help="regions of a picture")
    parser.add_argument("--batch", type=int, default=256, help="pairs that the padded loop scores at once")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    config = NetworkConfig(
        "understanding", given.layers, given.width, given.heads, 0.0, VOCABULARY, ("en",), given.feature_dim,
        ("thing",), 64, "unit",
    )  # fmt: skip
    torch.manual_seed(7)
    network = UnderstandingNetwork(config).to(given.device).eval()
    captions = drawn_captions(given.captions)
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        store = drawn_regions(Path(name), given.pictures, given.least, given.most, given.feature_dim)
        pictures = list(range(given.pictures))
        regions = store.batch(pictures).to(network.device)
        padded_loop(network, captions[:2], regions, given.batch)  # not counted: first uses are slow
        score_all_pairs(network, captions[:2], store, pictures, TOKENS_PER_BATCH)
        seconds, rates = 0.0, []
        for number in range(given.rounds):
            part = captions[number :: given.rounds]
            start = time.perf_counter()
            scores = score_all_pairs(network, part, store, pictures, TOKENS_PER_BATCH)
            middle = time.perf_counter()
            beside = padded_loop(network, part[: given.beside], regions, given.batch)
            end = time.perf_counter()
            torch.testing.assert_close(torch.from_numpy(scores.matrix[: given.beside]), beside, atol=1e-3, rtol=1e-3)
            seconds += middle - start
            rates.append((scores.matrix.size / (middle - start), beside.numel() / (end - middle)))
    ours, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(one / other for one, other in rates)
    print(
        f"{len(captions):,} captions × {len(pictures):,} pictures in {seconds:,.0f} s on {given.device}: "
        f"{ours:,.0f} pairs/s, padded loop {theirs:,.0f}: {ratio:.2f} times"
    )


if __name__ == "__main__":
    main()
