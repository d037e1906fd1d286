"""Attributes of boxes as a second thing to learn, as bottom-up attention's detector learns them beside the classes.

A box head that only tells classes apart forgets colours and textures; captions speak of them. Attributes are taken
from COCO annotations that carry ``"attributes": {"colour": "red", …}``. The heads serve training alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.detector_boxes import BoxedPicture

_UNKNOWN = -100  # cross-entropy passes over it


class AttributeHeads(nn.Module):
    """A linear classifier of each kind of attribute over the box head's features.

    Args:
        pictures: the training pictures; their attributes' kinds and values are the classes.
        width: width of the box head's features.
    """

    def __init__(self, pictures: Sequence[BoxedPicture], width: int) -> None:
        super().__init__()
        pairs = {pair for picture in pictures for box in picture.attributes for pair in box.items()}
        self.values = {kind: sorted({v for k, v in pairs if k == kind}) for kind in sorted({k for k, _ in pairs})}
        self.heads = nn.ModuleList(nn.Linear(width, len(values)) for values in self.values.values())

    def labels(self, picture: BoxedPicture) -> Tensor:
        """Int64 [N, kinds]: the number of each box's value, unknown where the annotation does not state it."""
        rows = [
            [values.index(box[kind]) if kind in box else _UNKNOWN for kind, values in self.values.items()]
            for box in picture.attributes
        ]
        return torch.tensor(rows, dtype=torch.int64)

    def forward(self, features_NF: Tensor, labels_NK: Tensor) -> Tensor:
        """The mean over kinds of the cross-entropy of the boxes whose value is known."""
        losses = [
            F.cross_entropy(head(features_NF), labels_NK[:, kind])
            for kind, head in enumerate(self.heads)
            if (labels_NK[:, kind] != _UNKNOWN).any()
        ]
        return torch.stack(losses).mean() if losses else features_NF.sum() * 0.0


def losses(
    network: Any, heads: AttributeHeads, images: list[Tensor], targets: list[dict[str, Tensor]], labels_NK: Tensor
) -> dict[str, Tensor]:
    """The losses of a torchvision Faster R-CNN, and that of the attributes of the true boxes.

    The same as calling the network in training mode, but the backbone's maps serve the attributes too.
    """
    batch, targets = network.transform(images, targets)
    maps = network.backbone(batch.tensors)
    maps = {"0": maps} if isinstance(maps, Tensor) else maps
    proposals, proposal_losses = network.rpn(batch, maps, targets)
    _, box_losses = network.roi_heads(maps, proposals, batch.image_sizes, targets)
    found: dict[str, Tensor] = proposal_losses | box_losses
    if len(heads.heads):
        boxes = [target["boxes"] for target in targets]
        pooled = network.roi_heads.box_roi_pool(maps, boxes, batch.image_sizes)
        found["loss_attributes"] = heads(network.roi_heads.box_head(pooled), labels_NK)
    return found
