"""Which of a detector's boxes become regions, as in bottom-up attention."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import batched_nms


@dataclass(frozen=True)
class Choice:
    """How regions are chosen.

    Attributes:
        least: regions a picture has at least; the best boxes under the confidence fill up.
        most: regions a picture has at most.
        confidence: probability of its best class over which a box is taken.
        nms_iou: overlap over which the less probable of two boxes of one class goes.
    """

    least: int
    most: int
    confidence: float
    nms_iou: float


def choose(boxes_N4: Tensor, probabilities_NC: Tensor, choice: Choice) -> tuple[Tensor, Tensor, Tensor]:
    """Chooses boxes by their most likely class.

    Each proposal is taken once, with its best class and that class's box; boxes of one class that overlap compete.

    Args:
        boxes_N4: each proposal's box for its best class.
        probabilities_NC: probabilities of the object classes, without the background.
        choice: the rules.

    Returns:
        Indices of the proposals, most probable first, and after them those that fill up to ``least`` though they
        overlap, again most probable first; their classes; their probabilities.
    """
    scores_N, classes_N = probabilities_NC.max(dim=1)
    kept = batched_nms(boxes_N4, scores_N, classes_N, choice.nms_iou)  # sorted, most probable first
    confident = int((scores_N[kept] >= choice.confidence).sum())
    kept = kept[: min(max(confident, choice.least), choice.most)]
    if len(kept) < choice.least:  # the non-maximum suppression left too few: take the best of the others
        others = scores_N.clone()
        others[kept] = -1.0
        room = min(choice.least, len(others)) - len(kept)
        more = torch.argsort(others, descending=True, stable=True)[:room]
        kept = torch.cat([kept, more])
    return kept, classes_N[kept], scores_N[kept]
