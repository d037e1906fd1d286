"""One optimiser step: gradients of one batch or of many micro-batches that count as one, clipping, AdamW."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint as recomputed

from model.training_plan import Running, Schedule


@dataclass(frozen=True)
class MicroBatch:
    """What goes through the network at once.

    Attributes:
        ask: computes the summed losses of all that is asked for, and how many that are.
        keys: caption_id or sentence_id of the texts.
        samples: texts, pictures and pairs that go through the network.
        tokens: word pieces and regions that do, without padding; 0 where they are not counted.
        operations: useful floating-point operations, forward and backward; 0 where they are not counted.
    """

    ask: Callable[[], tuple[Tensor, Tensor | int]]
    keys: Sequence[str]
    samples: int
    tokens: int = 0
    operations: float = 0.0


@dataclass(frozen=True)
class Draw:
    """A task that a step trains, and the micro-batches that count as its one batch."""

    task: str
    batches: Sequence[MicroBatch]


@dataclass(frozen=True)
class Taken:
    """What a step tells, on the device where it was computed: reading it waits for the step.

    Attributes:
        step: optimiser steps that are done with it.
        losses: a scalar a task.
        norm: of the whole gradient, before clipping; a scalar.
        keys: ids of the texts, by task.
    """

    step: int
    losses: dict[str, Tensor]
    norm: Tensor
    keys: dict[str, list[str]]


class Stepper:
    """Takes optimiser steps.

    Args:
        network: what is trained; layers in ``network.layers`` are recomputed or compiled where that is asked for.
        schedule: rates.
        running: precision, recomputing, compiling.

    Attributes:
        optimiser: AdamW, with weight decay for matrices and none for biases and norms.
    """

    def __init__(self, network: nn.Module, schedule: Schedule, running: Running) -> None:
        self._network, self._schedule = network, schedule
        self.device = next(network.parameters()).device
        self._half = running.precision == "bfloat16"
        decayed = [parameter for parameter in network.parameters() if parameter.ndim > 1]
        others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": schedule.weight_decay}, {"params": others, "weight_decay": 0.0},
        ]  # fmt: skip
        self.optimiser = torch.optim.AdamW(groups, lr=schedule.learning_rate, betas=schedule.betas, fused=True)
        if running.compile and self.device.type != "cuda":
            print(f"compile is for GPUs: on {self.device.type} the layers run as they are.")
        for layer in getattr(network, "layers", ()):
            if running.recompute:
                layer.forward = partial(recomputed, layer.forward, use_reentrant=False)
            if running.compile and self.device.type == "cuda":
                layer.compile(dynamic=True)

    def autocast(self) -> AbstractContextManager[Any]:
        """The context in which the network computes, in the precision that is asked for."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._half)

    def take(self, step: int, draws: Sequence[Draw]) -> Taken:
        """Trains the network on what the step of that number, from 0, draws; the draws' losses are summed."""
        self._network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self._schedule.rate(step)
        self.optimiser.zero_grad(set_to_none=True)
        losses: dict[str, Tensor] = {}
        keys: dict[str, list[str]] = {}
        for draw in draws:
            loss = self._add_gradients(draw.batches)
            losses[draw.task] = losses[draw.task] + loss if draw.task in losses else loss
            keys.setdefault(draw.task, []).extend(key for batch in draw.batches for key in batch.keys)
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), self._schedule.clip_norm)
        self.optimiser.step()
        return Taken(step + 1, losses, norm, keys)

    def _add_gradients(self, batches: Sequence[MicroBatch]) -> Tensor:
        """Adds the gradients of the mean loss over all that some micro-batches ask for; returns that mean.

        How much the later ones ask for is not known while the first goes through the network, so the gradients of sums
        are added up and divided at the end.
        """
        if len(batches) == 1:
            with self.autocast():
                total, count = batches[0].ask()
                mean = total / count
            mean.backward()
            return mean.detach()
        trained = list(self._network.parameters())
        earlier = [parameter.grad for parameter in trained]  # of the step's draws before this one
        self.optimiser.zero_grad(set_to_none=True)
        sums: list[Tensor] = []
        counts: list[Tensor | int] = []
        for batch in batches:
            with self.autocast():
                total, count = batch.ask()
            total.backward()
            sums.append(total.detach())
            counts.append(count)
        asked = sum(counts)
        for parameter, before in zip(trained, earlier, strict=True):
            if parameter.grad is not None:
                parameter.grad /= asked
            if before is not None:
                parameter.grad = before if parameter.grad is None else parameter.grad.add_(before)
        return torch.stack(sums).sum() / asked
