"""The header of a file of safetensors, which names its tensors; read without the tensors themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from typing import Any

from contract.errors import InputError
from contract.places import Place

WEIGHTS = "weights.safetensors"
_MOST_HEADER = 100_000_000  # bytes; the format allows no more
_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16), **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """One tensor as the weights' header names it."""

    name: str
    kind: str
    shape: list[int]

    @property
    def numbers(self) -> int:
        """How many it holds."""
        return prod(self.shape)


def read_header(weights: Place) -> tuple[list[Tensor], int]:
    """The tensors of a file of safetensors, and the bytes that the file should have.

    Raises:
        InputError: where it is none: its header is cut off or not as the format states, or its tensors do not lie one
            after the other, each in as many bytes as its shape and type take.
    """
    first = weights.read(8)
    if first is None:
        raise InputError(f"{weights} is not there.", "a checkpoint's weights.", "`dvc pull` it, or train again.")
    length = int.from_bytes(first, "little")
    try:
        if len(first) < 8 or length > _MOST_HEADER:
            raise ValueError("its header is cut off")
        header = _parsed((weights.read(8 + length) or b"")[8:])
        end = _check_ranges(header)
        tensors = [Tensor(name, one["dtype"], one["shape"]) for name, one in sorted(header.items())]
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{weights} is no file of safetensors ({error}).", "a checkpoint's weights.") from error
    return tensors, 8 + length + end


def _parsed(content: bytes) -> dict[str, dict[str, Any]]:
    """What is stated of each tensor, its keys checked."""
    if not content.startswith(b"{"):
        raise ValueError("its header is no JSON object")
    header = json.loads(content, object_pairs_hook=_once)
    about = header.pop("__metadata__", {})
    if not isinstance(about, dict) or not all(isinstance(value, str) for value in about.values()):
        raise ValueError("its __metadata__ holds more than texts")
    for name, one in header.items():
        if not isinstance(one, dict) or set(one) != {"dtype", "shape", "data_offsets"}:
            raise ValueError(f"{name} is not stated by dtype, shape and data_offsets")
        if one["dtype"] not in _BITS:
            raise ValueError(f"{name} has the dtype {one['dtype']!r}, which the format lacks")
        if not _are_counts(one["shape"]) or not _are_counts(one["data_offsets"]) or len(one["data_offsets"]) != 2:
            raise ValueError(f"{name} has a shape or data_offsets that are none")
    return header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("its header states a name twice")
    return found


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 63 for value in values)


def _check_ranges(header: dict[str, dict[str, Any]]) -> int:
    """Checks that tensors fill the bytes after the header without gap or overlap, and returns how many these are."""
    at = 0
    for name, one in sorted(header.items(), key=lambda item: (item[1]["data_offsets"], item[0])):
        start, end = one["data_offsets"]
        bits = prod(one["shape"]) * _BITS[one["dtype"]]
        if start != at:
            raise ValueError(f"{name} begins at byte {start:,} of the data, and what lies before it ends at {at:,}")
        if (end - start) * 8 != bits:
            raise ValueError(f"{name} lies in {end - start:,} bytes, and its shape and dtype take {bits / 8:,.15g}")
        at = end
    return at
