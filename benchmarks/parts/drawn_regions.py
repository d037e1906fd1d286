"""Regions of pictures that nobody took, for what takes as long with any numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from contract.schemas import SCHEMAS
from model.regions import RegionStore
from parts.datasets import write_dataset


def drawn_regions(folder: Path, pictures: int, least: int, most: int, width: int) -> RegionStore:
    """Pictures of ``least`` to ``most`` regions, whose features are drawn, [R, width]."""
    draw, rows = np.random.default_rng(7), []
    for number in range(pictures):
        count = int(draw.integers(least, most + 1))
        corners = draw.random((count, 4), np.float32) * 200
        corners[:, 2:] += corners[:, :2] + 1
        rows.append({
            "image_id": f"{number:06d}", "num_regions": count, "feature_dim": width,
            "features": draw.standard_normal((count, width), np.float32).astype("<f2").tobytes(),
            "boxes": corners.tobytes(), "width": 500, "height": 500, "object_ids": [0] * count,
            "object_scores": [1.0] * count, "attribute_ids": None, "attribute_scores": None, "detector": "drawn",
        })  # fmt: skip
    schema = SCHEMAS["regions"]
    write_dataset(folder, schema, 1, [pa.RecordBatch.from_pylist(rows, schema.arrow)])
    return RegionStore(folder)
