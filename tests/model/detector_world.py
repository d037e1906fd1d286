"""A world of two classes that a detector learns in seconds: bright squares and dark bars on grey."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from model.detector import main

torch.set_num_threads(1)  # threads that wait for each other cost more than this network does
CATEGORIES = [{"id": 3, "name": "square"}, {"id": 11, "name": "bar"}]  # with gaps, as COCO's
SETTINGS = {
    "shortest-side": 96, "longest-side": 192, "head-width": 32, "epochs": 1, "batch-size": 4, "learning-rate": 0.001,
}  # fmt: skip


def draw(path: Path, category: int, draws: np.random.Generator, size: tuple[int, int] = (64, 64)) -> list[float]:
    """Writes a picture with one thing in it, and gives the thing's box."""
    width, height = size
    pixels = draws.integers(100, 140, (height, width, 3), np.uint8)
    wide, high = (28, 28) if category == 3 else (44, 16)
    x, y = int(draws.integers(0, width - wide + 1)), int(draws.integers(0, height - high + 1))
    pixels[y : y + high, x : x + wide] = (250, 240, 40) if category == 3 else (10, 10, 60)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return [x, y, wide, high]


def coco(folder: Path, count: int, seed: int, sizes: tuple[tuple[int, int], ...] = ((64, 64),)) -> dict[str, Any]:
    """COCO boxes of newly drawn pictures."""
    draws = np.random.default_rng(seed)
    images, annotations = [], []
    for number in range(count):
        category, name = CATEGORIES[number % 2]["id"], f"{seed}-{number}.png"
        box = draw(folder / name, category, draws, sizes[number % len(sizes)])
        images.append({"id": 100 + 7 * number, "file_name": name})
        annotations.append({"id": number, "image_id": 100 + 7 * number, "category_id": category, "bbox": box})
    return {"images": images, "annotations": annotations, "categories": list(reversed(CATEGORIES))}


def write_world(raw: Path, train: int, val: int, **changes: Any) -> Path:
    """raw/boxes with its own pictures."""
    for name, count, seed in (("train", train, 1), ("val", val, 2)):
        if count:
            values = coco(raw / "boxes" / "images", count, seed, **changes)
            (raw / "boxes" / f"{name}.json").write_text(json.dumps(values))
    return raw


def detect(monkeypatch, raw: Path, out: Path, **changes: Any) -> int:
    """The stage's command line."""
    settings = SETTINGS | {name.replace("_", "-"): value for name, value in changes.items()}
    given = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    command = ["detector", "--raw", str(raw), "--out", str(out), "--metrics", str(out) + ".json", "--seed", "5", *given]
    monkeypatch.setattr("sys.argv", command)
    return main()
