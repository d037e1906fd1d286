"""Several processes that train one network together, as torchrun starts them.

    torchrun --nproc-per-node 8 -m model.pretrain understanding …

Each process takes its share of every batch; gradients are summed over all of them and divided by what the whole batch
asks, so that the same steps are taken as by one process. The first process writes; the others keep quiet.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from contract.errors import UsageError

_PAUSE = 0.1  # seconds between two looks


@dataclass(frozen=True)
class World:
    """The processes of a training.

    Attributes:
        rank: this one's number.
        size: how many there are.
        signals: the group over which they tell each other of signals, on their processors: no GPU is waited for.
    """

    rank: int = 0
    size: int = 1
    signals: Any = None

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    @property
    def apart(self) -> tuple[int, ...]:
        """What tells this process's random draws from those of one that is alone or leads."""
        return (self.rank,) if self.rank else ()

    def summed(self, tensor: Tensor) -> Tensor:
        """The sum of what all processes give, in place."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def highest(self, number: int) -> int:
        """The highest of the numbers that the processes give."""
        if self.size == 1:
            return number
        shared = torch.tensor(number)
        dist.all_reduce(shared, dist.ReduceOp.MAX, self.signals)
        return int(shared)

    def wait(self) -> None:
        """Waits until all processes are here."""
        if self.size > 1:
            dist.barrier()

    def wait_for(self, path: Path) -> None:
        """Waits until the process that leads has put a file there: as long as that takes, where ``wait`` gives up."""
        while not path.exists():
            time.sleep(_PAUSE)

    def together(self, module: nn.Module, layers: Iterable[nn.Module] = ()) -> nn.Module:
        """The module with gradients that are means over all processes.

        Args:
            module: whichever of its weights a batch uses.
            layers: parts of it whose weights are spread over the processes, and with them all others (FSDP2); with none
                given every process has all weights (DDP).
        """
        if self.size == 1:
            return module
        spread = list(layers)
        if not spread:
            return DistributedDataParallel(module, broadcast_buffers=False, find_unused_parameters=True)
        for layer in spread:
            fully_shard(layer)
        fully_shard(module)
        return module


def whole(tensor: Tensor) -> Tensor:
    """A tensor, or all of one that is spread over the processes, on the CPU; all processes ask together."""
    return tensor.full_tensor().cpu() if isinstance(tensor, DTensor) else tensor


def like(full: Tensor, spread: Tensor) -> Tensor:
    """This process's part of a whole tensor that every process has, where another is spread; else the tensor itself."""
    if not isinstance(spread, DTensor):
        return full
    return distribute_tensor(full.to(spread.device), spread.device_mesh, spread.placements, src_data_rank=None)


@contextmanager
def joined_world(device: torch.device) -> Iterator[tuple[World, torch.device]]:
    """Joins the processes that torchrun started; the world of one where it started none.

    Args:
        device: where to train; of several GPUs each process takes the one of its number on this machine.

    Yields:
        The world, and this process's device.

    Raises:
        UsageError: where there are more processes on this machine than GPUs.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(), device
        return
    if device.type == "cuda":
        local, count = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if local >= count:
            raise UsageError(f"torchrun starts process {local + 1} here, where {count} GPUs are.", "one GPU a process.")
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        with ExitStack() as quiet:
            if dist.get_rank() > 0:  # errors are told when the block has ended
                nowhere = quiet.enter_context(Path(os.devnull).open("w"))
                quiet.enter_context(redirect_stdout(nowhere))
                quiet.enter_context(redirect_stderr(nowhere))
            signals = dist.new_group(backend="gloo") if device.type == "cuda" else None
            yield World(dist.get_rank(), dist.get_world_size(), signals), device
    finally:
        dist.destroy_process_group()
