"""detectron2's networks, from a configuration file. detectron2 is imported only where one is built or read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from contract.config import read_yaml
from contract.detector.spec import DetectorSpec
from contract.errors import InputError, UsageError

if TYPE_CHECKING:
    from torch import nn

_BASE = "_BASE_"
_MOST_BASES = 8
_HEADS = ("StandardROIHeads", "Res5ROIHeads")


def read_configuration(path: Path) -> Any:
    """A configuration with the files that it builds upon, as detectron2's own object.

    The files are read here and not by detectron2, which would run Python that YAML names and download what is no path.

    Raises:
        UsageError: where detectron2 is not installed, or a file cannot be read.
        InputError: where a file is no configuration of detectron2.
    """
    layers: list[dict[str, Any]] = []
    place: Path | None = path
    while place is not None:
        if len(layers) == _MOST_BASES:
            raise InputError(f"{path} builds upon more than {_MOST_BASES} files by {_BASE}.", "no circle of files.")
        layers.append(read_yaml(place))
        base = layers[-1].pop(_BASE, None)
        place = None if base is None else place.parent / str(base)
    config = _defaults()
    for values in reversed(layers):
        _merge(config, values, str(path))
    return config


def as_yaml(config: Any) -> str:
    """The whole configuration as one text that needs no other file and names no weights to download."""
    config.MODEL.WEIGHTS = ""
    return str(config.dump())


def configuration_of(spec: DetectorSpec) -> Any:
    """The configuration that a specification holds, as detectron2's own object.

    Raises:
        UsageError: where detectron2 is not installed.
        InputError: where the configuration is of another detectron2, or of another number of classes.
    """
    config = _defaults()
    try:
        values = yaml.safe_load(spec.config)
    except yaml.YAMLError as error:
        raise InputError(f"The detector's configuration is no YAML ({error}).", "what the stage wrote.") from error
    _merge(config, values, "The detector's configuration")
    stated = config.MODEL.ROI_HEADS.NUM_CLASSES
    if stated != len(spec.class_names):
        raise InputError(
            f"The detectron2 configuration has {stated} classes and there are {len(spec.class_names)} class names.",
            "as many class names as MODEL.ROI_HEADS.NUM_CLASSES.",
        )
    return config


def detectron2_network(spec: DetectorSpec) -> nn.Module:
    """The network of a specification, with fresh weights, on the CPU.

    Raises:
        UsageError: where detectron2 is not installed.
        InputError: where the configuration is not one of a Faster R-CNN.
    """
    config = configuration_of(spec)
    from detectron2.modeling import build_model

    config.MODEL.DEVICE, config.MODEL.MASK_ON, config.MODEL.KEYPOINT_ON = "cpu", False, False
    try:
        network: nn.Module = build_model(config)
    except (KeyError, ValueError, TypeError, AssertionError, AttributeError) as error:
        found = f"{type(error).__name__}: {error}"
        raise InputError(f"detectron2 cannot build the configuration ({found}).", "a Faster R-CNN.") from error
    heads = type(getattr(network, "roi_heads", None)).__name__
    if heads not in _HEADS:
        raise InputError(
            f"The detectron2 configuration builds {type(network).__name__} with {heads}.",
            f"a Faster R-CNN: GeneralizedRCNN with {' (FPN) or '.join(_HEADS)} (C4).",
        )
    return network


def _merge(config: Any, values: Any, where: str) -> None:
    from detectron2.config import CfgNode

    try:
        config.merge_from_other_cfg(CfgNode(values))
    except (KeyError, ValueError, TypeError, AssertionError, AttributeError) as error:
        raise InputError(
            f"{where} is no configuration that this detectron2 knows ({type(error).__name__}: {error}).",
            "detectron2's own keys and kinds of values.",
        ) from error


def _defaults() -> Any:
    try:
        from detectron2.config import get_cfg
    except ImportError as error:
        raise UsageError(
            f"The detector is `detectron2`, which cannot be imported here ({error}).",
            "detectron2 in this Python.",
            "install it as the README says, or choose another architecture.",
        ) from error
    return get_cfg()
