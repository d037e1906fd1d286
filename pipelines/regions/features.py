"""Which numbers describe a region: the box head's, averages of the finest map, or both."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import roi_align

_PARTS = 2  # parts a side of a box, each averaged on its own: what is above and below, left and right
_SAMPLES = 8  # points a side of each part over which a map is averaged


def describe(
    kind: str, head_NF: Tensor, finest_1CHW: Tensor, scale: float, chosen_R: Tensor, boxes_R4: Tensor
) -> Tensor:  # fmt: skip
    """The features of chosen proposals.

    Args:
        kind: "box_head", "pooled" or "both".
        head_NF: what the box head says of all proposals.
        finest_1CHW: the backbone's finest map of the picture.
        scale: size of the map by the size of the picture as the detector saw it.
        chosen_R: indices of the chosen ones.
        boxes_R4: their boxes in px of the picture as the detector saw it.

    Returns:
        Float [R, F], [R, 4 · C] or both side by side.
    """
    head_RF = head_NF[chosen_R]
    if kind == "box_head":
        return head_RF
    means = roi_align(finest_1CHW, [boxes_R4], _PARTS, scale, _SAMPLES).flatten(1)
    return means if kind == "pooled" else torch.cat([head_RF, means], dim=1)
