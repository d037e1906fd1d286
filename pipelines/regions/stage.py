"""Finds the regions of every picture: one output shard from each shard of the images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from contract.command import Call, PathOption, run_stage
from contract.config import check_choice, check_range, option
from contract.dataset import Dataset
from contract.detector import MOST_OBLONG, detector_name, load_detector
from contract.device import DEVICES, choose_device
from contract.errors import InputError
from contract.manifest import dataset_of
from contract.pictures import (
    PictureMissingError,
    PicturePathError,
    PictureStore,
    PictureTooLargeError,
    PictureUnreadableError,
    read_picture,
)
from contract.rejects import Reject
from pipelines.sharded import Job, Row, Tally, run_sharded

if TYPE_CHECKING:
    from pipelines.regions.detector import Detector, Found

FEATURES = ("box_head", "pooled", "both")
_WINDOW = 8  # batches that are decoded and sorted by aspect ratio together
_DECODED_PIXELS = 12_000_000  # a picture with more is shrunk by a whole factor, for it waits in memory with others
_REASONS: dict[type[InputError], str] = {
    PictureMissingError: "image_missing",
    PictureTooLargeError: "image_too_large",
    PictureUnreadableError: "image_unreadable",
    PicturePathError: "image_unsafe_path",
}


@dataclass(frozen=True)
class Config:
    """The profile's section ``regions``."""

    least: int = option(10, "regions a picture has at least", "regions")
    most: int = option(100, "regions a picture has at most", "regions")
    confidence: float = option(0.2, "probability over which a box becomes a region", "0 to 1")
    nms_iou: float = option(0.3, "overlap over which boxes of one class compete", "0 to 1")
    features: str = option("both", "box_head, pooled (the finest map, averaged by quarter of the box) or both")
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
        check_range(self, "most", self.least)
        check_range(self, "confidence nms_iou", 0, 1)


class RegionsProcess:
    """Decodes the pictures of a shard ahead of the detector and runs it over batches of like aspect ratio."""

    def __init__(self, images: Path, detector: Path, config: Config) -> None:
        self._images, self._detector_folder, self._config = images, detector, config

    def setup(self) -> None:
        """Loads the detector, once a process, with one thread of its own: so bytes do not depend on the workers."""
        import torch

        from pipelines.regions.choice import Choice
        from pipelines.regions.detector import TorchvisionDetector

        torch.set_num_threads(1)
        self._store = PictureStore(self._images)
        config = self._config
        choice = Choice(config.least, config.most, config.confidence, config.nms_iou)
        self._detector: Detector = TorchvisionDetector(self._detector_folder, choice, config.features, config.device)
        self._name = detector_name(self._detector_folder)

    def shard(self, index: int, tally: Tally) -> Iterator[Row | pa.RecordBatch | Reject]:
        """The regions of a shard's pictures, in their order."""
        rows = list(Dataset(self._images, "images").rows(["image_id", "uri", "width", "height"], index))
        size = self._config.batch_size
        windows = [rows[start : start + size * _WINDOW] for start in range(0, len(rows), size * _WINDOW)]
        with ThreadPoolExecutor(self._config.decoding_threads) as threads:
            ahead = [threads.submit(self._decode, row) for row in windows[0]] if windows else []
            for number, window in enumerate(windows):
                decoded = [task.result() for task in ahead]
                following = windows[number + 1] if number + 1 < len(windows) else []
                ahead = [threads.submit(self._decode, row) for row in following]
                yield from self._window(window, decoded, tally)

    def _decode(self, row: dict[str, Any]) -> np.ndarray | Reject:
        uri = row["uri"]
        try:
            image = read_picture(self._store.path(uri), uri)
        except tuple(_REASONS) as error:
            return Reject(row["image_id"], uri, _REASONS[type(error)], error.what)
        except OSError as error:
            return Reject(row["image_id"], uri, "image_unreadable", f"{uri}: {error.strerror}")
        width, height = image.size
        if image.size != (row["width"], row["height"]):
            message = f"{width} × {height} px; expected {row['width']} × {row['height']}: run ingest again"
            return Reject(row["image_id"], uri, "image_changed", message)
        if max(image.size) > MOST_OBLONG * min(image.size):
            message = f"{width} × {height} px; expected at most {MOST_OBLONG} times as long as wide"
            return Reject(row["image_id"], uri, "image_oblong", message)
        return np.array(image.reduce(math.ceil(math.sqrt(width * height / _DECODED_PIXELS))))

    def _window(
        self, rows: list[dict[str, Any]], decoded: list[np.ndarray | Reject], tally: Tally
    ) -> Iterator[Row | Reject]:
        pictures = {i: one for i, one in enumerate(decoded) if not isinstance(one, Reject)}
        by_aspect = sorted(pictures, key=lambda i: (pictures[i].shape[0] / pictures[i].shape[1], i))
        found: dict[int, Found] = {}
        for start in range(0, len(by_aspect), self._config.batch_size):
            batch = by_aspect[start : start + self._config.batch_size]
            found |= dict(zip(batch, self._detector.find([pictures[i] for i in batch]), strict=True))
        for i, row in enumerate(rows):
            tally.rows_in += 1
            one = decoded[i]
            yield one if isinstance(one, Reject) else self._row(row, one, found[i], tally)

    def _row(self, row: dict[str, Any], picture: np.ndarray, found: Found, tally: Tally) -> Row | Reject:
        if len(found.boxes) < self._config.least:
            message = f"{len(found.boxes)} regions; expected at least {self._config.least}"
            return Reject(row["image_id"], row["uri"], "no_regions", message)
        if not np.isfinite(found.features).all():
            return Reject(row["image_id"], row["uri"], "features_not_finite", "expected finite float16 features")
        decoded, size = np.array(picture.shape[1::-1] * 2, "<f4"), np.array([row["width"], row["height"]] * 2, "<f4")
        boxes = np.minimum(found.boxes * (size / decoded), size)
        tally.count("regions_a_picture", f"{len(found.boxes):03d}")
        tally.count("score_sum", by=round(float(found.scores.sum()), 4))
        for number in found.classes.tolist():
            tally.count("objects", self._detector.class_names[number])
        return {
            "image_id": row["image_id"], "num_regions": len(found.boxes), "feature_dim": found.features.shape[1],
            "features": found.features.tobytes(), "boxes": boxes.astype("<f4").tobytes(),
            "width": row["width"], "height": row["height"], "object_ids": found.classes.tolist(),
            "object_scores": found.scores.tolist(), "detector": self._name,
        }  # fmt: skip


def run(call: Call[Config]) -> None:
    """The stage: a job over the shards of the images."""
    images, detector = call.path("images"), call.path("detector")
    dataset = Dataset(images, "images")
    spec, _ = load_detector(detector)  # what is wrong with it shows here, before workers start
    print(f"regions: {detector_name(detector)} on {choose_device(call.config.device)}.")
    run_sharded(
        Job(
            "regions", "regions", call.path("out"), dataset.num_shards, call.config, call.seed,
            {"images": images, "detector": detector},
            ("pipelines.regions", "contract.detector", "contract.pictures"),
            {"object_classes": list(spec.class_names)},
        ),
        RegionsProcess(images, detector, call.config), call.workers, len(dataset), _summarise,
    )  # fmt: skip


def _summarise(statistics: dict[str, Any]) -> dict[str, Any]:
    """Turns the sum of scores into their mean."""
    total = sum(statistics.get("objects", {}).values())
    mean = round(statistics.pop("score_sum", 0.0) / total, 4) if total else None
    return statistics | {"regions": total, "mean_score": mean}


PATHS = (
    PathOption("images", "dataset of pictures"),
    PathOption("detector", "folder of the detector"),
    PathOption("out", "where the dataset of regions goes", replaces=dataset_of("regions")),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("regions", Config, PATHS, run, "Find the regions of every picture with a Faster R-CNN.")
