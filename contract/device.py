"""Where a network runs. torch is imported only where a device is chosen, so that settings are checked without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract.errors import UsageError

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> torch.device:
    """The device that a profile names; "auto" takes a GPU where there is one.

    Raises:
        UsageError: where CUDA is asked for and not there.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("device is 'cuda' and torch finds no CUDA GPU here.", "a GPU.", "set `device: cpu`.")
    return torch.device(name)


def half_on_gpu(device: torch.device) -> torch.autocast:
    """A context in which convolutions and products compute in float16 on a GPU, and as ever on a CPU.

    Coordinates do not belong in it: float16 tells pixels beyond 2048 no longer apart.
    """
    import torch

    return torch.autocast("cuda", torch.float16, enabled=device.type == "cuda")


def use_threads(count: int) -> None:
    """Lets torch compute with so many processor threads; 0 leaves them to the environment."""
    import torch

    if count:
        torch.set_num_threads(count)
