"""Regions of one shard of pictures, decoded in threads ahead of the detector and given to it by like aspect ratio."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from contract.dataset import Dataset
from contract.detector import MOST_OBLONG, detector_name, read_spec
from contract.errors import InputError
from contract.pictures import (
    PictureMissingError,
    PicturePathError,
    PictureStore,
    PictureTooLargeError,
    PictureUnreadableError,
    read_picture,
)
from contract.rejects import Reject
from pipelines.regions.batching import DECODED_PIXELS, batches, windows
from pipelines.regions.rows import row_of
from pipelines.regions.settings import Config
from pipelines.sharded import Row, Tally

if TYPE_CHECKING:
    from pipelines.regions.finding import Detector
    from pipelines.regions.found import Found

_REASONS: dict[type[InputError], str] = {
    PictureMissingError: "image_missing",
    PictureTooLargeError: "image_too_large",
    PictureUnreadableError: "image_unreadable",
    PicturePathError: "image_unsafe_path",
}


class DetectionProcess:
    """Runs a detector over the pictures of a shard.

    Args:
        images: the dataset of pictures.
        detector: the detector's folder.
        config: the settings.
    """

    def __init__(self, images: Path, detector: Path, config: Config) -> None:
        self._images, self._detector_folder, self._config = images, detector, config

    def setup(self) -> None:
        """Loads the detector, once a process, with one thread of its own: so bytes do not depend on the workers."""
        import torch

        from pipelines.regions.choice import Choice
        from pipelines.regions.finding import open_detector

        torch.set_num_threads(1)
        config = self._config
        self._store = PictureStore(self._images)
        self._choice = Choice(config.least, config.most, config.confidence, config.nms_iou)
        self._detector: Detector = open_detector(self._detector_folder, config.features, config.device)
        self._name, self._spec = detector_name(self._detector_folder), read_spec(self._detector_folder)

    def shard(self, index: int, tally: Tally) -> Iterator[Row | pa.RecordBatch | Reject]:
        """The regions of a shard's pictures, in their order."""
        rows = list(Dataset(self._images, "images").rows(["image_id", "uri", "width", "height"], index))
        waiting = list(windows(rows, self._config.batch_size))
        with ThreadPoolExecutor(self._config.decoding_threads) as threads:
            ahead = [threads.submit(self._decode, row) for row in waiting[0]] if waiting else []
            for number, window in enumerate(waiting):
                decoded = [task.result() for task in ahead]
                following = waiting[number + 1] if number + 1 < len(waiting) else []
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
        return np.array(image.reduce(math.ceil(math.sqrt(width * height / DECODED_PIXELS))))

    def _window(
        self, rows: list[dict[str, Any]], decoded: list[np.ndarray | Reject], tally: Tally
    ) -> Iterator[Row | Reject]:
        from pipelines.regions.finding import find

        pictures = {i: one for i, one in enumerate(decoded) if not isinstance(one, Reject)}
        aspects = {i: picture.shape[0] / picture.shape[1] for i, picture in pictures.items()}
        found: dict[int, Found] = {}
        for batch in batches(aspects, self._config.batch_size):
            found |= zip(batch, find(self._detector, [pictures[i] for i in batch], self._choice), strict=True)
        for i, row in enumerate(rows):
            tally.rows_in += 1
            one = decoded[i]
            yield one if isinstance(one, Reject) else self._row(row, one, found[i], tally)

    def _row(self, row: dict[str, Any], picture: np.ndarray, found: Found, tally: Tally) -> Row | Reject:
        """The picture's row, its boxes in px of the original though the picture may have been shrunk."""
        decoded, size = np.array(picture.shape[1::-1] * 2, "<f4"), np.array([row["width"], row["height"]] * 2, "<f4")
        found = dataclasses.replace(found, boxes=found.boxes * (size / decoded))
        return row_of(row, found, self._config.least, self._spec, self._name, tally)
