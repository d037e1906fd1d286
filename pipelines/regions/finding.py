"""What the stage asks of a detector, and what it makes of the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract.detector import BOTTOM_UP_ATTENTION, DETECTRON2, load_detector
from contract.device import choose_device
from pipelines.regions.choice import Choice, choose
from pipelines.regions.found import Attributes, Found, as_float16

Pictures = list[NDArray[np.uint8]]  # each [height, width, 3], red green blue


@dataclass(frozen=True)
class Proposals:
    """What a detector finds in one picture, before regions are chosen.

    Attributes:
        boxes_NC4: float32, each proposal's box for each class, or one for all [N, 1, 4]: x1 y1 x2 y2 in px of ``size``.
        probabilities_NC: float32, of the object classes, without the background.
        features: gives the features [R, F] of chosen proposals, from their indices [R] and boxes [R, 4].
        size: height and width, in px, of the picture as the detector saw it.
        attributes_NA: float32, probabilities of attributes; None of a detector without.
    """

    boxes_NC4: Tensor
    probabilities_NC: Tensor
    features: Callable[[Tensor, Tensor], Tensor]
    size: tuple[int, int]
    attributes_NA: Tensor | None = None


class Detector(Protocol):
    """Any Faster R-CNN."""

    def propose(self, pictures: Pictures) -> list[Proposals]:
        """What is found in a batch of decoded pictures."""


def open_detector(folder: Path, features: str, device: str) -> Detector:
    """The detector of a folder.

    Args:
        folder: holds weights.safetensors and detector.json.
        features: "box_head", "pooled" (averages of the backbone's finest map) or "both".
        device: auto, cpu or cuda.

    Raises:
        UsageError: where CUDA is asked for and not there, or what the detector needs is not installed.
        InputError: where the folder is no detector.
    """
    chosen = choose_device(device)
    spec, network = load_detector(folder)
    network.to(chosen)
    if spec.architecture == BOTTOM_UP_ATTENTION:
        from pipelines.regions.bottom_up_attention import BottomUpAttentionDetector

        return BottomUpAttentionDetector(spec, network, features, chosen)
    if spec.architecture == DETECTRON2:
        from pipelines.regions.detectron2 import Detectron2Detector

        return Detectron2Detector(spec, network, features, chosen)
    from pipelines.regions.torchvision import TorchvisionDetector

    return TorchvisionDetector(spec, network, features, chosen)


@torch.inference_mode()
def find(detector: Detector, pictures: Pictures, choice: Choice) -> list[Found]:
    """The regions of a batch of pictures."""
    proposals = detector.propose(pictures)
    return [_found(one, picture.shape, choice) for one, picture in zip(proposals, pictures, strict=True)]


def _found(proposals: Proposals, shape: tuple[int, ...], choice: Choice) -> Found:
    inside = _inside(proposals.boxes_NC4, proposals.size)
    chosen, classes, scores = choose(inside, proposals.probabilities_NC, choice)
    boxes = inside[chosen, classes if inside.shape[1] > 1 else 0]
    features = proposals.features(chosen, boxes)
    (height, width), (seen_height, seen_width) = shape[:2], proposals.size
    factors = torch.tensor([width / seen_width, height / seen_height], device=boxes.device).repeat(2)
    attributes = None
    if proposals.attributes_NA is not None:
        best_R, ids_R = proposals.attributes_NA[chosen].max(dim=1)
        attributes = Attributes(ids_R.cpu().numpy().astype(np.int16), best_R.cpu().numpy())
    return Found(
        (boxes * factors).cpu().numpy(), classes.cpu().numpy().astype(np.int16),
        scores.cpu().numpy(), as_float16(features.cpu().numpy()), attributes,
    )  # fmt: skip


def _inside(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes [..., 4] cut at the picture's edges and at least one pixel wide and high."""
    height, width = size
    x1, y1 = boxes[..., 0].clamp(0, width - 1), boxes[..., 1].clamp(0, height - 1)
    x2, y2 = boxes[..., 2].clamp(max=width), boxes[..., 3].clamp(max=height)
    return torch.stack([x1, y1, torch.maximum(x2, x1 + 1), torch.maximum(y2, y1 + 1)], dim=-1)
