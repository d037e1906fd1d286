"""Where a network runs."""

from __future__ import annotations

import torch

from contract.errors import InputError


def choose_device(name: str) -> torch.device:
    """The device that a profile names; "auto" takes a GPU where there is one.

    Raises:
        InputError: where CUDA is asked for and not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(
            "device is 'cuda' and this machine has no CUDA GPU that torch can use.", "a GPU, or `device: cpu`."
        )
    return torch.device(name)
