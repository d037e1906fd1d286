"""MMF's folders: ``<picture>.npy`` with the features, ``<picture>_info.npy`` with a dictionary of the rest."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from contract.errors import InputError
from contract.pickles import BROKEN_PICKLE, read_arrays
from pipelines.regions.files.record import Record, whole

_INFO = "_info"


class NpyFolder:
    """A folder of ``.npy`` files, two a picture.

    Args:
        path: the folder; its subfolders are folders of their own.
    """

    def __init__(self, path: Path) -> None:
        self._files = sorted(file for file in path.glob("*.npy") if not file.stem.endswith(_INFO))

    def names(self) -> Iterator[tuple[str, int]]:
        """The pictures' names and their numbers in the folder."""
        return ((file.stem, number) for number, file in enumerate(self._files))

    def read(self, position: int) -> Record:
        """The record of a picture."""
        file = self._files[position]
        features, info = _read(file), _read(file.with_name(f"{file.stem}{_INFO}.npy"))
        if isinstance(info, np.ndarray) and info.dtype == object and info.ndim == 0:
            info = info.item()
        if not isinstance(info, dict):
            raise InputError(f"its {_INFO}.npy holds no dictionary", "bbox, image_width, image_height, objects, …")
        boxes = info.get("bbox", info.get("boxes"))
        if boxes is None or not isinstance(features, np.ndarray) or features.ndim != 2:
            raise InputError("it has no boxes or no features of two dimensions", "bbox [R, 4] and features [R, F].")
        count = min(whole(info.get("num_boxes", len(features)), "num_boxes"), len(features))
        try:
            return _record(info, np.asarray(boxes, np.float32)[:count], features[:count].astype(np.float32), count)
        except (TypeError, ValueError) as error:
            raise InputError(f"it holds other things than numbers ({error})", "arrays of numbers.") from error


def _record(info: dict[str, Any], boxes: np.ndarray, features: np.ndarray, count: int) -> Record:
    classes, scores = info.get("objects"), info.get("cls_prob")
    if scores is not None and np.ndim(scores) == 2:  # a distribution over the classes, the background last
        distribution = np.asarray(scores, np.float32)[:count, :-1]
        classes = distribution.argmax(axis=1) if classes is None else classes
        scores = distribution.max(axis=1)
    width, height = info.get("image_width"), info.get("image_height")
    return Record(
        None if width is None else whole(width, "image_width"),
        None if height is None else whole(height, "image_height"), boxes, features,
        None if classes is None else np.asarray(classes).astype(np.int64)[:count],
        None if scores is None else np.asarray(scores, np.float32)[:count],
    )  # fmt: skip


def _read(path: Path) -> Any:
    """An array, or a value of arrays and plain values; nothing that is pickled in it is ever run."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            *_, kind = reader[version](file)
            if kind.hasobject:
                return read_arrays(file)
        return np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise InputError(f"{path.name} is not there", "two .npy files a picture.") from error
    except (pickle.UnpicklingError, *BROKEN_PICKLE) as error:
        raise InputError(f"{path.name} cannot be read ({type(error).__name__}: {error})", "numpy's format.") from error
