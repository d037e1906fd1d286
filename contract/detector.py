"""What a detector is, for the stage that trains it and the stage that runs it.

A detector is a folder with ``detector.json`` and ``weights.safetensors``. torch is imported only where a network is
built, so that the rest of the contract stays light.
"""

from __future__ import annotations

import json
import pickle
import struct
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.config import load_config
from contract.errors import InputError, UsageError
from contract.hashing import sha256_of_file
from contract.outputs import written_beside

if TYPE_CHECKING:
    from torch import Tensor, nn

SPEC_FILE, WEIGHTS_FILE = "detector.json", "weights.safetensors"
SMALL = "small"
TORCHVISION = (
    "fasterrcnn_mobilenet_v3_large_320_fpn", "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2",
)  # fmt: skip
ARCHITECTURES = (SMALL, *TORCHVISION)
_BROKEN_PICKLE = (
    pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, TypeError,
    AttributeError, AssertionError, ImportError, struct.error,
)  # fmt: skip
MOST_OBLONG = 30  # times as long as wide: beyond it a picture, scaled for a network, is only a few pixels narrow
LEAST_SIDE = 32  # px: the stride of the deepest map


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

    def __post_init__(self) -> None:
        """Refuses what no network can be built from.

        Raises:
            UsageError: names the value.
        """
        if self.architecture not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            raise UsageError(f"The detector's architecture is {self.architecture!r}.", f"one of {known}.")
        if not self.class_names:
            raise UsageError("The detector has no class names.", "one at least.")
        if not LEAST_SIDE <= self.shortest_side <= self.longest_side:
            sides = f"shortest_side is {self.shortest_side} and longest_side is {self.longest_side}"
            raise UsageError(f"The detector's {sides}.", f"{LEAST_SIDE} ≤ shortest_side ≤ longest_side, in px.")
        if self.head_width < 1:
            raise UsageError(f"The detector's head_width is {self.head_width}.", "1 or more.")


def read_spec(folder: Path) -> DetectorSpec:
    """The specification of a detector's folder.

    Raises:
        InputError: where it is missing or cannot be read.
    """
    path = folder / SPEC_FILE
    try:
        return load_config(DetectorSpec, json.loads(path.read_text()), str(path))
    except (OSError, ValueError, TypeError, RecursionError, UsageError) as error:
        raise InputError(f"{folder} is no detector ({error}).", f"{SPEC_FILE} and {WEIGHTS_FILE}.") from error


def write_detector(folder: Path, spec: DetectorSpec, network: nn.Module) -> None:
    """Writes specification and weights; the folder appears only when both are there."""
    from safetensors.torch import save_file

    with written_beside(folder) as new:
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
        save_file(weights, new / WEIGHTS_FILE)
        (new / SPEC_FILE).write_text(json.dumps(asdict(spec), indent=2, ensure_ascii=False) + "\n")


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
    expected = {name: tensor for name, tensor in network.state_dict().items() if name in weights or _decides(name)}
    for name, tensor in expected.items():
        if name not in weights:
            raise InputError(f"{path} has no weight {name!r}.", f"all {len(expected)} weights of the architecture.")
        found = weights[name]
        if found.shape != tensor.shape:
            fitting = "and as many class names as the weights have classes" if "box_predictor" in name else ""
            raise InputError(
                f"{path}: {name} has shape {tuple(found.shape)}.", f"{tuple(tensor.shape)} {fitting}".strip() + "."
            )
        if found.is_complex() or not found.isfinite().all():
            raise InputError(f"{path}: {name} holds values that are no finite numbers.", "finite weights.")
    network.load_state_dict({name: weights[name] for name in expected}, strict=False)


def _decides(name: str) -> bool:
    """Whether a weight has a part in what the network finds; files with frozen normalisation lack the counters."""
    return not name.endswith(".num_batches_tracked")


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file, by name.

    Raises:
        InputError: where the file is missing, broken, or holds anything besides tensors.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    expected = "tensors by name and nothing else, as safetensors or as `torch.save(network.state_dict())` writes them."
    if not path.is_file():
        raise InputError(f"{path} is not there.", "a detector's weights: .safetensors, .pth or .pt.")
    try:
        values = load_file(path) if path.suffix == ".safetensors" else _read_torch_file(path)
    except (SafetensorError, *_BROKEN_PICKLE) as error:
        reason = str(error).partition("\n")[0]  # what follows in torch's message is advice to trust the file
        raise InputError(f"{path} cannot be read as weights ({type(error).__name__}: {reason}).", expected) from error
    if not isinstance(values, dict) or not all(isinstance(value, torch.Tensor) for value in values.values()):
        raise InputError(f"{path} holds other things than tensors.", expected)
    return values


def _read_torch_file(path: Path) -> Any:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on how old the file's format is
        return torch.load(path, map_location="cpu", weights_only=True)


def detector_name(folder: Path) -> str:
    """What regions state as their detector: architecture and the first 12 digits of the weights' sha256.

    Raises:
        InputError: where the folder is no detector.
    """
    if not (folder / WEIGHTS_FILE).is_file():
        raise InputError(f"{folder} is no detector: it has no {WEIGHTS_FILE}.", f"{SPEC_FILE} and {WEIGHTS_FILE}.")
    return f"{read_spec(folder).architecture}-{sha256_of_file(folder / WEIGHTS_FILE)[:12]}"


def build(spec: DetectorSpec) -> nn.Module:
    """The torchvision Faster R-CNN of a specification, with fresh weights; nothing is downloaded."""
    if spec.architecture == SMALL:
        return _small(spec)
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
