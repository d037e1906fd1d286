"""One picture of what a stage wrote, small enough for Prefect's database: an example, or a training's losses."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.dataset import Dataset
from contract.hashing import MANIFEST
from contract.manifest import read_manifest

_NOT_LOSSES = ("step", "learning_rate")
_POINTS = 200  # of a curve


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, and what it shows."""

    uri: str
    shows: str


def picture_of(path: Path) -> Picture | None:
    """A picture of an output: an example of `images` or `regions`, the losses of a checkpoint; None of others."""
    if (path / MANIFEST).is_file():
        return _example(path) if read_manifest(path).dataset in ("images", "regions") else None
    if path.is_dir() and (path / "config.json").is_file():
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        losses = (config.get("training") or {}).get("losses") if isinstance(config, dict) else None
        return _curves(losses, path) if isinstance(losses, list) and losses else None
    return None


def _example(folder: Path) -> Picture | None:
    from flows.overlay import labels_of, picture_of_row
    from flows.picture_finder import PictureFinder

    images = folder.resolve().parent / "images"
    if not (images / MANIFEST).is_file():
        return None
    manifest = read_manifest(folder)
    first = next((batch for batch in Dataset(folder, manifest.dataset).batches(batch_size=1) if batch.num_rows), None)
    row = first.to_pylist()[0] if first else None
    picture = row and PictureFinder(Dataset(images, "images")).picture(row["image_id"])
    if not row or picture is None:
        return None
    return Picture(
        picture_of_row(picture, row, labels_of(row, manifest.parameters)), f"{row['image_id']} in {folder.name}"
    )


def _curves(losses: Sequence[Mapping[str, Any]], folder: Path) -> Picture:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.2), dpi=100, layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="loss")
    every = -(-len(losses) // _POINTS)
    for task in sorted({task for line in losses for task in line if task not in _NOT_LOSSES}):
        points = [(line["step"], line[task]) for line in losses if task in line][::every]
        axes.plot(*zip(*points, strict=True), label=task, marker="." if len(points) == 1 else "", linewidth=1)
    axes.legend(fontsize="small", ncols=2)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return Picture(uri, f"Losses of {folder.name}")
