"""What the stage asks of a detector, and torchvision's Faster R-CNN behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import roi_align

from contract.detector import load_detector
from contract.device import choose_device
from pipelines.regions.choice import Choice, choose

_PARTS = 2  # parts a side of a box, each averaged on its own: what is above and below, left and right
_SAMPLES = 8  # points a side of each part over which a map is averaged


@dataclass(frozen=True)
class Found:
    """The regions of one picture.

    Attributes:
        boxes: float32 [R, 4], x1 y1 x2 y2 in pixels of the original.
        classes: int16 [R], 0-based.
        scores: float32 [R].
        features: float16 [R, F].
    """

    boxes: NDArray[np.float32]
    classes: NDArray[np.int16]
    scores: NDArray[np.float32]
    features: NDArray[np.float16]


class Detector(Protocol):
    """Anything that turns pictures into regions."""

    class_names: tuple[str, ...]

    def find(self, images: list[NDArray[np.uint8]]) -> list[Found]:
        """The regions of some pictures, each uint8 [height, width, 3]."""


class TorchvisionDetector:
    """A torchvision Faster R-CNN from a detector's folder.

    Args:
        folder: holds weights.safetensors and detector.json.
        choice: which boxes become regions.
        features: "box_head", "pooled" (averages of the backbone's finest map) or "both".
        device: auto, cpu or cuda.

    Raises:
        UsageError: where CUDA is asked for and not there.
    """

    def __init__(self, folder: Path, choice: Choice, features: str, device: str) -> None:
        spec, network = load_detector(folder)
        self.class_names = spec.class_names
        self.device = choose_device(device)
        self._network: Any = network.to(self.device)
        self._choice, self._features = choice, features

    @torch.inference_mode()
    def find(self, images: list[NDArray[np.uint8]]) -> list[Found]:
        """The regions of some pictures, each uint8 [height, width, 3]."""
        tensors = [torch.from_numpy(image).to(self.device).permute(2, 0, 1).float() / 255 for image in images]
        sizes = [(image.shape[0], image.shape[1]) for image in images]
        batch, _ = self._network.transform(tensors)
        finest, maps = self._maps(batch.tensors)
        proposals, _ = self._network.rpn(batch, maps)
        heads = self._network.roi_heads
        pooled = heads.box_head(heads.box_roi_pool(maps, proposals, batch.image_sizes))
        logits, regression = heads.box_predictor(pooled)
        counts = [len(boxes) for boxes in proposals]
        decoded = heads.box_coder.decode(regression, proposals).split(counts)  # [N, classes, 4] a picture
        found = []
        for row, probabilities in enumerate(F.softmax(logits, dim=1)[:, 1:].split(counts)):
            best = probabilities.argmax(dim=1)
            boxes = decoded[row][torch.arange(len(best)), best + 1]
            scaled = tuple(batch.image_sizes[row])
            boxes = _inside(boxes, scaled)
            chosen, classes, scores = choose(boxes, probabilities, self._choice)
            features = self._features_of(pooled.split(counts)[row][chosen], finest[row : row + 1], boxes[chosen], batch)
            factors = torch.tensor([sizes[row][1] / scaled[1], sizes[row][0] / scaled[0]], device=self.device).repeat(2)
            with np.errstate(over="ignore"):  # what float16 cannot hold becomes infinite, and the picture a reject
                features16 = features.cpu().numpy().astype("<f2")
            found.append(
                Found(
                    _inside(boxes[chosen] * factors, sizes[row]).cpu().numpy(),
                    classes.cpu().numpy().astype(np.int16),
                    scores.cpu().numpy(),
                    features16,
                )
            )
        return found

    def _maps(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The finest map, from which features are pooled, and the maps that the heads see."""
        backbone = self._network.backbone
        if hasattr(backbone, "stem"):
            finest = backbone.stem(images)
            return finest, {"0": backbone.body(finest)}
        maps = backbone(images)
        return next(iter(maps.values())), maps

    def _features_of(self, head: Tensor, finest_1CHW: Tensor, boxes: Tensor, batch: Any) -> Tensor:
        if self._features == "box_head":
            return head
        scale = finest_1CHW.shape[-1] / batch.tensors.shape[-1]
        means = roi_align(finest_1CHW, [boxes], _PARTS, scale, _SAMPLES).flatten(1)
        return means if self._features == "pooled" else torch.cat([head, means], dim=1)


def _inside(boxes: Tensor, size: tuple[int, ...]) -> Tensor:
    """Boxes cut at the picture's edges and at least one pixel wide and high."""
    height, width = size
    x1, y1 = boxes[:, 0].clamp(0, width - 1), boxes[:, 1].clamp(0, height - 1)
    x2, y2 = boxes[:, 2].clamp(max=width), boxes[:, 3].clamp(max=height)
    return torch.stack([x1, y1, torch.maximum(x2, x1 + 1), torch.maximum(y2, y1 + 1)], dim=1)
