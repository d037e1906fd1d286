"""The architecture ``small``: learns simple pictures from nothing in minutes on a CPU."""

from __future__ import annotations

from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from contract.detector.spec import DetectorSpec

_RESOLUTION = 5


def small_network(spec: DetectorSpec) -> nn.Module:
    """Six convolutions under a Faster R-CNN."""
    stem = nn.Sequential(_block(3, 24, 2), _block(24, 48, 2))  # stride 4: colour and texture are still there
    body = nn.Sequential(_block(48, 96, 2), _block(96, 128, 2), _block(128, 128, 1), _block(128, 128, 1))  # stride 16
    backbone = nn.Sequential()
    backbone.add_module("stem", stem)
    backbone.add_module("body", body)
    backbone.out_channels = 128  # type: ignore[assignment]
    return FasterRCNN(
        backbone, num_classes=None, min_size=spec.shortest_side, max_size=spec.longest_side,
        rpn_anchor_generator=AnchorGenerator(((32, 56, 96, 152),), ((0.7, 1.0, 1.4),)),
        rpn_pre_nms_top_n_train=400, rpn_post_nms_top_n_train=100, rpn_pre_nms_top_n_test=200,
        rpn_post_nms_top_n_test=50, rpn_batch_size_per_image=64, box_batch_size_per_image=32,
        box_roi_pool=MultiScaleRoIAlign(["0"], _RESOLUTION, 1),
        box_head=TwoMLPHead(128 * _RESOLUTION**2, spec.head_width),
        box_predictor=FastRCNNPredictor(spec.head_width, len(spec.class_names) + 1),
    )  # fmt: skip


def _block(before: int, after: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))
