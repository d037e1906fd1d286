"""Pickles that hold arrays and plain values, read without running anything that they might ask for.

numpy's own classes are not let in: a forged dtype makes numpy take bytes of the file for addresses. Stand-ins note what
a pickle says of its arrays; the arrays are then made from that by ``np.frombuffer``.
"""

from __future__ import annotations

import io
import math
import os
import pickle
import struct
from typing import Any, BinaryIO

import numpy as np

BROKEN_PICKLE = (
    pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, TypeError,
    AttributeError, AssertionError, ImportError, MemoryError, OverflowError, struct.error,
    SyntaxError,  # of a forged dtype such as (,)i4
)  # fmt: skip
_KINDS, _LONGEST_CODE = "biufSUO", 16
_SPARE, _GROWTH = 1 << 20, 16  # a value is at most so much, and so many times as much as its pickle has bytes


class _Kind:
    """A dtype: a plain one, in one of two orders of bytes."""

    def __init__(self, code: str, align: bool = False, copy: bool = False) -> None:
        if not isinstance(code, str) or len(code) > _LONGEST_CODE:
            raise pickle.UnpicklingError("it holds values of a kind that has no name")
        self.dtype = np.dtype(code)
        if self.dtype.kind not in _KINDS or self.dtype.subdtype or self.dtype.names:
            raise pickle.UnpicklingError(f"it holds values of the kind {code!r}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, order, subtype, names, fields, *_ = state
        if subtype is not None or names is not None or fields is not None or order not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError("it holds values of several parts")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """An array, as far as the pickle has told of it."""

    def __init__(self, *state: Any) -> None:
        self.state = state

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, by_columns, values = state
        self.state = (values, kind, shape, "F" if by_columns else "C")

    def array(self) -> np.ndarray:
        """The array itself."""
        values, kind, shape, order = self.state
        sides = shape if isinstance(shape, tuple) else (shape,)
        if not isinstance(kind, _Kind) or not all(type(side) is int and side >= 0 for side in sides):
            raise pickle.UnpicklingError("it holds an array of no kind or shape")
        if kind.dtype.kind != "O":
            if isinstance(values, str):  # Python 2's bytes
                values = values.encode("latin1")
            return np.frombuffer(values, kind.dtype).reshape(shape, order=order)
        if not isinstance(values, list) or len(values) != math.prod(sides):
            raise pickle.UnpicklingError("it holds an array of objects that are not there")
        objects = np.empty(len(values), object)
        for number, value in enumerate(values):
            objects[number] = value
        return objects.reshape(shape, order=order)


def _scalar(kind: _Kind, value: bytes) -> Any:
    return _Array(value, kind, (1,), "C").array()[0]


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError("it asks for another encoding than latin1")
    return text.encode(encoding)


_NDARRAY = object()  # named in every array, and never called
_KNOWN: dict[tuple[str, str], Any] = {
    ("ndarray", "numpy"): _NDARRAY, ("dtype", "numpy"): _Kind, ("OrderedDict", "collections"): dict,
    ("encode", "_codecs"): _encode,
    **{("_reconstruct", f"numpy.{core}.multiarray"): lambda *_: _Array() for core in ("core", "_core")},
    **{("scalar", f"numpy.{core}.multiarray"): _scalar for core in ("core", "_core")},
    **{("_frombuffer", f"numpy.{core}.numeric"): _Array for core in ("core", "_core")},
}  # fmt: skip


class _Arrays(pickle._Unpickler):
    """Python's own unpickler; the one in C writes as much memory as a pickle of five bytes tells it to."""

    def find_class(self, module: str, name: str) -> Any:
        if (name, module) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _KNOWN[name, module]


class _Values:
    """Turns stand-ins into arrays, as long as what comes of it has a size that such a pickle can mean.

    A pickle may name one list a thousand times, a thousand of those a thousand times, or a list within itself.
    """

    def __init__(self, budget: int) -> None:
        self._left = budget

    def plain(self, value: Any) -> Any:
        """A value whose stand-ins have become arrays."""
        array = value.array() if isinstance(value, _Array) else None
        self._left -= 1 + (len(value) if isinstance(value, str | bytes) else 0 if array is None else array.nbytes)
        if self._left < 0:
            raise pickle.UnpicklingError("it holds the same values over and over")
        if array is not None:
            return self._objects(array) if array.dtype.kind == "O" else array
        if isinstance(value, dict):
            return {self.plain(key): self.plain(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.plain(inner) for inner in value)
        if isinstance(value, _Kind) or value is _NDARRAY:
            raise pickle.UnpicklingError("it holds a kind of values without values")
        return value

    def _objects(self, array: np.ndarray) -> np.ndarray:
        """An array of objects, each of them plain."""
        plain = np.empty(array.size, object)
        for number, value in enumerate(array.flat):
            plain[number] = self.plain(value)
        return plain.reshape(array.shape)


def read_arrays(file: BinaryIO | bytes) -> Any:
    """The value of a pickle of arrays, numbers, texts, lists and dictionaries.

    Raises:
        pickle.UnpicklingError: where it asks for anything else, or one of BROKEN_PICKLE where it is broken.
    """
    opened = io.BytesIO(file) if isinstance(file, bytes) else file
    start = opened.tell()
    size = opened.seek(0, os.SEEK_END) - start
    opened.seek(start)
    return _Values(_SPARE + _GROWTH * size).plain(_Arrays(opened, encoding="latin1").load())
