"""MMF's folders: ``<picture>.npy`` with the features, ``<picture>_info.npy`` with a dictionary of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from contract.errors import InputError
from contract.pickles import read_arrays
from pipelines.regions.files.record import Record, numbers, reading, whole

_INFO = "_info"


class NpyFolder:
    """A folder of ``.npy`` files, two a picture.

    Args:
        path: the folder; its subfolders are folders of their own.
    """

    def __init__(self, path: Path) -> None:
        files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".npy")
        stems = {file.stem for file in files}
        self._files = [file for file in files if not _is_info(file.stem, stems)]

    def names(self) -> Iterator[tuple[str, int]]:
        """The pictures' names and their numbers in the folder."""
        return ((file.stem, number) for number, file in enumerate(self._files))

    def read(self, position: int) -> Record:
        """The record of a picture."""
        file = self._files[position]
        features, info = _read(file), _read(file.with_name(f"{file.stem}{_INFO}{file.suffix}"))
        if isinstance(info, np.ndarray) and info.dtype == object and info.ndim == 0:
            info = info.item()
        if not isinstance(info, dict):
            raise InputError(f"its {_INFO}.npy holds no dictionary", "bbox, image_width, image_height, objects, …")
        with reading("it"):
            values = numbers(features, np.float32, "features")
        count = whole(info.get("num_boxes", len(values) if values.ndim else 0), "num_boxes")
        if not 0 <= count <= len(np.atleast_1d(values)):
            raise InputError(f"its num_boxes is {count}", "no more than it has features.")
        with reading("it"):
            return _record(info, values[:count], count)


def _is_info(stem: str, stems: set[str]) -> bool:
    return stem.endswith(_INFO) and stem.removesuffix(_INFO) in stems


def _record(info: dict[str, Any], features: np.ndarray, count: int) -> Record:
    width, height, objects = info.get("image_width"), info.get("image_height"), info.get("objects")
    classes = None if objects is None else numbers(objects, np.int64, "objects")[:count]
    scores = info.get("cls_prob")
    if scores is not None:
        scores = numbers(scores, np.float32, "cls_prob")[:count]
        if scores.ndim == 2:
            classes, scores = _most_likely(scores, classes)
    return Record(
        None if width is None else whole(width, "image_width"),
        None if height is None else whole(height, "image_height"),
        numbers(info.get("bbox", info.get("boxes", ())), np.float32, "bbox")[:count], features, classes, scores,
    )  # fmt: skip


def _most_likely(distribution: np.ndarray, classes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Classes and their probabilities from distributions, which hold the background first or not at all.

    Where classes are stated, they say which; where not, the background is taken to be left out, as MMF does it.
    """
    for first in (0, 1):
        found = distribution[:, first:]
        if found.shape[1] and (classes is None or (found.argmax(axis=1) == classes).all()):
            return found.argmax(axis=1), found.max(axis=1)
    raise InputError("its cls_prob does not fit its objects", "objects that are the most probable classes.")


def _read(path: Path) -> Any:
    """An array, or a value of arrays and plain values; nothing that is pickled in it is ever run."""
    if not path.is_file():
        raise InputError(f"{path.name} is not there", "two .npy files a picture.")
    with reading(path.name):
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            *_, kind = header(file)
            if kind.hasobject:
                return read_arrays(file)
        return np.load(path, allow_pickle=False)
