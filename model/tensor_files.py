"""Weights from files that strangers made: safetensors, or what torch saved. Nothing in them is run."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from contract.errors import InputError

_BROKEN = (
    pickle.UnpicklingError, zipfile.BadZipFile, SafetensorError, OSError, RuntimeError, EOFError, ValueError, KeyError,
    IndexError, TypeError, AttributeError, AssertionError, ImportError, MemoryError, OverflowError, RecursionError,
)  # fmt: skip
_TIED = 2  # how often a file may name the same numbers: word embedding and output projection share theirs


def read_tensors(path: Path, key: str = "") -> dict[str, Tensor]:
    """The tensors of a file by their names, on the CPU and as far as possible not yet in memory.

    Args:
        path: ``*.safetensors``, or what ``torch.save`` wrote.
        key: under which they may lie in such a file, beside other things.

    Raises:
        InputError: where it is no such file, is cut off, or asks for more than tensors and plain values.
    """
    if not path.is_file():
        raise InputError(f"{path} is {'a folder' if path.is_dir() else 'not there'}.", "a file of weights.")
    try:
        values = load_file(path) if path.suffix == ".safetensors" else _saved_by_torch(path)
    except _BROKEN as error:
        raise InputError(
            f"{path} cannot be read as weights: {_reason(error)}.",
            "whole weights in safetensors, or in a file of torch that holds tensors and plain values alone.",
            "take the file anew from where it comes; if it holds other things, let who made it save the weights alone.",
        ) from error
    if isinstance(values, Mapping) and isinstance(values.get(key), Mapping):
        values = values[key]
    return _checked(values, path)


def _reason(error: BaseException) -> str:
    """Torch's own words advise to load the file without care."""
    asked = re.search(r"GLOBAL (\S+)", str(error))
    if asked is not None:
        return f"it asks for {asked[1]}"
    if isinstance(error, pickle.UnpicklingError):
        return "it is none, or is cut off"
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


def _saved_by_torch(path: Path) -> Any:
    mapped = zipfile.is_zipfile(path)  # torch's format before 1.6 is none, and cannot be mapped into memory
    if mapped:
        with zipfile.ZipFile(path) as archive:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
                raise ValueError("it is compressed, which torch's own files are not")
    return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)


def _checked(values: Any, path: Path) -> dict[str, Tensor]:
    """Refuses what is no mapping of names to plain tensors, and shapes that the file has no numbers for."""
    if not isinstance(values, Mapping) or not values:
        raise InputError(f"{path} holds no weights.", "a mapping of names to tensors.")
    for name, value in values.items():
        if not (
            isinstance(name, str) and isinstance(value, Tensor) and value.layout == torch.strided
            and value.device.type == "cpu" and value.is_contiguous() and not value.is_quantized
        ):  # fmt: skip
            raise InputError(f"{path} holds {name!r}, which is no plain tensor.", "names and tensors alone.")
    if sum(value.nbytes for value in values.values()) > _TIED * path.stat().st_size:
        raise InputError(f"{path} states shapes for more numbers than it has bytes.", "a number for each place.")
    return dict(values)
