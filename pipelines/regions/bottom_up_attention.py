"""Bottom-up attention's Visual Genome detector as the stage's detector."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from contract.detector import DetectorSpec
from contract.detector.bottom_up_attention import PIXEL_MEAN, Found
from contract.errors import UsageError
from pipelines.regions.finding import Pictures, Proposals
from pipelines.regions.resizing import resized


class BottomUpAttentionDetector:
    """The network over batches of pictures; its regions' boxes are the proposals that the features describe.

    Args:
        spec: what it is.
        network: its network, on the device.
        features: "box_head": the mean of the last stage's map.
        device: where it computes.

    Raises:
        UsageError: where other features are asked for.
    """

    def __init__(self, spec: DetectorSpec, network: nn.Module, features: str, device: torch.device) -> None:
        if features != "box_head":
            raise UsageError(f"regions.features is {features!r}.", "box_head, with the detector bottom_up_attention.")
        self._device = device
        self._spec, self._network = spec, network
        self._mean = torch.tensor(PIXEL_MEAN, device=device)[:, None, None]

    def propose(self, pictures: Pictures) -> list[Proposals]:
        """What is found in a batch of decoded pictures."""
        images = [resized(one, self._spec, blue_first=True).to(self._device) - self._mean for one in pictures]
        sizes = [(image.shape[1], image.shape[2]) for image in images]
        height, width = (max(side) for side in zip(*sizes, strict=True))
        batch = torch.zeros(len(images), 3, height, width, device=self._device)
        for row, image in enumerate(images):
            batch[row, :, : image.shape[1], : image.shape[2]] = image
        found: list[Found] = self._network(batch, sizes)
        return [
            Proposals(one.boxes_N4[:, None], one.probabilities_NK, _features_of(one), size, one.attributes_NA)
            for one, size in zip(found, sizes, strict=True)
        ]


def _features_of(found: Found) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda chosen, boxes: found.features_NF[chosen]
