"""Pickles that hold arrays and plain values, read without running anything that they might ask for."""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any, BinaryIO

BROKEN_PICKLE = (
    pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, TypeError,
    AttributeError, AssertionError, ImportError, MemoryError, OverflowError, struct.error,
)  # fmt: skip
_ARRAYS = {  # all that a pickled numpy array, number or dictionary names, in numpy 1 and 2
    ("numpy", "ndarray"), ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"), ("collections", "OrderedDict"),
}  # fmt: skip


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAYS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def read_arrays(file: BinaryIO | bytes) -> Any:
    """The value of a pickle of arrays, numbers, texts, lists and dictionaries.

    Raises:
        pickle.UnpicklingError: where it asks for anything else, or one of BROKEN_PICKLE where it is broken.
    """
    return _Arrays(io.BytesIO(file) if isinstance(file, bytes) else file, encoding="latin1").load()
