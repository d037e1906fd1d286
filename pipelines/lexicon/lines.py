"""Lines of a dictionary's file, whatever is in it: never more of it in memory than a line may be long."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from contract.errors import InputError
from pipelines.lexicon.entries import Malformed

MAX_LINE_BYTES = 10_000  # the longest real entries have a few hundred
MAX_FILE_BYTES = 4 << 30  # unpacked; against files that unpack without end
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
_BYTE_ORDER_MARK = "\ufeff"

Line = tuple[int, str]


def open_bytes(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked where it is gzip, whatever its name says."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


def read_lines(path: Path) -> Iterator[Line | Malformed]:
    """Numbered lines that are not empty, without line ends; lines that are too long, no UTF-8, or hold control
    characters are malformed.

    Raises:
        InputError: for a broken gzip file, or one that unpacks to more than MAX_FILE_BYTES.
    """
    try:
        with open_bytes(path) as file:
            for number, raw in enumerate(_raw_lines(file, path), 1):
                line = _decoded(number, raw)
                if isinstance(line, Malformed) or line[1]:
                    yield line
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path.name} cannot be read: {error}", "a whole text or gzip file.") from error


def _raw_lines(file: IO[bytes], path: Path) -> Iterator[bytes | None]:
    """Lines as bytes; None for one that is too long."""
    total = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        total += len(line)
        if len(line) <= MAX_LINE_BYTES:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(1 << 20)
            total += len(line)
            if total > MAX_FILE_BYTES:
                raise InputError(f"{path.name} unpacks to more than {MAX_FILE_BYTES:,} bytes.", "a dictionary.")
        yield None


def _decoded(number: int, raw: bytes | None) -> Line | Malformed:
    if raw is None:
        return Malformed(number, f"the line has more than {MAX_LINE_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        return Malformed(number, f"the line is not UTF-8: {error.reason} at byte {error.start}")
    if number == 1:
        text = text.removeprefix(_BYTE_ORDER_MARK)
    if not text.isprintable() and (control := _CONTROL.search(text)):
        return Malformed(number, f"the line holds the control character U+{ord(control.group()):04X}")
    return number, text if not text.isspace() else ""
