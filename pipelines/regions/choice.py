"""Which of a detector's boxes become regions, as in bottom-up attention."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import batched_nms

_RARE = 1e-3  # under it nothing is told apart any more: all pairs of box and class are looked at


@dataclass(frozen=True)
class Choice:
    """How regions are chosen.

    Attributes:
        least: regions a picture has at least; the best boxes under the confidence fill up.
        most: regions a picture has at most.
        confidence: probability of a class over which a box is taken.
        nms_iou: overlap over which the less probable of two boxes goes, class by class.
    """

    least: int
    most: int
    confidence: float
    nms_iou: float


def choose(boxes_NC4: Tensor, probabilities_NC: Tensor, choice: Choice) -> tuple[Tensor, Tensor, Tensor]:
    """Chooses proposals by non-maximum suppression in each class, as bottom-up attention's extractor does.

    A proposal stands with the greatest probability among the classes in which no more probable box overlaps it. It is
    taken where that reaches the confidence; of fewer than ``least`` the best of the others fill up, those that stand in
    no class last of all.

    Args:
        boxes_NC4: each proposal's box for each class, or one for all classes [N, 1, 4].
        probabilities_NC: probabilities of the object classes, without the background.
        choice: the rules.

    Returns:
        Indices of the proposals, most probable first, and after them those that stand in no class; each one's most
        likely class; its probability.
    """
    best_N, classes_N = probabilities_NC.max(dim=1)
    floor, least = choice.confidence, min(choice.least, len(best_N))
    while True:
        standing_N = _standing(boxes_NC4, probabilities_NC, floor, choice.nms_iou)
        confident = int((standing_N >= choice.confidence).sum())
        if floor == 0 or int((standing_N >= floor).sum()) >= least:
            break
        floor = floor / 4 if floor > _RARE else 0.0  # what is less probable changes nothing for what is more
    by_best = torch.argsort(best_N, descending=True, stable=True)  # decides where nothing stands
    order = by_best[torch.argsort(standing_N[by_best], descending=True, stable=True)]
    chosen = order[: min(max(confident, least), choice.most)]
    chosen = chosen[torch.argsort(best_N[chosen], descending=True, stable=True)]
    falls = standing_N[chosen] < 0
    chosen = torch.cat([chosen[~falls], chosen[falls]])
    return chosen, classes_N[chosen], best_N[chosen]


def _standing(boxes_NC4: Tensor, probabilities_NC: Tensor, floor: float, nms_iou: float) -> Tensor:
    """Each proposal's greatest probability, of ``floor`` at least, that is not suppressed in its class; else -1."""
    rows, classes = torch.nonzero(probabilities_NC >= floor, as_tuple=True)
    probabilities = probabilities_NC[rows, classes]
    boxes = boxes_NC4[rows, classes if boxes_NC4.shape[1] > 1 else 0]
    kept = batched_nms(boxes, probabilities, classes, nms_iou)
    standing_N = torch.full_like(probabilities_NC[:, 0], -1.0)
    return standing_N.scatter_reduce(0, rows[kept], probabilities[kept], "amax")
