"""Pictures with boxes: reads COCO's instances files and the pictures that they name."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contract.detector import MOST_OBLONG
from contract.errors import InputError
from contract.pictures import read_picture

_EXPECTED = "images, annotations and categories, as COCO's instances files have them."
_SLIVER = 1.0  # px: boxes that are not wider and higher teach nothing
_OVER_THE_EDGE = 2.0  # px by which a box may pass the picture's edge: annotators round
_KEPT_BYTES = 1 << 30  # of decoded pictures; those beyond are decoded whenever they are needed


@dataclass(frozen=True)
class BoxedPicture:
    """A picture and what is in it.

    Attributes:
        image_id: its id in the COCO file.
        path: its file.
        boxes: float32 [N, 4], x1 y1 x2 y2 in pixels.
        labels: int64 [N], 1-based.
        attributes: the attributes of each box, by kind; empty where the annotation states none.
    """

    image_id: int
    path: Path
    boxes: Tensor
    labels: Tensor
    attributes: tuple[dict[str, str], ...]


def read_boxes(path: Path, pictures: Path) -> tuple[list[BoxedPicture], tuple[str, ...]]:
    """Reads a COCO JSON file. Crowds and boxes of at most one pixel's width or height are left out.

    Returns:
        The pictures with boxes, by id, and the class names; label ``i + 1`` is the i-th name in the order of the
        categories' ids, which may have gaps.

    Raises:
        InputError: where the file is missing or not COCO, an id is unknown or comes twice, a box is none, or a name
            leads elsewhere.
    """
    try:
        coco = json.loads(path.read_text(encoding="utf-8"))
        names = _by_id(coco["categories"], "category", path)
        files = _by_id(coco["images"], "image", path)
        label_of = {category: number for number, category in enumerate(names, 1)}
        boxes: dict[int, list[list[float]]] = {image: [] for image in files}
        labels: dict[int, list[int]] = {image: [] for image in files}
        attributes: dict[int, list[dict[str, str]]] = {image: [] for image in files}
        for annotation in coco["annotations"]:
            image, label = _known(annotation, "image_id", files, path), _known(annotation, "category_id", names, path)
            x, y, width, height = _box(annotation, path)
            if annotation.get("iscrowd") or width <= _SLIVER or height <= _SLIVER:
                continue  # a crowd has no box of its own
            boxes[image].append([x, y, x + width, y + height])
            labels[image].append(label_of[label])
            attributes[image].append({str(k): str(v) for k, v in (annotation.get("attributes") or {}).items()})
        found = [
            BoxedPicture(
                image, _inside(pictures, str(entry["file_name"]), path),
                torch.tensor(boxes[image]), torch.tensor(labels[image]), tuple(attributes[image]),
            )
            for image, entry in files.items()
            if boxes[image]
        ]  # fmt: skip
        class_names = tuple(str(category["name"]) for category in names.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        what = f"{path} cannot be read as COCO boxes ({type(error).__name__}: {error})."
        raise InputError(what, _EXPECTED) from error
    if not found:
        raise InputError(f"{path} has no picture with a box.", "one at least.")
    return found, class_names


def _by_id(entries: list[dict[str, Any]], what: str, path: Path) -> dict[int, dict[str, Any]]:
    counts = Counter(entry["id"] for entry in entries)
    for number, count in counts.items():
        if type(number) is not int or count > 1:
            raise InputError(f"{path} has the {what} id {number!r} {count} time(s).", "whole numbers, each once.")
    return {entry["id"]: entry for entry in sorted(entries, key=lambda entry: entry["id"])}


def _known(annotation: dict[str, Any], key: str, known: dict[int, Any], path: Path) -> int:
    number: int = annotation[key]
    if number not in known:
        raise InputError(f"{path}: {_called(annotation)} has the {key} {number!r}.", "one that the file lists.")
    return number


def _box(annotation: dict[str, Any], path: Path) -> list[float]:
    box = [float(value) for value in annotation["bbox"]]
    if len(box) != 4 or not all(math.isfinite(value) and value >= 0 for value in box):
        raise InputError(
            f"{path}: {_called(annotation)} has the bbox {annotation['bbox']}.",
            "x, y, width and height in pixels, none of them negative.",
        )
    return box


def _called(annotation: dict[str, Any]) -> str:
    return f"the annotation {annotation.get('id', 'without id')!r}"


def _inside(folder: Path, name: str, path: Path) -> Path:
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise InputError(f"{path}: the file_name {name!r} leads out of {folder}.", "a path below it.")
    return folder / name


class Pictures(Sequence[Tensor]):
    """Decoded pictures, uint8 [3, height, width]; as many as fit are kept in memory.

    Args:
        pictures: their files and boxes.

    Raises:
        InputError: where a file is not there, so that it shows before the training and not within it.
    """

    def __init__(self, pictures: list[BoxedPicture]) -> None:
        self._pictures = pictures
        self._kept: dict[int, Tensor] = {}
        self._room = _KEPT_BYTES
        missing = [picture.path for picture in pictures if not picture.path.is_file()]
        if missing:
            raise InputError(
                f"{len(missing)} of {len(pictures)} pictures with boxes are not there, the first is {missing[0]}.",
                "every picture that the COCO file gives boxes to.",
            )

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: Any) -> Any:
        """The picture of a number; the pictures of a slice."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if index not in self._kept:
            image = _decode(self._pictures[index])
            if image.nbytes > self._room:
                return image
            self._room -= image.nbytes
            self._kept[index] = image
        return self._kept[index]


def _decode(picture: BoxedPicture) -> Tensor:
    image = np.array(read_picture(picture.path))
    height, width = image.shape[:2]
    if max(width, height) > MOST_OBLONG * min(width, height):
        raise InputError(f"{picture.path} is {width} × {height} px.", f"at most {MOST_OBLONG} times as long as wide.")
    if not _fits(picture.boxes.tolist(), width, height):
        raise InputError(
            f"A box of {picture.path} ends outside the picture of {width} × {height} px.", "boxes within it.",
            "give the pictures in the size in which they were annotated.",
        )  # fmt: skip
    return torch.from_numpy(image).permute(2, 0, 1).contiguous()


def _fits(boxes: Iterable[list[float]], width: int, height: int) -> bool:
    return all(x2 <= width + _OVER_THE_EDGE and y2 <= height + _OVER_THE_EDGE for _, _, x2, y2 in boxes)
