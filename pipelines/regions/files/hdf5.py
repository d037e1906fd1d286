"""The published M3P code's HDF5: one array of each kind over all pictures, padded to as many regions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from contract.errors import InputError
from pipelines.regions.files.record import WIDEST, Record, numbers, reading, whole

_NAMES = {  # the arrays' names; the published code writes some of them in two ways
    "image_id": ("image_id",), "size": ("wh",), "num_boxes": ("num_boxes",), "boxes": ("bbox",),
    "features": ("features", "feature"), "classes": ("objects", "object"),
}  # fmt: skip
_DIMENSIONS = {"image_id": 1, "size": 2, "num_boxes": 1, "boxes": 3, "features": 3, "classes": 2}
_OPTIONAL = ("classes",)
_NAMES_AT_ONCE, _LONGEST_NAME = 1 << 14, 4096  # bytes of a name
_OBJECTS_AT_ONCE, _SPARE = 64, 1 << 20  # names of any length, many of which may be one and the same piece of the file
_MOST_BYTES = 256 << 20  # of a record's part, and of a block that is packed together, whatever a file declares


class Hdf5File:
    """An HDF5 file of region features. Its ``wh`` is height and width, whatever its name says.

    Args:
        path: the file.

    Raises:
        InputError: where it is no such file, or an array lies outside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with reading(str(path)):
            self._file = h5py.File(path, "r")
            self._arrays = {what: self._array(what, names) for what, names in _NAMES.items()}
            count = len(self._arrays["image_id"])
        for what, array in self._arrays.items():
            if array is not None and len(array) != count:
                raise InputError(f"{path}: {what} is of {len(array)} pictures.", f"{count} pictures, as image_id has.")
        if count > path.stat().st_size:
            raise InputError(f"{path}: image_id is of {count:,} pictures.", "a file with a byte at least for each.")

    def _array(self, what: str, names: tuple[str, ...]) -> Any:
        for name in names:
            link = self._file.get(name, getlink=True)
            if link is None:
                continue
            array = self._file[name] if isinstance(link, h5py.HardLink) else None
            if not isinstance(array, h5py.Dataset) or array.is_virtual or array.external:
                raise InputError(f"{self._path}: {name} is no array in the file itself.", "an array.")
            if array.ndim != _DIMENSIONS[what]:
                raise InputError(f"{self._path}: {name} is of shape {array.shape}.", f"{_DIMENSIONS[what]} dimensions.")
            self._refuse_what_is_too_much(what, array)
            return array
        if what in _OPTIONAL:
            return None
        raise InputError(f"{self._path} has no {' or '.join(names)}.", "image_id, wh, num_boxes, bbox and features.")

    def _refuse_what_is_too_much(self, what: str, array: h5py.Dataset) -> None:
        """h5py makes room for whatever shape, block and kind a file declares, before it reads a byte."""
        most = {"boxes": 4, "size": 2, "features": WIDEST - 1}.get(what)
        if most is not None and array.shape[-1] > most:
            raise InputError(f"{self._path}: {what} are {array.shape[-1]} numbers wide.", f"{most} at most.")
        text = what == "image_id" and (array.dtype.kind in "SU" or h5py.check_string_dtype(array.dtype) is not None)
        if not text and array.dtype.kind not in "biuf":
            raise InputError(f"{self._path}: {what} holds values of the kind {array.dtype}.", "numbers.")
        longest = _LONGEST_NAME if what == "image_id" else 8
        block = math.prod(array.chunks or (1,)) * array.dtype.itemsize
        if array.dtype.itemsize > longest or block > _MOST_BYTES:
            raise InputError(
                f"{self._path}: {what} has values of {array.dtype.itemsize:,} bytes in blocks of {block:,}.",
                f"at most {longest:,} bytes, and {_MOST_BYTES:,}.",
            )

    def names(self) -> Iterator[tuple[str, int]]:
        """The pictures' names and their rows."""
        array = self._arrays["image_id"]
        at_once = _OBJECTS_AT_ONCE if array.dtype.kind == "O" else _NAMES_AT_ONCE
        left = self._path.stat().st_size + _SPARE
        for start in range(0, len(array), at_once):
            with reading(f"{self._path}: image_id"):
                names = array[start : start + at_once].tolist()
            left -= sum(len(name) for name in names if isinstance(name, bytes)) if array.dtype.kind == "O" else 0
            if left < 0:
                raise InputError(f"{self._path}: image_id are longer than the file.", "the names of pictures.")
            for row, name in enumerate(names, start):
                yield name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name), row

    def read(self, position: int) -> Record:
        """The record of a row."""
        arrays = self._arrays
        with reading("it"):
            count = whole(arrays["num_boxes"][position], "num_boxes")
            features = arrays["features"]
            most = _MOST_BYTES // max(1, features.shape[2] * features.dtype.itemsize)
            if not 0 <= count <= min(arrays["boxes"].shape[1], features.shape[1], most):
                raise InputError(f"its num_boxes is {count}", f"as many as it is padded to, {most:,} at most.")
            values = {
                what: arrays[what][position, :count]
                for what in ("boxes", "features", "classes")
                if arrays[what] is not None
            }
            height, width = arrays["size"][position]
            return Record(
                whole(width, "width"), whole(height, "height"),
                numbers(values["boxes"], np.float32, "boxes"), numbers(values["features"], np.float32, "features"),
                numbers(values["classes"], np.int64, "objects") if "classes" in values else None, None,
            )  # fmt: skip
