"""Steps of pre-training beside a plain reference: transformers' XLM-R over padded batches with logits everywhere.

    python benchmarks/pretraining.py --rounds 3
    python benchmarks/pretraining.py --device cuda --layers 12 --width 768 --heads 12 --batch 512 --precision bfloat16

Both networks have the same sizes and take the same batches: captions as long as Multi30K's in XLM-R's pieces, 36 to 100
regions. A step is forward, backward, clipping and AdamW. On a GPU the card's matrix rate is measured in the same run,
and only useful operations are counted: those of real positions and of tokens that are asked for. Where the reference
needs more memory than there is, its batch is halved until it fits, and its time counted for as many samples.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from parts.plain_reference import IGNORED, PlainReference
from torch import Tensor, nn

from model import noise
from model.config import NetworkConfig
from model.data import pad
from model.network import Regions, UnderstandingNetwork
from model.objectives import Places
from model.prepared import MaskedCaptions, MaskedRegions, MaskedText, Pairs, Prepared
from model.tokenizer import BOS, EOS
from model.work import work_of

VOCABULARY, CLASSES, MOST_REGIONS = 250_002, 1600, 100
TASKS = ("xMLM", "MMLM", "MRM", "VLM")
Step = Callable[[Prepared[UnderstandingNetwork]], None]


def draw_batch(task: str, size: int, width: int, draw: np.random.Generator) -> Prepared[UnderstandingNetwork]:
    """A batch of a task. Multi30K's English captions have 17 pieces on average, with their ends."""
    lengths = np.clip(draw.lognormal(2.75, 0.33, size), 6, 60).astype(int)
    tokens = pad([np.concatenate([[BOS], draw.integers(10, VOCABULARY - 1, length - 2), [EOS]]) for length in lengths])
    seen, words = (torch.from_numpy(one) for one in noise.mask_tokens(tokens.numpy(), 0.15, VOCABULARY - 1, draw))
    counts = draw.integers(36, MOST_REGIONS + 1, size)
    mask = np.arange(counts.max()) < counts[:, None]
    regions = Regions(
        torch.from_numpy(draw.standard_normal((*mask.shape, width), np.float32) * mask[..., None]),
        torch.from_numpy(draw.random((*mask.shape, 5), np.float32)), torch.from_numpy(mask),
        torch.from_numpy(draw.integers(0, CLASSES, mask.shape)),
    )  # fmt: skip
    keys = tuple(map(str, range(size)))
    if task == "xMLM":
        return MaskedText(keys, tokens, seen, Places.where(words))
    if task == "MMLM":
        return MaskedCaptions(keys, tokens, seen, Places.where(words), regions)
    if task == "MRM":
        chosen, zeroed = (torch.from_numpy(one) for one in noise.mask_regions(mask, 0.15, draw))
        return MaskedRegions(keys, tokens, regions, zeroed, Places.where(chosen))
    return Pairs(keys, tokens, regions, torch.from_numpy((draw.random(size) < 0.5).astype(np.float32)))


def loss_of_ours(network: UnderstandingNetwork, batch: Prepared[UnderstandingNetwork]) -> Tensor:
    """The batch's mean loss, by our objectives."""
    return batch.loss(network).mean


def loss_of_reference(network: PlainReference, batch: Prepared[UnderstandingNetwork]) -> Tensor:
    """The same, by the reference."""
    if isinstance(batch, MaskedText):
        labels_BT = torch.full_like(batch.tokens_BT, IGNORED)
        labels_BT[batch.asked.rows_N, batch.asked.columns_N] = batch.asked.of(batch.tokens_BT)
        regions = batch.regions if isinstance(batch, MaskedCaptions) else None
        return network.masked_language(batch.seen_BT, labels_BT, regions)
    if isinstance(batch, MaskedRegions):
        chosen_BR = torch.zeros_like(batch.zeroed_BR)
        chosen_BR[batch.asked.rows_N, batch.asked.columns_N] = True
        return network.masked_regions(batch.tokens_BT, batch.regions, chosen_BR, batch.zeroed_BR)
    assert isinstance(batch, Pairs)
    return network.matching(batch.tokens_PT, batch.regions, batch.matched_P)


def seconds_of(step: Step, batches: Sequence[Prepared[UnderstandingNetwork]], device: torch.device) -> float:
    """Seconds of a step, a mean over the batches."""
    step(batches[0])  # not counted: first uses are slow
    _wait(device)
    start = time.perf_counter()
    for batch in batches:
        step(batch)
    _wait(device)
    return (time.perf_counter() - start) / len(batches)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def matrix_rate(device: torch.device, kind: torch.dtype) -> float:
    """Operations a second that the card reaches in large matrix products."""
    one, other = (torch.randn(8192, 8192, device=device, dtype=kind) for _ in range(2))
    rates = []
    for _ in range(20):
        _wait(device)
        start = time.perf_counter()
        torch.matmul(one, other)
        _wait(device)
        rates.append(2 * 8192**3 / (time.perf_counter() - start))
    return statistics.median(rates)


def step_of(network: nn.Module, loss_of: Callable[..., Tensor], precision: str, device: torch.device) -> Step:
    """A training step."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)

    def step(batch: Prepared[UnderstandingNetwork]) -> None:
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = loss_of(network, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()

    return step


def main() -> None:
    """Prints samples a second and the ratios, medians of several rounds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--batches", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true", help="compile our layers, as the setting of that name does")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    given = parser.parse_args()
    device, draw = torch.device(given.device), np.random.default_rng(7)
    config = NetworkConfig(
        "understanding", given.layers, given.width, given.heads, 0.1, VOCABULARY, ("en",), 2048,
        tuple(f"class {number}" for number in range(CLASSES)), 128, "unit",
    )  # fmt: skip
    for line in _lines(config, given, device, draw):
        print(line, flush=True)


def _lines(
    config: NetworkConfig, given: argparse.Namespace, device: torch.device, draw: np.random.Generator
) -> Iterator[str]:
    torch.manual_seed(7)
    network = UnderstandingNetwork(config).to(device).train()
    if given.compile:
        with torch.autocast(device.type, torch.bfloat16, enabled=given.precision == "bfloat16"):
            network.compile_parts()
    ours = step_of(network, loss_of_ours, given.precision, device)
    reference = PlainReference(config, config.max_text_length + MOST_REGIONS).to(device).train()
    theirs = step_of(reference, loss_of_reference, given.precision, device)
    kind = torch.bfloat16 if given.precision == "bfloat16" else torch.float32
    rate = matrix_rate(device, kind) if device.type == "cuda" else None
    means: list[tuple[float, float]] = []
    for task in TASKS:
        drawn = [draw_batch(task, given.batch, config.feature_dim, draw) for _ in range(given.batches)]
        operations = statistics.mean(work_of(batch, config).operations for batch in drawn)
        batches = [batch.packed().to(device) for batch in drawn]  # as training has them, made ahead
        pairs, peaks, parts = [], [], 1
        for _ in range(given.rounds):
            mine_seconds, mine_memory = _measured(ours, batches, device)
            other_seconds, other_memory, parts = _measured_in_parts(theirs, drawn, device, parts)
            pairs.append((mine_seconds, other_seconds))
            peaks.append((mine_memory, other_memory))
        mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        means.append((mine, other))
        ratio = statistics.median(b / a for a, b in pairs)
        shown = f"{task}: {given.batch / mine:,.1f} samples/s, reference {given.batch / other:,.1f}, {ratio:.2f} times"
        if rate:
            shown += f", {operations / mine / rate:.0%} of the card's matrix rate"
            shown += ", peak memory {:.1f} GB, reference {:.1f} GB".format(*(peak / 1e9 for peak in peaks[-1]))
            shown += f" with batches of {given.batch // parts}" if parts > 1 else ""
        yield shown
    yield f"all four, as often each: {sum(other for _, other in means) / sum(mine for mine, _ in means):.2f} times"


def _measured_in_parts(
    step: Step, batches: Sequence[Prepared[UnderstandingNetwork]], device: torch.device, parts: int
) -> tuple[float, float, int]:
    """``_measured``, of batches in as many parts as fit the memory, and how many these are."""
    while True:
        try:
            shares = [batch.share(0, parts).to(device) for batch in batches]
            seconds, memory = _measured(step, shares, device)
            return seconds * parts, memory, parts
        except torch.OutOfMemoryError:
            parts *= 2
            torch.cuda.empty_cache()


def _measured(
    step: Step, batches: Sequence[Prepared[UnderstandingNetwork]], device: torch.device
) -> tuple[float, float]:
    """Seconds of a step, and on a GPU the most bytes in use meanwhile, both networks' weights among them."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    seconds = seconds_of(step, batches, device)
    return seconds, torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


if __name__ == "__main__":
    main()
