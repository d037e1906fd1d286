"""The profile's section ``regions``."""

from __future__ import annotations

from dataclasses import dataclass

from contract.config import check_choice, check_range, option
from contract.device import DEVICES

FEATURES = ("box_head", "pooled", "both")


@dataclass(frozen=True)
class Config:
    """The profile's section ``regions``."""

    least: int = option(10, "regions a picture has at least", "regions")
    most: int = option(100, "regions a picture has at most", "regions")
    confidence: float = option(0.2, "probability over which a box becomes a region", "0 to 1")
    nms_iou: float = option(0.3, "overlap over which boxes of one class compete", "0 to 1")
    features: str = option("box_head", "box_head, pooled (the finest map, averaged by quarter of the box) or both")
    batch_size: int = option(8, "pictures the detector sees at once", "pictures")
    decoding_threads: int = option(2, "threads that decode pictures ahead of the detector", "threads")
    device: str = option("auto", "auto, cpu or cuda")

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_choice(self, "features", FEATURES)
        check_choice(self, "device", DEVICES)
        check_range(self, "least batch_size decoding_threads", 1)
        check_range(self, "most", self.least, 2**15 - 1)
        check_range(self, "confidence nms_iou", 0, 1)
