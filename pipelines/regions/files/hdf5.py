"""The published M3P code's HDF5: one array of each kind over all pictures, padded to as many regions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from contract.errors import InputError
from pipelines.regions.files.record import Record, whole

_NAMES = {  # the arrays' names; the published code writes some of them in two ways
    "image_id": ("image_id",), "size": ("wh",), "num_boxes": ("num_boxes",), "boxes": ("bbox",),
    "features": ("features", "feature"), "classes": ("objects", "object"),
}  # fmt: skip
_OPTIONAL = ("classes",)


class Hdf5File:
    """An HDF5 file of region features. Its ``wh`` is height and width, whatever its name says.

    Args:
        path: the file.

    Raises:
        InputError: where it is no such file, or an array lies outside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = h5py.File(path, "r")
            self._arrays = {what: self._array(what, names) for what, names in _NAMES.items()}
        except (OSError, KeyError, RuntimeError) as error:
            raise InputError(f"{path} cannot be read as HDF5 ({error}).", "the published M3P layout.") from error
        count = len(self._arrays["image_id"])
        for what, array in self._arrays.items():
            if array is not None and (array.ndim == 0 or len(array) != count):
                raise InputError(f"{path}: {what} is of shape {array.shape}.", f"{count} pictures, as image_id has.")

    def _array(self, what: str, names: tuple[str, ...]) -> Any:
        for name in names:
            link = self._file.get(name, getlink=True)
            if link is None:
                continue
            array = self._file[name] if isinstance(link, h5py.HardLink) else None
            if not isinstance(array, h5py.Dataset) or array.is_virtual or array.external:
                raise InputError(f"{self._path}: {name} is no array in the file itself.", "an array.")
            return array
        if what in _OPTIONAL:
            return None
        raise InputError(f"{self._path} has no {' or '.join(names)}.", "image_id, wh, num_boxes, bbox and features.")

    def names(self) -> Iterator[tuple[str, int]]:
        """The pictures' names and their rows."""
        for row, name in enumerate(self._arrays["image_id"][:].tolist()):
            yield name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name), row

    def read(self, position: int) -> Record:
        """The record of a row."""
        try:
            values: dict[str, Any] = {
                what: None if array is None else array[position] for what, array in self._arrays.items()
            }
        except (OSError, RuntimeError, ValueError) as error:
            raise InputError(f"it cannot be read ({error})", "an undamaged file.") from error
        count, boxes, classes = whole(values["num_boxes"], "num_boxes"), values["boxes"], values["classes"]
        if not 0 <= count <= len(boxes) or np.shape(values["size"]) != (2,):
            raise InputError(f"it has {count} of {len(boxes)} regions and the size {values['size']}", "a row's own.")
        height, width = values["size"]
        try:
            return Record(
                whole(width, "width"), whole(height, "height"), boxes[:count].astype(np.float32),
                values["features"][:count].astype(np.float32),
                None if classes is None else classes[:count].astype(np.int64), None,
            )  # fmt: skip
        except (TypeError, ValueError) as error:
            raise InputError(f"it holds other things than numbers ({error})", "arrays of numbers.") from error
