"""The training loop that pre-training and fine-tuning share: AdamW, warm-up, clipping, resume, printed throughput."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from contract.errors import InputError
from contract.hashing import sha256_of_json, stable_hash
from contract.progress import Progress

LossesOfStep = Callable[[int], dict[str, Tensor]]
_LOG_EVERY = 20  # steps a line of losses.jsonl averages over


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Attributes:
        steps: optimiser steps.
        learning_rate: its peak.
        warmup_steps: steps of linear warm-up, before a linear decay to zero.
        weight_decay: AdamW's weight decay.
        betas: AdamW's decay rates.
        clip_norm: largest norm of the gradient.
        checkpoint_every: steps between saved training states, rounded up to lines of the log.
    """

    steps: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    clip_norm: float
    checkpoint_every: int
    betas: tuple[float, float] = (0.9, 0.98)

    def rate(self, step: int) -> float:
        """The learning rate of a step, as a share of the peak."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        return max(0.0, (self.steps - step) / max(1, self.steps - self.warmup_steps))


def work_folder(out: Path, determined_by: dict[str, Any]) -> Path:
    """Where an unfinished training keeps its state, named by all that determines its result."""
    folder = out.parent / ".work" / f"{out.name}-{sha256_of_json(determined_by)[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def train(
    network: nn.Module,
    losses_of_step: LossesOfStep,
    schedule: Schedule,
    seed: int,
    label: str,
    samples_per_step: int,
    work: Path,
) -> list[dict[str, float]]:
    """Trains a network in place, resuming from the work folder's state where there is one.

    Args:
        network: the network.
        losses_of_step: the losses of a step, by name; they are summed. Depends on the step's number alone.
        schedule: steps and rates.
        seed: seeds dropout.
        label: what the progress bar says.
        samples_per_step: samples that a step sees, for the printed throughput.
        work: folder for the training state.

    Returns:
        The averaged losses of every 20 steps: step, learning rate and each loss by its name.

    Raises:
        InputError: where a loss is no number any more.
    """
    optimiser = torch.optim.AdamW(
        _groups(network, schedule.weight_decay), lr=schedule.learning_rate, betas=schedule.betas, fused=True
    )
    every = -(-schedule.checkpoint_every // _LOG_EVERY) * _LOG_EVERY  # at the end of a line of the log
    log, first = _resume(network, optimiser, work)
    network.train()
    sums: dict[str, list[float]] = {}
    started, speed = time.monotonic(), 0.0  # it is said and not written: equal trainings give equal checkpoints
    with Progress(label, schedule.steps, "steps") as bar:
        bar.update(first)
        for step in range(first, schedule.steps):
            torch.manual_seed(stable_hash(seed, "dropout", step) % 2**63)
            for group in optimiser.param_groups:
                group["lr"] = schedule.learning_rate * schedule.rate(step)
            losses = losses_of_step(step)
            total = torch.stack(list(losses.values())).sum()
            if not torch.isfinite(total):
                raise InputError(f"{label}: the loss of step {step} is {total.item()}.", "a number.", "lower the rate.")
            optimiser.zero_grad(set_to_none=True)
            total.backward()
            nn.utils.clip_grad_norm_(network.parameters(), schedule.clip_norm)
            optimiser.step()
            for name, loss in losses.items():
                sums.setdefault(name, []).append(float(loss.detach()))
            if (step + 1) % _LOG_EVERY == 0 or step + 1 == schedule.steps:
                log.append(_line(step + 1, optimiser, sums))
                speed = samples_per_step * _LOG_EVERY / (time.monotonic() - started)
                sums, started = {}, time.monotonic()
            if (step + 1) % every == 0:
                _save_state(network, optimiser, log, step + 1, work)
            shown = {k: v for k, v in (log[-1] if log else {}).items() if k not in ("step", "learning_rate")}
            bar.update(note=" ".join([f"{speed:,.0f} samples/s", *(f"{k} {v:.2f}" for k, v in shown.items())]))
    shutil.rmtree(work)
    return log


def _groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices, none for biases and norms."""
    decayed = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def _line(step: int, optimiser: torch.optim.Optimizer, sums: dict[str, list[float]]) -> dict[str, float]:
    means = {name: round(sum(values) / len(values), 5) for name, values in sorted(sums.items())}
    return {"step": step, "learning_rate": optimiser.param_groups[0]["lr"]} | means


def _save_state(
    network: nn.Module, optimiser: torch.optim.Optimizer, log: list[dict[str, float]], step: int, work: Path
) -> None:
    temporary = work / "state.tmp"
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "log": json.dumps(log)}
    torch.save(state, temporary)
    temporary.replace(work / "state.pt")


def _resume(
    network: nn.Module, optimiser: torch.optim.Optimizer, work: Path
) -> tuple[list[dict[str, float]], int]:  # fmt: skip
    path = work / "state.pt"
    if not path.is_file():
        return [], 0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    print(f"resuming from step {state['step']}")
    return json.loads(state["log"]), state["step"]
