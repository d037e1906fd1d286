"""torchvision's Faster R-CNN, and the small one, as the stage's detector."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList

from contract.detector import DetectorSpec
from contract.device import half_on_gpu
from pipelines.regions.features import describe
from pipelines.regions.finding import Pictures, Proposals


class TorchvisionDetector:
    """A torchvision Faster R-CNN.

    Args:
        spec: what it is.
        network: its network, on the device.
        features: "box_head", "pooled" or "both".
        device: where it computes.
    """

    def __init__(self, spec: DetectorSpec, network: nn.Module, features: str, device: torch.device) -> None:
        self._device = device
        self._network: Any = network
        self._features = features

    def propose(self, pictures: Pictures) -> list[Proposals]:
        """What is found in a batch of decoded pictures."""
        scaled = [self._scaled(picture) for picture in pictures]
        transform = self._network.transform
        sizes = [(image.shape[1], image.shape[2]) for image in scaled]
        batch = ImageList(transform.batch_images(scaled, transform.size_divisible), sizes)
        finest, maps = self._maps(batch.tensors)
        boxes, _ = self._network.rpn(batch, maps)
        heads = self._network.roi_heads
        with half_on_gpu(self._device):
            pooled = heads.box_head(heads.box_roi_pool(maps, boxes, sizes)).float()
        logits, shifts = heads.box_predictor(pooled)
        counts = [len(one) for one in boxes]
        decoded = heads.box_coder.decode(shifts, boxes)
        decoded = decoded.reshape(-1, logits.shape[1], 4).split(counts)  # of no boxes at all, decode gives [0, 4 · C]
        probabilities = F.softmax(logits, dim=1).split(counts)
        scale = finest.shape[-1] / batch.tensors.shape[-1]
        return [
            Proposals(
                decoded[row][:, 1:], probabilities[row][:, 1:],  # without the background, which is the first
                partial(describe, self._features, pooled.split(counts)[row], finest[row : row + 1], scale),
                sizes[row],
            )
            for row in range(len(pictures))
        ]  # fmt: skip

    def _scaled(self, picture: NDArray[np.uint8]) -> Tensor:
        """A picture as the network takes it, one after the other: eight large ones as float32 fill a memory."""
        transform = self._network.transform
        floating = torch.from_numpy(picture).to(self._device).permute(2, 0, 1).float() / 255
        return transform.resize(transform.normalize(floating))[0]

    def _maps(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The finest map, from which features are pooled, and the maps that the heads see."""
        backbone = self._network.backbone
        with half_on_gpu(self._device):
            if hasattr(backbone, "stem"):
                finest = backbone.stem(images)
                return finest.float(), {"0": backbone.body(finest).float()}
            maps = {name: one.float() for name, one in backbone(images).items()}
        return next(iter(maps.values())), maps
