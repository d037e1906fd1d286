"""A detector's folder: written whole or not at all, and read again as a network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from contract.detector.spec import (
    BOTTOM_UP_ATTENTION,
    DETECTRON2,
    IMPORTED,
    SMALL,
    SPEC_FILE,
    WEIGHTS_FILE,
    DetectorSpec,
    read_spec,
)
from contract.detector.weights import load_weights
from contract.errors import UsageError
from contract.outputs import written_beside

if TYPE_CHECKING:
    from torch import nn


def write_detector(folder: Path, spec: DetectorSpec, network: nn.Module | None) -> None:
    """Writes specification and weights; the folder appears only when both are there. Imported features have none."""
    from safetensors.torch import save_file

    with written_beside(folder) as new:
        state = network.state_dict() if network else {}
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}, new / WEIGHTS_FILE)
        (new / SPEC_FILE).write_text(json.dumps(asdict(spec), indent=2, ensure_ascii=False) + "\n")


def load_detector(folder: Path) -> tuple[DetectorSpec, nn.Module]:
    """A detector's specification and its network in evaluation mode, on the CPU.

    Raises:
        InputError: where the folder is no detector, or weights and specification do not fit.
        UsageError: where what it needs is not installed.
    """
    spec = read_spec(folder)
    network = build(spec)
    load_weights(network, folder / WEIGHTS_FILE)
    return spec, network.eval()


def build(spec: DetectorSpec) -> nn.Module:
    """The network of a specification, with fresh weights; nothing is downloaded.

    Raises:
        UsageError: where there is no such network, or what it needs is not installed.
    """
    if spec.architecture == SMALL:
        from contract.detector.small import small_network

        return small_network(spec)
    if spec.architecture == BOTTOM_UP_ATTENTION:
        from contract.detector.bottom_up_attention import BottomUpAttention

        return BottomUpAttention(len(spec.class_names), len(spec.attribute_names))
    if spec.architecture == DETECTRON2:
        from contract.detector.detectron2 import detectron2_network

        return detectron2_network(spec)
    if spec.architecture == IMPORTED:
        raise UsageError("The detector is `imported`: it has no network.", "another architecture to find regions with.")
    from torchvision import models

    return models.get_model(
        spec.architecture, weights=None, weights_backbone=None, num_classes=len(spec.class_names) + 1,
        min_size=spec.shortest_side, max_size=spec.longest_side,
    )  # fmt: skip
