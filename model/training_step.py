"""One optimiser step: the gradients of batches, whole or part after part, clipping, AdamW."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint as recomputed

from model.distributed import World, whole
from model.objectives import Asked
from model.training_plan import Running, Schedule
from model.work import Work


class Batch(Protocol):
    """A batch on the CPU, such as ``model.prepared`` has them."""

    @property
    def keys(self) -> Sequence[str]:
        """caption_id or sentence_id of each row."""

    @property
    def count(self) -> int:
        """How much the batch asks for; its mean loss is the total over this."""

    def share(self, rank: int, world: int) -> Batch:
        """One of so many parts, whose totals and counts add up to the whole batch's."""

    def packed(self) -> Batch:
        """The batch with all that the network would else have to ask its device for."""

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""

    def pin(self) -> Batch:
        """The batch in pinned memory."""

    def loss(self, network: Any) -> Asked:
        """The summed loss of all that the batch asks of the network, and how much that is."""


@dataclass(frozen=True)
class Draw:
    """A task that a step trains, its batch, and how much work that is."""

    task: str
    batch: Batch
    work: Work


@dataclass(frozen=True)
class Ready:
    """A draw, and the parts of its batch that this process asks the network one after the other."""

    draw: Draw
    parts: list[Batch]


@dataclass(frozen=True)
class Taken:
    """What a step tells, on the device where it was computed: reading it waits for the step.

    Attributes:
        step: optimiser steps that are done with it.
        losses: a scalar a task, the mean of its draws.
        norm: of the whole gradient, before clipping; a scalar.
        keys: ids of the texts, by task.
    """

    step: int
    losses: dict[str, Tensor]
    norm: Tensor
    keys: dict[str, list[str]]


class _Asking(nn.Module):
    """What a network makes of a batch: the summed loss. A module, so that several processes can share its weights."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self._network = network

    def forward(self, batch: Batch) -> Tensor:
        return batch.loss(self._network).total


class Stepper:
    """Takes optimiser steps.

    Args:
        network: what is trained; layers in ``network.layers`` are recomputed or compiled where that is asked for.
        schedule: rates.
        running: accumulation, precision, recomputing, compiling.
        world: the processes that train it together.

    Attributes:
        optimiser: AdamW, with weight decay for matrices and none for biases and norms.
    """

    def __init__(self, network: nn.Module, schedule: Schedule, running: Running, world: World) -> None:
        self._network, self._schedule, self._world = network, schedule, world
        self.device = next(network.parameters()).device
        self._half, self._parts = running.precision == "bfloat16", running.accumulate
        layers: Sequence[nn.Module] = getattr(network, "layers", ())
        if running.compile and self.device.type == "cuda":
            network.train()
            with self.autocast():
                network.compile_parts()  # type: ignore[operator]  # torch types every attribute of a Module as one
        elif running.compile:
            print(f"compile is for GPUs: on {self.device.type} the layers run as they are.")
        self._asking = world.together(_Asking(network), layers if running.spread else ())
        decayed = [parameter for parameter in network.parameters() if parameter.ndim > 1]
        others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": schedule.weight_decay}, {"params": others, "weight_decay": 0.0},
        ]  # fmt: skip
        self.optimiser = torch.optim.AdamW(groups, lr=schedule.learning_rate, betas=schedule.betas, fused=True)
        for layer in layers if running.recompute else ():
            layer.forward = partial(recomputed, layer.forward, use_reentrant=False)

    def autocast(self) -> AbstractContextManager[Any]:
        """The context in which the network computes, in the precision that is asked for."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._half)

    def ready(self, draw: Draw) -> Ready:
        """A draw with this process's parts of its batch, as they are copied to the device fastest."""
        first, all_parts = self._world.rank * self._parts, self._world.size * self._parts
        numbers = range(first, first + self._parts)
        parts = [draw.batch] if all_parts == 1 else [draw.batch.share(number, all_parts) for number in numbers]
        parts = [part.packed() for part in parts]
        return Ready(draw, [part.pin() for part in parts] if self.device.type == "cuda" else parts)

    def take(self, step: int, several: Sequence[Ready]) -> Taken:
        """Trains the network on what the step of that number, from 0, draws; the draws' losses are summed."""
        self._network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self._schedule.rate(step)
        self.optimiser.zero_grad(set_to_none=True)
        means: dict[str, list[Tensor]] = {}
        keys: dict[str, list[str]] = {}
        for one in several:
            means.setdefault(one.draw.task, []).append(self._add_gradients(one))
            keys.setdefault(one.draw.task, []).extend(one.draw.batch.keys)
        losses = {task: torch.stack(drawn).mean() for task, drawn in means.items()}
        norm = whole(nn.utils.clip_grad_norm_(self._network.parameters(), self._schedule.clip_norm))
        self.optimiser.step()
        return Taken(step + 1, losses, norm, keys)

    def _add_gradients(self, ready: Ready) -> Tensor:
        """Adds the gradients of a batch's mean loss; returns that mean.

        Parts ask for different amounts, as many tokens as are masked: each one's sum is divided by the whole's amount.
        """
        mean = torch.zeros((), device=self.device)
        for number, part in enumerate(ready.parts, 1):
            with self._gathering(number == self._parts):
                with self.autocast():
                    total = self._asking(part.to(self.device))
                loss = total / max(1, ready.draw.batch.count)
                (loss * self._world.size).backward()  # gathered gradients are means over the processes
            mean += loss.detach()
        return self._world.summed(mean)

    def _gathering(self, last: bool) -> AbstractContextManager[Any]:
        """Within the block of the last part of a batch the processes' gradients are gathered."""
        if isinstance(self._asking, FSDPModule):
            self._asking.set_requires_gradient_sync(last)
        elif not last and isinstance(self._asking, DistributedDataParallel):
            return self._asking.no_sync()
        return nullcontext()
