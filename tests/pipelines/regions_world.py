"""What the tests of regions share: pictures, an images dataset over them, and small untrained detectors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from contract.detector import DetectorSpec, build, write_detector
from contract.hashing import shard_of
from contract.manifest import Manifest
from contract.rejects import Reject
from contract.schemas import SCHEMAS
from contract.shards import REJECTS_FOLDER, ShardWriter, shard_name
from pipelines.regions.detection import DetectionProcess
from pipelines.regions.settings import Config
from pipelines.regions.stage import main
from pipelines.sharded import Tally

torch.set_num_threads(1)
SMALL = DetectorSpec("small", ("cube", "ball", "ring"), 64, 128, 16)


def write_pictures(folder: Path, count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Pictures of several shapes and the rows that ingest would write for them."""
    draws = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        width, height = [(64, 64), (96, 48), (40, 80), (150, 100)][number % 4]
        coarse = draws.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
        rows.append(
            save(folder, f"p{number:04d}", Image.fromarray(coarse).resize((width, height), Image.Resampling.BOX))
        )
    return rows


def save(folder: Path, image_id: str, image: Image.Image, name: str = "", **how: Any) -> dict[str, Any]:
    """Writes a picture and gives the row that ingest would write for it."""
    name = name or f"{image_id}.png"
    image.save(folder / name, **how)
    return row(image_id, name, image.size)


def row(image_id: str, uri: str, size: tuple[int, int] = (64, 64)) -> dict[str, Any]:
    return {
        "image_id": image_id, "split": "train", "uri": uri, "width": size[0], "height": size[1], "sha256": "0" * 64,
        "license": None, "source": "test", "duplicate_group": None,
    }  # fmt: skip


def write_images(folder: Path, root: Path, rows: Iterable[dict[str, Any]], shards: int = 1) -> Path:
    """A finished dataset of pictures."""
    rows, schema, written, rejects = list(rows), SCHEMAS["images"], [], []
    for index in range(shards):
        name = shard_name(index, shards)
        with ShardWriter(folder, name, schema) as writer:
            mine = [one for one in rows if shard_of(one["image_id"], shards) == index]
            writer.write(sorted(mine, key=lambda one: one["image_id"]))
        with ShardWriter(folder, f"{REJECTS_FOLDER}/{name}", SCHEMAS["rejects"]) as rejected:
            pass
        written.append(writer.shard())
        rejects.append(rejected.shard())
    parameters = {"picture_root": root.as_posix()}
    Manifest("images", schema.version, "test", parameters, 0, {}, written, rejects, len(rows), len(rows), {}).write(
        folder
    )
    return folder


def write_untrained(folder: Path, spec: DetectorSpec = SMALL, factor: float = 1.0) -> Path:
    """A detector that has learned nothing, whose box head's last weights are multiplied by a factor."""
    torch.manual_seed(3)
    network = build(spec)
    with torch.no_grad():
        network.roi_heads.box_head.fc7.weight.mul_(factor)
    write_detector(folder, spec, network)
    return folder


def regions_of(images: Path, detector: Path, **settings: Any) -> tuple[dict[str, dict[str, Any]], list[Reject], Tally]:
    """The rows of the first shard by picture, its rejects and its tally; in this process, without Beam."""
    config = Config(**{"least": 2, "most": 8, "device": "cpu"} | settings)
    process, tally = DetectionProcess(images, detector, config), Tally()
    process.setup()
    items = list(process.shard(0, tally))
    rejects = [item for item in items if isinstance(item, Reject)]
    return {item["image_id"]: item for item in items if not isinstance(item, Reject)}, rejects, tally


def boxes_of(found: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(found["boxes"], "<f4").reshape(found["num_regions"], 4)


def features_of(found: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(found["features"], "<f2").reshape(found["num_regions"], found["feature_dim"])


def regions(seed: int, count: int = 12, width: int = 6) -> dict[str, np.ndarray]:
    """Regions of a picture as files of features hold them."""
    draws = np.random.default_rng(seed)
    corners = draws.uniform(0, 150, (count, 2))
    return {
        "boxes": np.concatenate([corners, corners + draws.uniform(5, 100, (count, 2))], axis=1).astype(np.float32),
        "features": draws.normal(0, 3, (count, width)).astype(np.float32),
        "classes": draws.integers(0, 3, count),
        "scores": draws.uniform(0, 1, count).astype(np.float32),
    }


def write_npy(folder: Path, name: str, size: tuple[int, int], one: dict[str, np.ndarray]) -> None:
    """A picture's features in the layout of MMF and LXMERT."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{name}.npy", one["features"])
    info = {
        "bbox": one["boxes"], "num_boxes": len(one["boxes"]), "image_width": size[0], "image_height": size[1],
        "objects": one["classes"], "cls_prob": one["scores"],
    }  # fmt: skip
    np.save(folder / f"{name}_info.npy", info, allow_pickle=True)


def arguments(images: Path, detector: Path, out: Path, *settings: str) -> list[str]:
    given = ["--images", images, "--detector", detector, "--out", out, "--least", "2", "--most", "8", *settings]
    return [str(part) for part in given]


def call_regions(monkeypatch: Any, *given: str) -> int:
    """The stage's command line, in this process."""
    monkeypatch.setattr("sys.argv", ["regions", *given])
    return main()
