"""Bottom-up attention's detector: Faster R-CNN with ResNet-101 C4, trained on Visual Genome (arXiv 1707.07998).

Modules carry the names of the published PyTorch checkpoint, so that its weights load as they are. The network differs
from detectron2's C4 in four things, all inherited from Caffe: the first pooling has no padding and rounds up, proposals
come from 512 channels, regions are pooled by rounding (RoIPool), and the last stage is dilated and keeps its size.

Shape suffixes: B pictures, C channels, H W rows and columns, N proposals, F features.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d, batched_nms, clip_boxes_to_image, roi_pool

from contract.device import half_on_gpu

PIXEL_MEAN = (102.9801, 115.9465, 122.7717)  # blue, green, red: pictures come in this order, 0 to 255, less the mean
FEATURES = 2048  # numbers: width of a region's feature
_STRIDE = 16  # px of the picture a step of the map
_SIZES, _RATIOS = (64, 128, 256, 512), (0.5, 1.0, 2.0)  # px and height by width of the anchors
_BEFORE, _OVERLAP = 6000, 0.7  # proposals before the non-maximum suppression, and its threshold
_POOLED = 14  # bins a side that a region is pooled to
_MOST_SCALE = math.log(1000 / 16)  # a box grows at most by so much, as a logarithm


class Found(NamedTuple):
    """What the network finds in one picture: proposals, class probabilities without the background, features.

    Where it has an attribute head, each proposal's probabilities of attributes too.
    """

    boxes_N4: Tensor
    probabilities_NK: Tensor
    features_NF: Tensor
    attributes_NA: Tensor | None


class BottomUpAttention(nn.Module):
    """The network.

    Args:
        classes: object classes, without the background; 1600 in the published weights.
        attributes: attributes that are told apart, 400 in the published weights with attributes; 0 for no such head.
        proposals: boxes a picture that the second stage looks at.
    """

    def __init__(self, classes: int, attributes: int = 0, proposals: int = 300) -> None:
        super().__init__()
        self.backbone = _Backbone()
        self.proposal_generator = _ProposalGenerator(proposals)
        self.roi_heads = _Heads(classes, attributes)

    def forward(self, images_BCHW: Tensor, sizes: list[tuple[int, int]]) -> list[Found]:
        """Finds regions.

        Args:
            images_BCHW: float32, blue green red less PIXEL_MEAN, padded with zeros below and to the right.
            sizes: height and width of each picture in it, in px.

        Returns:
            What is found, picture by picture; boxes in px of the scaled picture.
        """
        with half_on_gpu(images_BCHW.device):
            maps = self.backbone(images_BCHW)
        maps = maps.float()  # boxes come from it
        proposals = self.proposal_generator(maps, sizes)
        return [self.roi_heads(maps[row : row + 1], boxes) for row, boxes in enumerate(proposals)]


class _Convolution(nn.Conv2d):
    """A convolution and the frozen normalisation of its output."""

    def __init__(self, before: int, after: int, size: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__(before, after, size, stride, dilation * (size // 2), dilation, bias=False)
        self.norm = FrozenBatchNorm2d(after)

    def forward(self, input: Tensor) -> Tensor:
        return self.norm(super().forward(input))


class _Block(nn.Module):
    """A bottleneck of three convolutions; the stride is the first's."""

    def __init__(self, before: int, after: int, stride: int, dilation: int = 1) -> None:
        super().__init__()
        inside = after // 4
        self.shortcut = _Convolution(before, after, 1, stride) if before != after else None
        self.conv1 = _Convolution(before, inside, 1, stride)
        self.conv2 = _Convolution(inside, inside, 3, dilation=dilation)
        self.conv3 = _Convolution(inside, after, 1)

    def forward(self, maps_BCHW: Tensor) -> Tensor:
        out = self.conv3(F.relu_(self.conv2(F.relu_(self.conv1(maps_BCHW)))))
        return F.relu_(out + (self.shortcut(maps_BCHW) if self.shortcut else maps_BCHW))


def _stage(before: int, after: int, blocks: int, stride: int, dilation: int = 1) -> nn.Sequential:
    first = _Block(before, after, stride, dilation)
    return nn.Sequential(first, *(_Block(after, after, 1, dilation) for _ in range(blocks - 1)))


class _Stem(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _Convolution(3, 64, 7, 2)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return F.max_pool2d(F.relu_(self.conv1(images_BCHW)), 3, 2, ceil_mode=True)


class _Backbone(nn.Module):
    """ResNet-101 up to its fourth stage: 1024 channels, a sixteenth of the picture's size."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _Stem()
        self.res2 = _stage(64, 256, 3, 1)
        self.res3 = _stage(256, 512, 4, 2)
        self.res4 = _stage(512, 1024, 23, 2)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return self.res4(self.res3(self.res2(self.stem(images_BCHW))))


class _Anchors(nn.Module):
    """Boxes of all sizes and ratios around every step of the map."""

    def __init__(self) -> None:
        super().__init__()
        self.cell_anchors = nn.Module()
        widths = [(math.sqrt(size**2 / ratio), ratio) for size in _SIZES for ratio in _RATIOS]
        cells = [(-w / 2, -w * ratio / 2, w / 2, w * ratio / 2) for w, ratio in widths]
        self.cell_anchors.register_buffer("0", torch.tensor(cells))

    def forward(self, height: int, width: int) -> Tensor:
        """Float32 [H · W · anchors, 4], row by row of the map."""
        cells_A4 = self.cell_anchors.get_buffer("0")
        y, x = torch.meshgrid(
            torch.arange(height, device=cells_A4.device), torch.arange(width, device=cells_A4.device), indexing="ij"
        )
        shifts_N4 = torch.stack([x, y, x, y], dim=-1).reshape(-1, 4) * _STRIDE
        return (shifts_N4[:, None] + cells_A4).reshape(-1, 4)


class _ProposalHead(nn.Module):
    def __init__(self, anchors: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1024, 512, 3, padding=1)
        self.objectness_logits = nn.Conv2d(512, anchors, 1)
        self.anchor_deltas = nn.Conv2d(512, anchors * 4, 1)

    def forward(self, maps_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [B, N] and shifts [B, N, 4] of the anchors, in the anchors' order."""
        hidden = F.relu(self.conv(maps_BCHW))
        logits = self.objectness_logits(hidden).permute(0, 2, 3, 1).flatten(1)
        shifts = self.anchor_deltas(hidden).permute(0, 2, 3, 1).reshape(len(logits), -1, 4)
        return logits, shifts


class _ProposalGenerator(nn.Module):
    def __init__(self, proposals: int) -> None:
        super().__init__()
        self._proposals = proposals
        self.anchor_generator = _Anchors()
        self.rpn_head = _ProposalHead(len(_SIZES) * len(_RATIOS))

    def forward(self, maps_BCHW: Tensor, sizes: list[tuple[int, int]]) -> list[Tensor]:
        logits_BN, shifts_BN4 = self.rpn_head(maps_BCHW)
        anchors_N4 = self.anchor_generator(*maps_BCHW.shape[-2:])
        return [
            self._of_one(anchors_N4, logits, shifts, size)
            for logits, shifts, size in zip(logits_BN, shifts_BN4, sizes, strict=True)
        ]

    def _of_one(self, anchors_N4: Tensor, logits_N: Tensor, shifts_N4: Tensor, size: tuple[int, int]) -> Tensor:
        scores, best = logits_N.sort(descending=True, stable=True)
        best, scores = best[:_BEFORE], scores[:_BEFORE]
        boxes = clip_boxes_to_image(_shifted(anchors_N4[best], shifts_N4[best]), size)
        there = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        boxes, scores = boxes[there], scores[there]
        kept = batched_nms(boxes, scores, torch.zeros_like(scores, dtype=torch.int64), _OVERLAP)
        return boxes[kept[: self._proposals]]


def _shifted(boxes_N4: Tensor, shifts_N4: Tensor) -> Tensor:
    """Boxes moved by a share of their size and scaled by an exponential, as Faster R-CNN does (its equation 2)."""
    sizes = boxes_N4[:, 2:] - boxes_N4[:, :2]
    middles = boxes_N4[:, :2] + 0.5 * sizes + shifts_N4[:, :2] * sizes
    halves = 0.5 * sizes * shifts_N4[:, 2:].clamp(max=_MOST_SCALE).exp()
    return torch.cat([middles - halves, middles + halves], dim=1)


class _Predictor(nn.Module):
    """Classes of regions, and their attributes, which are told from a region's feature and its class."""

    def __init__(self, classes: int, attributes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(FEATURES, classes + 1)  # the background is the last
        if attributes:
            embedded = FEATURES // 8
            self.cls_embedding = nn.Embedding(classes + 1, embedded)
            self.fc_attr = nn.Linear(FEATURES + embedded, FEATURES // 4)
            self.attr_score = nn.Linear(FEATURES // 4, attributes + 1)  # the last says that there is none
        self._has_attributes = attributes > 0

    def forward(self, features_NF: Tensor) -> tuple[Tensor, Tensor | None]:
        """Probabilities of classes [N, K], without the background, and of attributes [N, A], without none of them."""
        logits_NK1 = self.cls_score(features_NF)
        probabilities_NK = F.softmax(logits_NK1, dim=1)[:, :-1]
        if not self._has_attributes:
            return probabilities_NK, None
        embedded_NE = self.cls_embedding(logits_NK1.argmax(dim=1))
        hidden_NH = F.relu(self.fc_attr(torch.cat([features_NF, embedded_NE], dim=1)))
        return probabilities_NK, F.softmax(self.attr_score(hidden_NH)[:, :-1], dim=1)


class _Heads(nn.Module):
    def __init__(self, classes: int, attributes: int) -> None:
        super().__init__()
        self.res5 = _stage(1024, FEATURES, 3, 1, dilation=2)
        self.box_predictor = _Predictor(classes, attributes)

    def forward(self, maps_1CHW: Tensor, boxes_N4: Tensor) -> Found:
        pooled = roi_pool(maps_1CHW, [boxes_N4], _POOLED, 1 / _STRIDE)
        with half_on_gpu(pooled.device):
            features = self.res5(pooled).float().mean(dim=(2, 3))
        probabilities_NK, attributes_NA = self.box_predictor(features)
        return Found(boxes_N4, probabilities_NK, features, attributes_NA)
