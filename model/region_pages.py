"""Where a Parquet file holds the values of a binary column, so that they can be read in place.

Parquet's format: a column chunk is a run of pages, each a header in Thrift's compact protocol and then its values. In
a page of encoding PLAIN a value is its length, four bytes little-endian, and then its bytes. Where nothing is
compressed these are the very bytes that were written.
Sources: Apache Parquet's ``parquet.thrift`` and ``Encodings.md``; Thrift's ``thrift-compact-protocol.md``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

Ints = NDArray[np.int64]

LENGTH_BYTES = 4  # of the length before each value
_LONGEST_HEADER = 1 << 15  # bytes; ours have some 25, and statistics of other writers' are cut long before this
_DATA_PAGE, _DATA_PAGE_V2 = 0, 3  # PageHeader.type
_PLAIN = 0  # Encoding
_DEEPEST = 8  # structs within structs; a page header has three


def value_places(file: memoryview, metadata: pq.FileMetaData, group: int, column: str, sizes_N: Ints) -> Ints | None:
    """Where the values of a column lie, of one row group.

    The length that stands before each value is not looked at, so that opening a file reads its pages' headers alone:
    look at it when you read the value.

    Args:
        file: the whole file, mapped.
        metadata: what its footer says.
        group: which row group.
        column: name of a binary column.
        sizes_N: how many bytes each value should have.

    Returns:
        Bytes from the start of the file to the first byte of each value, int64 [N]; None where the values do not lie in
        the file as they are, because they are compressed, in a dictionary, or may be null.

    Raises:
        ValueError: where the pages contradict the footer, the sizes or the file.
    """
    names = [metadata.schema.column(place).path for place in range(metadata.num_columns)]
    place = names.index(column)
    chunk, kind = metadata.row_group(group).column(place), metadata.schema.column(place)
    levels = kind.max_definition_level or kind.max_repetition_level
    other = chunk.has_dictionary_page or not {"PLAIN", "RLE", "BIT_PACKED"}.issuperset(chunk.encodings)
    if chunk.compression != "UNCOMPRESSED" or levels or other or chunk.file_path or chunk.physical_type != "BYTE_ARRAY":
        return None
    at = chunk.data_page_offset
    end = at + chunk.total_compressed_size
    if not 0 < at <= end <= len(file):
        raise ValueError(f"the footer places {column} in bytes {at:,} to {end:,} of {len(file):,}")
    bounds = np.concatenate([[0], np.cumsum(sizes_N + LENGTH_BYTES)])  # of values with their lengths, end to end
    places, done = np.empty(len(sizes_N), np.int64), 0
    while at < end:
        values, at, after = _page(file[at:end], at)
        begun, done = done, done + values
        if values < 1 or done > len(sizes_N) or after > end or bounds[done] - bounds[begun] != after - at:
            raise ValueError(f"a page of {values:,} values of {column} has {after - at:,} bytes from byte {at:,}")
        places[begun:done] = bounds[begun:done] - bounds[begun] + at + LENGTH_BYTES
        at = after
    if done != len(sizes_N):
        raise ValueError(f"the pages of {column} hold {done:,} values of {len(sizes_N):,}")
    return places


def _page(chunk: memoryview, at: int) -> tuple[int, int, int]:
    """How many values the page at the start of a chunk has, and where they begin and end in the file."""
    compact = _Compact(bytes(chunk[:_LONGEST_HEADER]))
    header = compact.struct()
    kind, raw = header.get(1), header.get(2)
    stored: Any = header.get(3)  # bytes, as before compression, which are `raw`
    values: Any = None
    encoding, levels = None, 0
    if kind == _DATA_PAGE and isinstance(header.get(5), dict):
        values, encoding = header[5].get(1), header[5].get(2)
    elif kind == _DATA_PAGE_V2 and isinstance(header.get(8), dict):
        values, encoding = header[8].get(1), header[8].get(4)
        levels = header[8].get(5, 0) or header[8].get(6, 0)  # bytes of them, before the values
    numbers = isinstance(values, int) and isinstance(stored, int) and raw == stored >= 0
    if not numbers or encoding != _PLAIN or levels:
        raise ValueError(f"no page of plain values begins at byte {at:,}")
    return values, at + compact.at, at + compact.at + stored


class _Compact:
    """Reads one struct of Thrift's compact protocol, as a dictionary by field number.

    Args:
        data: bytes that begin with the struct.

    Attributes:
        at: how many bytes have been read.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def _take(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self._data):
            raise ValueError("a page header does not end")
        return self._data[self.at - count : self.at]

    def _unsigned(self) -> int:
        number = 0
        for shift in range(0, 70, 7):  # seven bits a byte, the lowest first, 64 at most
            (byte,) = self._take(1)
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        raise ValueError("a page header holds a number of more than 64 bits")

    def _signed(self) -> int:
        number = self._unsigned()  # 0, -1, 1, -2, … are written as 0, 1, 2, 3, …
        return (number >> 1) ^ -(number & 1)

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """The fields of the struct that begins here.

        Raises:
            ValueError: where the bytes are no struct.
        """
        if depth > _DEEPEST:
            raise ValueError("a page header is nested too deep")
        fields: dict[int, Any] = {}
        number = 0
        while (byte := self._take(1)[0]) != 0:
            number = number + (byte >> 4) if byte >> 4 else self._signed()
            fields[number] = self._value(byte & 0x0F, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):  # a field's truth stands in its type
            return kind == 1
        if kind == 3:
            return self._take(1)[0]
        if kind in (4, 5, 6):
            return self._signed()
        if kind == 7:
            return self._take(8)  # a float, which no page header has
        if kind == 8:
            return self._take(self._unsigned())
        if kind == 12:
            return self.struct(depth + 1)
        raise ValueError(f"a page header holds a field of the type {kind}")  # lists and maps: no page header has them
