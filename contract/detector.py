"""What a detector is, for the stage that trains it and the stage that runs it.

A detector is a folder with ``detector.json`` and ``weights.safetensors``. torch is imported only where a network is
built, so that the rest of the contract stays light.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.config import load_config
from contract.errors import InputError, UsageError
from contract.hashing import sha256_of_file

if TYPE_CHECKING:
    from torch import nn

SPEC_FILE, WEIGHTS_FILE = "detector.json", "weights.safetensors"
SMALL = "small"
TORCHVISION = (
    "fasterrcnn_mobilenet_v3_large_320_fpn", "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2",
)  # fmt: skip
ARCHITECTURES = (SMALL, *TORCHVISION)


@dataclass(frozen=True)
class DetectorSpec:
    """How a detector's network is built.

    Attributes:
        architecture: one of ARCHITECTURES.
        class_names: its object classes; the network's class 0 is the background, class ``i + 1`` is the i-th name.
        shortest_side: px to which a picture's shorter side is scaled.
        longest_side: px that its longer side may have then.
        head_width: width of the box head's features; the torchvision architectures have 1024.
    """

    architecture: str
    class_names: tuple[str, ...]
    shortest_side: int
    longest_side: int
    head_width: int = 1024


def read_spec(folder: Path) -> DetectorSpec:
    """The specification of a detector's folder.

    Raises:
        InputError: where it is missing or cannot be read.
    """
    path = folder / SPEC_FILE
    try:
        return load_config(DetectorSpec, json.loads(path.read_text()), str(path))
    except (OSError, ValueError, UsageError) as error:
        raise InputError(f"{folder} is no detector ({error}).", f"{SPEC_FILE} and {WEIGHTS_FILE}.") from error


def write_detector(folder: Path, spec: DetectorSpec, network: nn.Module) -> None:
    """Writes specification and weights."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE)
    (folder / SPEC_FILE).write_text(json.dumps(asdict(spec), indent=2, ensure_ascii=False) + "\n")


def load_detector(folder: Path) -> tuple[DetectorSpec, nn.Module]:
    """A detector's specification and its network in evaluation mode, on the CPU."""
    spec = read_spec(folder)
    network = build(spec)
    load_weights(network, folder / WEIGHTS_FILE)
    return spec, network.eval()


def load_weights(network: nn.Module, path: Path) -> None:
    """Reads weights from safetensors, or from a torch file without unpickling anything but tensors.

    Raises:
        InputError: where the file is missing, no weights, or of another network.
    """
    weights = read_weights(path)
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name, shape in expected.items():
        if name not in weights:
            raise InputError(f"{path} has no weight {name!r}.", f"all {len(expected)} weights of the architecture.")
        if tuple(weights[name].shape) != shape:
            raise InputError(f"{path}: {name} has shape {tuple(weights[name].shape)}.", f"{shape}.")
    network.load_state_dict({name: weights[name] for name in expected})


def read_weights(path: Path) -> dict[str, Any]:
    """The tensors of a weights file, by name."""
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise InputError(f"{path} is not there.", "a detector's weights: .safetensors, .pth or .pt.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        values = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as weights: {error}", "tensors by name and nothing else.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path} holds a {type(values).__name__}.", "tensors by name.")
    return values


def detector_name(folder: Path) -> str:
    """What regions state as their detector: architecture and the first 12 digits of the weights' sha256."""
    return f"{read_spec(folder).architecture}-{sha256_of_file(folder / WEIGHTS_FILE)[:12]}"


def build(spec: DetectorSpec) -> nn.Module:
    """The torchvision Faster R-CNN of a specification, with fresh weights; nothing is downloaded.

    Raises:
        InputError: for an architecture that is not known.
    """
    if spec.architecture == SMALL:
        return _small(spec)
    if spec.architecture not in TORCHVISION:
        raise InputError(
            f"The detector's architecture is {spec.architecture!r}.", f"one of {', '.join(ARCHITECTURES)}."
        )
    from torchvision import models

    return models.get_model(
        spec.architecture, weights=None, weights_backbone=None, num_classes=len(spec.class_names) + 1,
        min_size=spec.shortest_side, max_size=spec.longest_side,
    )  # fmt: skip


def _small(spec: DetectorSpec) -> nn.Module:
    """Six convolutions under a Faster R-CNN: learns simple pictures from nothing in minutes on a CPU."""
    from torch import nn
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.faster_rcnn import TwoMLPHead
    from torchvision.ops import MultiScaleRoIAlign

    def block(before: int, after: int, stride: int) -> nn.Sequential:
        convolution = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))

    stem = nn.Sequential(block(3, 24, 2), block(24, 48, 2))  # stride 4: colour and texture are still there
    body = nn.Sequential(block(48, 96, 2), block(96, 128, 2), block(128, 128, 1), block(128, 128, 1))  # stride 16
    backbone = nn.Sequential()
    backbone.add_module("stem", stem)
    backbone.add_module("body", body)
    backbone.out_channels = 128  # type: ignore[assignment]
    resolution = 5
    return FasterRCNN(
        backbone, num_classes=None, min_size=spec.shortest_side, max_size=spec.longest_side,
        rpn_anchor_generator=AnchorGenerator(((32, 56, 96, 152),), ((0.7, 1.0, 1.4),)),
        rpn_pre_nms_top_n_train=400, rpn_post_nms_top_n_train=100, rpn_pre_nms_top_n_test=200,
        rpn_post_nms_top_n_test=50, rpn_batch_size_per_image=64, box_batch_size_per_image=32,
        box_roi_pool=MultiScaleRoIAlign(["0"], resolution, 1),
        box_head=TwoMLPHead(128 * resolution**2, spec.head_width),
        box_predictor=_predictor(spec),
    )  # fmt: skip


def _predictor(spec: DetectorSpec) -> nn.Module:
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor

    return FastRCNNPredictor(spec.head_width, len(spec.class_names) + 1)
