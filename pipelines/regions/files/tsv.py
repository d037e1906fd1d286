"""Bottom-up attention's TSV: a picture a line, its arrays in base64. Six columns, or LXMERT's ten."""

from __future__ import annotations

import base64
import binascii
import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from pipelines.regions.files.record import Record, whole
from pipelines.regions.found import Attributes

_COLUMNS = {
    6: ("image_id", "width", "height", "num_boxes", "boxes", "features"),
    10: (
        "image_id", "height", "width", "classes", "scores", "attributes", "attribute_scores", "num_boxes", "boxes",
        "features",
    ),
}  # fmt: skip
_LONGEST_LINE = 64 << 20  # bytes; a hundred regions of 2048 numbers are a megabyte
_HEADERS = (b"image_id", b"img_id")


class TsvFile:
    """A TSV file of region features.

    Args:
        path: the file.
        attributes: whether the attributes that it states are read.

    Raises:
        InputError: where it cannot be opened.
    """

    def __init__(self, path: Path, attributes: bool) -> None:
        self._path, self._attributes = path, attributes
        self._bytes: mmap.mmap | bytes = b""
        try:
            with path.open("rb") as file:
                if path.stat().st_size:
                    self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read ({error}).", "lines of tab-separated columns.") from error

    def names(self) -> Iterator[tuple[str, int]]:
        """The pictures' names and the offsets of their lines."""
        start = 0
        while start < len(self._bytes):
            end = self._bytes.find(b"\n", start)
            end = len(self._bytes) if end < 0 else end
            name = self._bytes[start : min(end, start + 4096)].partition(b"\t")[0].strip()
            if end > start and not (start == 0 and name in _HEADERS):
                yield name.decode("utf-8", "replace"), start
            start = end + 1

    def read(self, position: int) -> Record:
        """The record whose line begins there."""
        end = self._bytes.find(b"\n", position, position + _LONGEST_LINE)
        if end < 0:
            end = len(self._bytes)
            if end - position > _LONGEST_LINE:
                raise InputError("its line is too long", f"at most {_LONGEST_LINE:,} bytes.")
        cells = self._bytes[position:end].rstrip(b"\r").split(b"\t")
        names = _COLUMNS.get(len(cells))
        if names is None:
            raise InputError(f"its line has {len(cells)} columns", "6, or LXMERT's 10.")
        row = dict(zip(names, cells, strict=True))
        count = whole(row["num_boxes"], "num_boxes")
        classes = _array(row, "classes", "<i8", count) if "classes" in row else None
        scores = _array(row, "scores", "<f4", count) if "scores" in row else None
        attributes = None
        if self._attributes and row.get("attributes"):
            ids, probabilities = _array(row, "attributes", "<i8", count), _array(row, "attribute_scores", "<f4", count)
            attributes = Attributes(ids, probabilities)
        return Record(
            whole(row["width"], "width"), whole(row["height"], "height"),
            _array(row, "boxes", "<f4", count).reshape(count, -1),
            _array(row, "features", "<f4", count).reshape(count, -1), classes, scores, attributes,
        )  # fmt: skip


def _array(row: dict[str, bytes], name: str, kind: str, count: int) -> NDArray:
    try:
        values = np.frombuffer(base64.b64decode(row[name], validate=True), kind)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"its {name} are no base64 of {kind} ({error})", "an array of numbers.") from error
    if count < 1 or len(values) == 0 or len(values) % count:
        raise InputError(f"its {name} are {len(values)} numbers for {count} regions", "as many for each region.")
    return values
