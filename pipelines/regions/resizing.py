"""Pictures as Caffe's and detectron2's detectors want them: the shorter side scaled, colours in a given order."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from contract.detector import DetectorSpec


def resized(picture: NDArray[np.uint8], spec: DetectorSpec, blue_first: bool) -> Tensor:
    """A picture [height, width, 3] as float32 [3, height, width], 0 to 255, scaled as detectron2 scales it."""
    height, width = picture.shape[:2]
    factor = min(spec.shortest_side / min(height, width), spec.longest_side / max(height, width))
    size = (max(1, int(width * factor + 0.5)), max(1, int(height * factor + 0.5)))
    scaled = np.array(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
    return torch.from_numpy(scaled[..., ::-1].copy() if blue_first else scaled).permute(2, 0, 1).float()
