"""The settings of the detector stage, importable without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contract.config import check_choice, check_range, option
from contract.detector import ARCHITECTURES, LEAST_SIDE
from contract.device import DEVICES


@dataclass(frozen=True)
class DetectorConfig:
    """The profile's section ``detector``: a network to train from scratch, or weights to take."""

    weights: Path | None = option(None, "weights file (.safetensors, .pth) to take instead of training")
    class_names: Path | None = option(None, "text file with one class name a line; goes with weights")
    architecture: str = option("small", "small, or a torchvision Faster R-CNN by its name")
    shortest_side: int = option(224, "length to which a picture's shorter side is scaled", "px")
    longest_side: int = option(400, "length that its longer side may have then", "px")
    head_width: int = option(256, "width of the box head's features, of the small architecture", "numbers")
    epochs: int = option(6, "passes over the training pictures", "epochs")
    batch_size: int = option(8, "pictures a step", "pictures")
    learning_rate: float = option(2e-3, "peak of the learning rate")
    attribute_weight: float = option(1.0, "weight of the loss of attributes, where the COCO file states some")
    device: str = option("auto", "auto, cpu or cuda")
    threads: int = option(
        0, "processor threads of training, on which the weights depend; 0 leaves them to OMP_NUM_THREADS"
    )

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_choice(self, "architecture", ARCHITECTURES)
        check_choice(self, "device", DEVICES)
        check_range(self, "epochs batch_size head_width", 1)
        check_range(self, "threads attribute_weight", 0)
        check_range(self, "learning_rate", 1e-12, 1)
        check_range(self, "shortest_side", LEAST_SIDE, self.longest_side)
