"""Rows of unequal length in flat arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from contract.codeswitching.compiled import compiled
from contract.errors import InputError

_MOST_BYTES = 2**31 - 1
_STEP = 16  # bytes that are copied at once
_U = np.uint64
Ints = np.ndarray[tuple[int], np.dtype[np.integer]]


class Utf8(NamedTuple):
    """Strings as the compiled loops read them: their UTF-8, one after the other.

    Attributes:
        data: uint8 [bytes + _STEP]; what lies after the last string means nothing.
        at: [n + 1], where each string begins, and where the last one ends.
    """

    data: np.ndarray
    at: Ints

    def strings(self) -> pa.StringArray:
        """The strings themselves, which share the bytes."""
        return strings_from(self.data[:-_STEP], self.at)


def utf8_of(strings: Iterable[str] | pa.StringArray) -> Utf8:
    """The bytes of strings.

    Raises:
        InputError: for an Arrow array with nulls or with bytes that are no UTF-8, which the loops would not notice.
    """
    array = strings if isinstance(strings, pa.StringArray) else pa.array(strings, pa.string())
    try:
        array.validate(full=True)
    except pa.ArrowInvalid as error:
        raise InputError(f"A text is damaged: {error}.", "UTF-8.") from error
    if array.null_count:
        raise InputError(f"Texts that are null: {array.null_count:,}.", "a text, which may be empty.")
    if not len(array):
        return Utf8(np.zeros(_STEP, np.uint8), np.zeros(1, np.int64))
    data, at = bytes_of(array)
    padded = np.zeros(int(at[-1] - at[0]) + _STEP, np.uint8)
    padded[:-_STEP] = data[at[0] : at[-1]]
    return Utf8(padded, at.astype(np.int64) - at[0])


def room_for(at: Ints) -> Utf8:
    """Strings whose bytes are still to be filled in, by ``copied``; ``at`` tells where each will begin, [n + 1]."""
    return Utf8(np.empty(int(at[-1]) + _STEP, np.uint8), at)


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


def slices_as_strings(data: np.ndarray, starts: np.ndarray, ends: np.ndarray, which: np.ndarray) -> pa.StringArray:
    """Some slices of strings as strings of their own.

    Args:
        data: of ``Utf8``.
        starts: first byte of each slice, [slices].
        ends: one past its last byte, [slices].
        which: the slices that are wanted, [n], any of them as often as it comes.
    """
    at = np.zeros(len(which) + 1, np.int64)
    _measure(starts, ends, which, at)
    out = room_for(at)
    _copy_all(data, starts, ends, which, out.data)
    return out.strings()


def numbered_anew(numbers: np.ndarray, most: int) -> tuple[np.ndarray, Ints]:
    """Numbers in the order in which they come first.

    Args:
        numbers: [n], none negative.
        most: one more than the largest that there may be.

    Returns:
        The new number of each, int32 [n], and the place at which each new number comes first.
    """
    indices, firsts = np.empty(len(numbers), np.int32), np.empty(min(len(numbers), most), np.int64)
    distinct = _number_anew(numbers, np.full(most, -1, np.int32), indices, firsts)
    return indices, firsts[:distinct]


@compiled
def _number_anew(numbers: np.ndarray, anew: np.ndarray, indices: np.ndarray, firsts: Ints) -> int:
    """Fills in the new numbers, also of each that is met, and their first places; how many there are."""
    distinct = 0
    for place in range(len(numbers)):
        number = numbers[place]
        if anew[number] < 0:
            anew[number], firsts[distinct] = distinct, place
            distinct += 1
        indices[place] = anew[number]
    return distinct


@compiled
def _measure(starts: np.ndarray, ends: np.ndarray, which: np.ndarray, at: Ints) -> None:
    for number in range(len(which)):
        at[number + 1] = at[number] + ends[which[number]] - starts[which[number]]


@compiled
def _copy_all(data: np.ndarray, starts: np.ndarray, ends: np.ndarray, which: np.ndarray, out: np.ndarray) -> None:
    place = 0
    for one in which:
        place = copied(data, starts[one], ends[one], out, place)


@compiled
def copied(data: np.ndarray, start: int, end: int, out: np.ndarray, place: int) -> int:
    """Copies a slice of the bytes of ``Utf8`` into that of another; the place after it.

    Whole steps are copied, and what is too much is written over by what comes next: a word takes one step, where byte
    by byte the processor would guess wrong where each word ends.
    """
    done = 0
    while done < end - start:
        _copy_step(data, np.uint64(start + done), out, np.uint64(place + done))
        done += _STEP
    return place + end - start


@compiled
def _copy_step(data: np.ndarray, at: np.uint64, out: np.ndarray, to: np.uint64) -> None:
    """Copies _STEP bytes. All are read before one is written, which the compiler makes one instruction each."""
    a, b, c, d = data[at], data[at + _U(1)], data[at + _U(2)], data[at + _U(3)]
    e, f, g, h = data[at + _U(4)], data[at + _U(5)], data[at + _U(6)], data[at + _U(7)]
    i, j, k, m = data[at + _U(8)], data[at + _U(9)], data[at + _U(10)], data[at + _U(11)]
    n, o, p, q = data[at + _U(12)], data[at + _U(13)], data[at + _U(14)], data[at + _U(15)]
    out[to], out[to + _U(1)], out[to + _U(2)], out[to + _U(3)] = a, b, c, d
    out[to + _U(4)], out[to + _U(5)], out[to + _U(6)], out[to + _U(7)] = e, f, g, h
    out[to + _U(8)], out[to + _U(9)], out[to + _U(10)], out[to + _U(11)] = i, j, k, m
    out[to + _U(12)], out[to + _U(13)], out[to + _U(14)], out[to + _U(15)] = n, o, p, q


def strings_from(data: np.ndarray, offsets: np.ndarray) -> pa.StringArray:
    """Strings from their concatenated UTF-8, uint8 [bytes], and offsets [n + 1].

    Raises:
        InputError: where they are more than two gigabytes, which no Arrow array of strings holds.
    """
    if len(data) > _MOST_BYTES:
        raise InputError(f"A caption's variants have {len(data):,} bytes.", f"{_MOST_BYTES:,}.", "draw fewer of them.")
    return pa.StringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(data))
    )


def bytes_of(strings: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """The UTF-8 of strings without nulls, uint8 [bytes], and offsets into it, int32 [n + 1]."""
    _, offsets, data = strings.buffers()
    positions = np.frombuffer(offsets, np.int32)[strings.offset : strings.offset + len(strings) + 1]
    return np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8), positions
