"""Steps of pre-training beside a plain reference: transformers' XLM-R over padded batches with logits everywhere.

    python benchmarks/pretraining.py --rounds 3
    python benchmarks/pretraining.py --device cuda --layers 12 --width 768 --heads 12 --batch 512 --precision bfloat16

Both networks have the same sizes and take the same batches: captions as long as Multi30K's in XLM-R's pieces, 36 to 100
regions. A step is forward, backward, clipping and AdamW. On a GPU the card's matrix rate is measured in the same run,
and only useful operations are counted: those of real positions and of tokens that are asked for.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from parts.plain_reference import IGNORED, PlainReference
from torch import Tensor, nn

from model import noise, objectives
from model.config import NetworkConfig
from model.data import pad
from model.network import Regions, UnderstandingNetwork
from model.objectives import Places
from model.tokenizer import BOS, EOS, PAD

VOCABULARY, CLASSES, MOST_REGIONS = 250_002, 1600, 100
TASKS = ("xMLM", "MMLM", "MRM", "VLM")


@dataclass(frozen=True)
class Batch:
    """One batch for all tasks.

    Attributes:
        tokens_BT: the texts.
        seen_BT: the texts with some tokens masked.
        words_BT: bool, the tokens that are asked for.
        regions: of the pictures.
        chosen_BR: bool, the regions that are asked for.
        zeroed_BR: bool, those of them that the network does not see.
        matched_B: whether text and picture match, 1.0 or 0.0.
    """

    tokens_BT: Tensor
    seen_BT: Tensor
    words_BT: Tensor
    regions: Regions
    chosen_BR: Tensor
    zeroed_BR: Tensor
    matched_B: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


def draw_batch(size: int, width: int, draw: np.random.Generator) -> Batch:
    """One batch for all tasks. Multi30K's English captions have 17 pieces on average, with their ends."""
    lengths = np.clip(draw.lognormal(2.75, 0.33, size), 6, 60).astype(int)
    texts = [np.concatenate([[BOS], draw.integers(10, VOCABULARY - 1, length - 2), [EOS]]) for length in lengths]
    tokens = pad(texts)
    seen, words = noise.mask_tokens(tokens.numpy(), 0.15, VOCABULARY - 1, draw)
    counts = draw.integers(36, MOST_REGIONS + 1, size)
    mask = np.arange(counts.max()) < counts[:, None]
    regions = Regions(
        torch.from_numpy(draw.standard_normal((*mask.shape, width), np.float32) * mask[..., None]),
        torch.from_numpy(draw.random((*mask.shape, 5), np.float32)), torch.from_numpy(mask),
        torch.from_numpy(draw.integers(0, CLASSES, mask.shape)),
    )  # fmt: skip
    chosen, zeroed = (torch.from_numpy(one) for one in noise.mask_regions(mask, 0.15, draw))
    matched = torch.from_numpy((draw.random(size) < 0.5).astype(np.float32))
    return Batch(tokens, torch.from_numpy(seen), torch.from_numpy(words), regions, chosen, zeroed, matched)


def loss_of_ours(network: UnderstandingNetwork, task: str, batch: Batch) -> Tensor:
    """One task's loss, by our objectives."""
    tokens, seen, regions = batch.tokens_BT, batch.seen_BT, batch.regions
    if task == "xMLM":
        return objectives.masked_language_loss(network, seen, tokens, Places.where(batch.words_BT)).mean
    if task == "MMLM":
        words = Places.where(batch.words_BT)
        return objectives.multimodal_masked_language_loss(network, seen, tokens, regions, words).mean
    if task == "MRM":
        chosen = Places.where(batch.chosen_BR)
        return objectives.masked_region_loss(network, tokens, regions, batch.zeroed_BR, chosen).mean
    return objectives.matching_loss(network, tokens, regions, batch.matched_B).mean


def loss_of_reference(network: PlainReference, task: str, batch: Batch) -> Tensor:
    """The same task's, by the reference."""
    if task in ("xMLM", "MMLM"):
        labels_BT = batch.tokens_BT.masked_fill(~batch.words_BT, IGNORED)
        return network.masked_language(batch.seen_BT, labels_BT, batch.regions if task == "MMLM" else None)
    if task == "MRM":
        return network.masked_regions(batch.tokens_BT, batch.regions, batch.chosen_BR, batch.zeroed_BR)
    return network.matching(batch.tokens_BT, batch.regions, batch.matched_B)


def seconds_of(step: Callable[[Batch], None], batches: list[Batch], device: torch.device) -> float:
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


def useful_operations(config: NetworkConfig, task: str, batch: Batch) -> float:
    """Multiplications and additions of a step that count: forward, and twice as many backward."""
    texts = (batch.tokens_BT != PAD).sum(1).double()
    lengths = texts if task == "xMLM" else texts + batch.regions.mask.sum(1)
    width, asked = config.width, float(batch.words_BT.sum())
    operations = config.layers * float((24 * width**2 * lengths + 4 * width * lengths**2).sum())
    if task != "xMLM":
        operations += 2 * width * config.feature_dim * float(batch.regions.mask.sum())
    if task in ("xMLM", "MMLM"):
        operations += 2 * width * (config.vocabulary + width) * asked
    if task == "MRM":
        operations += 2 * width * (config.feature_dim + width + CLASSES) * float(batch.chosen_BR.sum())
    return 3 * operations


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


def steps_of(
    network: nn.Module, loss_of: Callable[..., Tensor], precision: str, device: torch.device
) -> Callable[[str], Callable[[Batch], None]]:
    """A training step for each task."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)

    def of(task: str) -> Callable[[Batch], None]:
        def step(batch: Batch) -> None:
            optimiser.zero_grad(set_to_none=True)
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                loss = loss_of(network, task, batch)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()

        return step

    return of


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
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    given = parser.parse_args()
    device, draw = torch.device(given.device), np.random.default_rng(7)
    config = NetworkConfig(
        "understanding", given.layers, given.width, given.heads, 0.1, VOCABULARY, ("en",), 2048,
        tuple(f"class {number}" for number in range(CLASSES)), 128, "unit",
    )  # fmt: skip
    batches = [draw_batch(given.batch, config.feature_dim, draw).to(device) for _ in range(given.batches)]
    for line in _lines(config, batches, given.rounds, given.precision, device):
        print(line, flush=True)


def _lines(
    config: NetworkConfig, batches: list[Batch], rounds: int, precision: str, device: torch.device
) -> Iterator[str]:
    torch.manual_seed(7)
    samples = len(batches[0].tokens_BT)
    ours = steps_of(UnderstandingNetwork(config).to(device).train(), loss_of_ours, precision, device)
    reference = PlainReference(config, config.max_text_length + MOST_REGIONS).to(device).train()
    theirs = steps_of(reference, loss_of_reference, precision, device)
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    rate = matrix_rate(device, kind) if device.type == "cuda" else None
    means: dict[str, list[float]] = {"ours": [], "theirs": []}
    for task in TASKS:
        pairs = [
            (seconds_of(ours(task), batches, device), seconds_of(theirs(task), batches, device)) for _ in range(rounds)
        ]
        mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        means["ours"].append(mine)
        means["theirs"].append(other)
        ratio = statistics.median(b / a for a, b in pairs)
        share = f", {_rate(config, task, batches) / mine / rate:.0%} of the card's matrix rate" if rate else ""
        yield f"{task}: {samples / mine:,.1f} samples/s, reference {samples / other:,.1f}, {ratio:.2f} times{share}"
    yield f"all four, as often each: {sum(means['theirs']) / sum(means['ours']):.2f} times"


def _rate(config: NetworkConfig, task: str, batches: list[Batch]) -> float:
    return statistics.mean(useful_operations(config, task, batch) for batch in batches)


if __name__ == "__main__":
    main()
