"""In which numbers the network computes."""

from __future__ import annotations

import torch
from torch import Tensor


def computed_in(x: Tensor) -> torch.dtype:
    """What products with ``x`` come out in where it stands: the precision of autocast, or its own."""
    device = x.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
