"""Rows of unequal length in flat arrays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

Ints = np.ndarray[tuple[int], np.dtype[np.integer]]


def offsets_of(lengths: np.ndarray) -> Ints:
    """Where each row begins in the flat array, and at the end its length: [n + 1]."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def whole_weights(shares: np.ndarray) -> Ints:
    """Shares up to 1 as whole numbers, in millionths and at least one of them.

    Sums of whole numbers are exact, so a draw by weight does not depend on what was summed before.
    """
    return np.maximum(np.rint(shares * 1e6), 1).astype(np.int64)


def ranges(starts: np.ndarray, lengths: np.ndarray) -> Ints:
    """``start, start + 1, …`` for each row, one row after the other: [sum of lengths]."""
    offsets = offsets_of(lengths)
    total = int(offsets[-1])
    kind = (
        np.int32 if total < 1 << 31 and (not len(starts) or int(starts.max()) < 1 << 31) else np.int64
    )  # half the time
    indices = np.repeat((starts - offsets[:-1]).astype(kind), lengths)
    indices += np.arange(total, dtype=kind)
    return indices


def slices_as_strings(data: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> pa.StringArray:
    """Slices of a UTF-8 buffer as strings of their own.

    Args:
        data: uint8 [bytes].
        starts: first byte of each slice, [n].
        lengths: bytes of each slice, [n].
    """
    return strings_from(data[ranges(starts, lengths)], offsets_of(lengths))


def strings_from(data: np.ndarray, offsets: np.ndarray) -> pa.StringArray:
    """Strings from their concatenated UTF-8, uint8 [bytes], and offsets [n + 1]."""
    return pa.StringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(data))
    )


def bytes_of(strings: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """The UTF-8 of strings without nulls, uint8 [bytes], and offsets into it, int32 [n + 1]."""
    _, offsets, data = strings.buffers()
    positions = np.frombuffer(offsets, np.int32)[strings.offset : strings.offset + len(strings) + 1]
    return np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8), positions
