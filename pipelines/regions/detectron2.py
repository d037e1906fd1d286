"""Any detectron2 Faster R-CNN, FPN or C4, as the stage's detector."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from contract.detector import DetectorSpec
from contract.detector.detectron2 import configuration_of
from contract.device import half_on_gpu
from pipelines.regions.features import describe
from pipelines.regions.finding import Pictures, Proposals
from pipelines.regions.resizing import resized


class Detectron2Detector:
    """A detectron2 Faster R-CNN; its box head's features are 1024 numbers (FPN) or the mean of res5's map (C4).

    Args:
        spec: what it is.
        network: its network, on the device.
        features: "box_head", "pooled" or "both".
        device: where it computes.
    """

    def __init__(self, spec: DetectorSpec, network: nn.Module, features: str, device: torch.device) -> None:
        self._device = device
        self._spec, self._features = spec, features
        self._network: Any = network
        self._blue_first = configuration_of(spec).INPUT.FORMAT == "BGR"

    def propose(self, pictures: Pictures) -> list[Proposals]:
        """What is found in a batch of decoded pictures."""
        network, heads = self._network, self._network.roi_heads
        inputs = [{"image": resized(picture, self._spec, self._blue_first)} for picture in pictures]
        images = network.preprocess_image(inputs)
        with half_on_gpu(self._device):
            maps = {name: one.float() for name, one in network.backbone(images.tensor).items()}
        proposals, _ = network.proposal_generator(images, maps, None)
        with half_on_gpu(self._device):
            pooled = self._pooled(maps, [one.proposal_boxes for one in proposals]).float()
        predictions = heads.box_predictor(pooled)
        boxes = heads.box_predictor.predict_boxes(predictions, proposals)
        probabilities = heads.box_predictor.predict_probs(predictions, proposals)
        counts = [len(one) for one in proposals]
        finest = maps[self._map_names()[0]]
        scale = finest.shape[-1] / images.tensor.shape[-1]
        return [
            Proposals(
                boxes[row].unflatten(1, (-1, 4)), probabilities[row][:, :-1],  # the background is the last
                partial(describe, self._features, pooled.split(counts)[row], finest[row : row + 1], scale),
                tuple(images.image_sizes[row]),
            )
            for row in range(len(pictures))
        ]  # fmt: skip

    def _map_names(self) -> list[str]:
        """The maps that the heads see, the finest first."""
        heads = self._network.roi_heads
        return list(heads.box_in_features if hasattr(heads, "box_pooler") else heads.in_features)

    def _pooled(self, maps: dict[str, Tensor], boxes: list[Any]) -> Tensor:
        heads, seen = self._network.roi_heads, [maps[name] for name in self._map_names()]
        if hasattr(heads, "box_pooler"):
            return heads.box_head(heads.box_pooler(seen, boxes))
        return heads.res5(heads.pooler(seen, boxes)).mean(dim=(2, 3))
