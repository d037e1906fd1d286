"""The settings of the detector stage, importable without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contract.config import check_choice, check_range, option
from contract.detector import ARCHITECTURES, DETECTRON2, IMPORTED, LEAST_SIDE
from contract.device import DEVICES
from contract.errors import UsageError


@dataclass(frozen=True)
class DetectorConfig:
    """The profile's section ``detector``: a network to train from scratch, or weights to take."""

    weights: Path | None = option(None, "weights file (.safetensors, .pth, .pkl) to take instead of training")
    class_names: Path | None = option(None, "text file with one class name a line; goes with weights")
    attribute_names: Path | None = option(
        None,
        "text file with one attribute name a line; for bottom_up_attention and imported",
    )
    architecture: str = option("small", f"one of {', '.join(ARCHITECTURES)}")
    config: Path | None = option(None, "detectron2's configuration file; for the architecture detectron2")
    shortest_side: int = option(0, "length of a picture's shorter side once scaled; 0 is the architecture's own", "px")
    longest_side: int = option(0, "length that its longer side may have then; 0 is the architecture's own", "px")
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
        if self.shortest_side or self.longest_side:  # one of them alone would be at odds with the other's default
            check_range(self, "longest_side", LEAST_SIDE)
            check_range(self, "shortest_side", LEAST_SIDE, self.longest_side)
        if self.architecture == IMPORTED and self.weights:
            raise UsageError(f"weights is {self.weights} and architecture is {IMPORTED!r}.", "one of both.")
        if (self.config is not None) != (self.architecture == DETECTRON2):
            raise UsageError(
                f"config is {self.config} and architecture is {self.architecture!r}.",
                f"a configuration file with the architecture {DETECTRON2}, and with no other.",
            )
