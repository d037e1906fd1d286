"""Reading text line by line, from files of any size, plain or gzipped, written by strangers."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from contract.errors import InputError

LONGEST_LINE = 1 << 20  # bytes; a longer one is passed over without being held in memory


class Line(NamedTuple):
    """One line.

    Attributes:
        offset: where it begins in the unpacked file, in bytes.
        text: the line without its end; empty where ``fault`` is not.
        fault: why it cannot be read; empty where it can.
    """

    offset: int
    text: str
    fault: str = ""


def read_lines(path: Path, start: int = 0, end: int | None = None, longest: int = LONGEST_LINE) -> Iterator[Line]:
    """The lines of a UTF-8 file, ``.gz`` or plain, that begin at ``start`` or later and before ``end`` (bytes).

    A line of more than ``longest`` bytes is a fault.

    Raises:
        InputError: where the file is missing, or its gzip stream is broken.
    """
    try:
        with cast(BinaryIO, gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")) as file:
            offset = _next_line(file, start)
            while (end is None or offset < end) and (raw := file.readline(longest)):
                size = len(raw) if raw.endswith(b"\n") else len(raw) + _skip_line(file)
                yield _decode(offset, raw, size, longest)
                offset += size
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {error}", "a whole file of text, plain or gzipped.") from error


def _next_line(file: BinaryIO, start: int) -> int:
    if start == 0:
        return 0
    file.seek(start - 1)  # the byte before may be the end of a line, and then one begins right here
    return start - 1 + _skip_line(file)


def _skip_line(file: BinaryIO) -> int:
    skipped = 0
    while piece := file.readline(LONGEST_LINE):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _decode(offset: int, raw: bytes, size: int, longest: int) -> Line:
    if size > len(raw):
        return Line(offset, "", f"longer than {longest:,} bytes")
    try:
        text = raw.decode("utf-8-sig" if offset == 0 else "utf-8")
    except UnicodeDecodeError as error:
        return Line(offset, "", f"not UTF-8: {error.reason} at byte {error.start}")
    if "\0" in text:
        return Line(offset, "", "not UTF-8 text: it holds NUL characters, as UTF-16 does")
    return Line(offset, text.rstrip("\r\n"))
