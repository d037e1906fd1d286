"""Step 2: what is known of each picture of a shard, in columns, one row a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from contract.dataset import Dataset
from contract.errors import InputError
from contract.pictures import PictureStore
from pipelines.triples.arrow_files import write_table
from pipelines.triples.sensitive_images import SensitivePictures

FACTS = pa.schema(
    {
        "image_id": pa.string(), "split": pa.string(), "width": pa.int32(), "height": pa.int32(),
        "regions": pa.int16(), "mean_score": pa.float32(), "best_score": pa.float32(),
        "covered": pa.float32(),  # share of the picture inside any region
        "sharpness": pa.float32(),  # variance of the Laplacian; null where pictures were not read
        "sensitive": pa.float32(),  # null where the classifier did not run
        "class_ids": pa.list_(pa.int16()), "class_scores": pa.list_(pa.float32()),  # best score of each class, by class
    }
)  # fmt: skip
FACTS_FILE = "facts.arrow"
_GRID = 64  # cells a side, on which covered area is counted
_SHARPNESS_SIDE = 320  # px of the longer side, so that sharpness does not depend on a picture's size


def sharpness(picture: Image.Image) -> float:
    """Variance of the Laplacian of the grey picture, 0 to 255, at a common size; small where it is blurred."""
    scale = _SHARPNESS_SIDE / max(picture.size)
    size = tuple(max(3, round(side * scale)) for side in picture.size)
    grey = np.asarray(picture.convert("L").resize((size[0], size[1]), Image.Resampling.BILINEAR), np.float32)
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(laplacian.var())


def covered_share(boxes: np.ndarray, width: int, height: int) -> float:
    """The share of a picture that lies inside any box, to about a hundredth.

    Args:
        boxes: [n, 4], x1 y1 x2 y2 in px.
        width: px.
        height: px.
    """
    cells = np.zeros((_GRID, _GRID), bool)
    scaled = np.clip(boxes / np.array([width, height, width, height]) * _GRID, 0, _GRID)
    for left, top, right, bottom in np.rint(scaled).astype(int):
        cells[top:bottom, left:right] = True
    return float(cells.mean())


def best_by_class(object_ids: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The classes in a picture, ascending, and the best score of each."""
    classes, places = np.unique(object_ids, return_inverse=True)
    best = np.zeros(len(classes), np.float32)
    np.maximum.at(best, places, scores.astype(np.float32))
    return classes.astype(np.int16), best


@dataclass
class PictureFacts:
    """The work of the first pass: an element is a shard of the pictures.

    Attributes:
        images: folder of the images dataset.
        regions: folder of the regions dataset.
        sharp: whether to measure the pictures' sharpness.
        sensitive: whether to run the classifier of sensitive pictures.
    """

    images: Path
    regions: Path
    sharp: bool
    sensitive: bool

    def setup(self) -> None:
        """Opens the datasets, and the classifier where it is wanted."""
        self._facts = ImageFacts(self.images, self.regions, self.sharp, self.sensitive)

    def make(self, element: int, folder: Path) -> int:
        """Writes a shard's facts."""
        table = self._facts.shard(element)
        write_table(folder / FACTS_FILE, FACTS, table)
        return len(table)


class ImageFacts:
    """Reads the facts of a shard's pictures.

    Args:
        images: folder of the images dataset.
        regions: folder of the regions dataset.
        sharp: whether to read pictures for their sharpness.
        sensitive: whether to run the classifier of sensitive pictures.
    """

    def __init__(self, images: Path, regions: Path, sharp: bool, sensitive: bool) -> None:
        self._images, self._regions = Dataset(images, "images"), Dataset(regions, "regions")
        self._images.require_shards_like(self._regions)
        self._store = PictureStore(images) if sharp or sensitive else None
        self._sharp, self._classifier = sharp, SensitivePictures() if sensitive else None

    def shard(self, index: int) -> pa.Table:
        """The facts of all pictures of a shard, by FACTS, in the order of their ids."""
        columns = ["image_id", "num_regions", "boxes", "object_ids", "object_scores"]
        regions = self._regions.table(columns, shard=index)
        row_of = {image_id: row for row, image_id in enumerate(regions.column("image_id").to_pylist())}
        return pa.Table.from_pylist(list(self._rows(index, regions, row_of)), schema=FACTS)

    def _rows(self, index: int, regions: pa.Table, row_of: dict[str, int]) -> Iterator[dict[str, Any]]:
        for image in self._images.rows(["image_id", "split", "uri", "width", "height"], shard=index):
            row = row_of.get(image["image_id"])
            region = None if row is None else regions.slice(row, 1).to_pylist()[0]
            uri = image.pop("uri")
            yield image | _region_facts(region, image["width"], image["height"]) | self._picture_facts(uri)

    def _picture_facts(self, uri: str) -> dict[str, Any]:
        if self._store is None:
            return {"sharpness": None, "sensitive": None}
        picture = self._store.read(uri)
        return {
            "sharpness": sharpness(picture) if self._sharp else None,
            "sensitive": self._classifier.score(picture) if self._classifier else None,
        }


def _region_facts(region: dict[str, Any] | None, width: int, height: int) -> dict[str, Any]:
    if region is None or region["num_regions"] == 0:
        return {"regions": 0, "mean_score": 0.0, "best_score": 0.0, "covered": 0.0, "class_ids": [], "class_scores": []}
    scores = np.array(region["object_scores"], np.float32)
    boxes = np.frombuffer(region["boxes"], "<f4")
    if len(boxes) != 4 * region["num_regions"] or len(scores) != region["num_regions"]:
        raise InputError(
            f"The regions of {region['image_id']} do not agree: {region['num_regions']} regions, {len(scores)} scores.",
            "as many boxes and scores as regions.",
            "run the stage regions again.",
        )
    classes, best = best_by_class(np.array(region["object_ids"]), scores)
    return {
        "regions": region["num_regions"], "mean_score": float(scores.mean()), "best_score": float(scores.max()),
        "covered": covered_share(boxes.reshape(-1, 4), width, height), "class_ids": classes, "class_scores": best,
    }  # fmt: skip
