"""What a detector is, for the stage that trains or takes it and the stage that runs it.

A detector is a folder with ``detector.json`` and ``weights.safetensors``. torch is imported only where a network is
built, so that the rest of the contract stays light.
"""

from contract.detector.folder import build, load_detector, write_detector
from contract.detector.spec import (
    ARCHITECTURES,
    BOTTOM_UP_ATTENTION,
    DETECTRON2,
    IMPORTED,
    LEAST_SIDE,
    MOST_OBLONG,
    SIDES,
    SMALL,
    SPEC_FILE,
    TORCHVISION,
    UNNAMED,
    WEIGHTS_FILE,
    DetectorSpec,
    detector_name,
    read_spec,
)
from contract.detector.weights import load_weights, read_weights

__all__ = [
    "ARCHITECTURES", "BOTTOM_UP_ATTENTION", "DETECTRON2", "IMPORTED", "LEAST_SIDE", "MOST_OBLONG", "SIDES", "SMALL",
    "SPEC_FILE", "TORCHVISION", "UNNAMED", "WEIGHTS_FILE", "DetectorSpec", "build", "detector_name", "load_detector",
    "load_weights", "read_spec", "read_weights", "write_detector",
]  # fmt: skip
