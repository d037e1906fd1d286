"""How a detector states what it is: ``detector.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from contract.config import load_config
from contract.errors import InputError, UsageError
from contract.hashing import sha256_of_file
from contract.text import is_text

SPEC_FILE, WEIGHTS_FILE = "detector.json", "weights.safetensors"
SMALL, BOTTOM_UP_ATTENTION, DETECTRON2, IMPORTED = "small", "bottom_up_attention", "detectron2", "imported"
SIDES = {  # px to which a picture's shorter side is scaled, and that the longer one may have; as they were trained
    SMALL: (224, 400),
    "fasterrcnn_mobilenet_v3_large_320_fpn": (320, 640),
    "fasterrcnn_mobilenet_v3_large_fpn": (800, 1333),
    "fasterrcnn_resnet50_fpn": (800, 1333),
    "fasterrcnn_resnet50_fpn_v2": (800, 1333),
    BOTTOM_UP_ATTENTION: (600, 1000),
    DETECTRON2: (800, 1333),
    IMPORTED: (600, 1000),
}
UNNAMED = "object"  # the one class of imported features whose classes nothing names
ARCHITECTURES = tuple(SIDES)
TORCHVISION = tuple(name for name in ARCHITECTURES if name == SMALL or name.startswith("fasterrcnn_"))
MOST_OBLONG = 30  # times as long as wide: beyond it a picture, scaled for a network, is only a few pixels narrow
LEAST_SIDE = 32  # px: the stride of the deepest map


@dataclass(frozen=True)
class DetectorSpec:
    """How a detector's network is built.

    Attributes:
        architecture: one of ARCHITECTURES; ``imported`` has no network and stands for features that are there already.
        class_names: its object classes, in the network's order, without the background.
        shortest_side: px to which a picture's shorter side is scaled.
        longest_side: px that its longer side may have then.
        head_width: width of the box head's features; the torchvision architectures have 1024.
        config: detectron2's whole configuration as YAML; empty for the others.
        attribute_names: what its attribute head tells apart; of ``bottom_up_attention`` and ``imported`` alone.
    """

    architecture: str
    class_names: tuple[str, ...]
    shortest_side: int
    longest_side: int
    head_width: int = 1024
    config: str = ""
    attribute_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses what no network can be built from.

        Raises:
            UsageError: names the value.
        """
        if self.architecture not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            raise UsageError(f"The detector's architecture is {self.architecture!r}.", f"one of {known}.")
        if not 0 < len(self.class_names) < 2**15:
            raise UsageError(f"The detector has {len(self.class_names)} class names.", "one at least, under 32,768.")
        if self.attribute_names and self.architecture not in (BOTTOM_UP_ATTENTION, IMPORTED):
            raise UsageError(
                f"The detector {self.architecture} has {len(self.attribute_names)} attribute names.",
                f"none; {BOTTOM_UP_ATTENTION} and {IMPORTED} can have some.",
            )
        if not len(self.attribute_names) < 2**15:
            raise UsageError(f"The detector has {len(self.attribute_names)} attribute names.", "under 32,768.")
        if not LEAST_SIDE <= self.shortest_side <= self.longest_side:
            sides = f"shortest_side is {self.shortest_side} and longest_side is {self.longest_side}"
            raise UsageError(f"The detector's {sides}.", f"{LEAST_SIDE} ≤ shortest_side ≤ longest_side, in px.")
        if not 0 < self.head_width < 2**14:  # a feature with the pooled maps beside it has fewer than 32,768 numbers
            raise UsageError(f"The detector's head_width is {self.head_width}.", "1 or more, under 16,384.")
        for name in (*self.class_names, *self.attribute_names):
            if not is_text(name):
                raise UsageError(f"The detector has the name {name!a}.", "text.")


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


def detector_name(folder: Path) -> str:
    """What regions state as their detector: architecture and the first 12 digits of the weights' sha256.

    Raises:
        InputError: where the folder is no detector.
    """
    if not (folder / WEIGHTS_FILE).is_file():
        raise InputError(f"{folder} is no detector: it has no {WEIGHTS_FILE}.", f"{SPEC_FILE} and {WEIGHTS_FILE}.")
    return f"{read_spec(folder).architecture}-{sha256_of_file(folder / WEIGHTS_FILE)[:12]}"
