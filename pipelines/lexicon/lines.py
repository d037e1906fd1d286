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
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 20

Line = tuple[int, str]


def open_bytes(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked where it is gzip, whatever its name says."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


def read_lines(path: Path) -> Iterator[Line | Malformed]:
    """Numbered lines that are not empty, without line ends.

    Lines that are too long, no UTF-8, or hold control characters are malformed.

    Raises:
        InputError: for a broken gzip file, or one that unpacks to more than MAX_FILE_BYTES.
    """
    before = 0
    try:
        with open_bytes(path) as file:
            for block in _blocks(file, path):
                lines = _clean_lines(block)
                if lines is None:  # something is wrong with some line of the block: find out with which
                    lines = [_decoded(number, raw) for number, raw in enumerate(block.split(b"\n"), before + 1)]
                for number, line in enumerate(lines, before + 1):
                    if isinstance(line, Malformed):
                        yield line
                    elif line and not line.isspace():
                        yield number, line
                before += len(lines)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path.name} cannot be read: {error}", "a whole text or gzip file.") from error


def _blocks(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """Whole lines, many at a time, without the last line end; of a line that is too long, no more than a block."""
    begun, total = b"", 0
    while block := file.read(_BLOCK_BYTES):
        block = block if total else block.removeprefix(_BYTE_ORDER_MARK)
        total += len(block)
        if total > MAX_FILE_BYTES:
            raise InputError(f"{path.name} unpacks to more than {MAX_FILE_BYTES:,} bytes.", "a dictionary.")
        lines, end, begun = (begun + block).rpartition(b"\n")
        begun = begun[: MAX_LINE_BYTES + 1]
        if end:
            yield lines
    if begun:
        yield begun


def _clean_lines(block: bytes) -> list[str | Malformed] | None:
    """The lines of a block where nothing is wrong with any, which is nearly always so."""
    try:
        text = block.decode().replace("\r\n", "\n").removesuffix("\r")
    except UnicodeDecodeError:
        return None
    if _CONTROL.search(text) or max(map(len, block.split(b"\n"))) > MAX_LINE_BYTES:
        return None
    return [*text.split("\n")]


def _decoded(number: int, raw: bytes) -> str | Malformed:
    if len(raw) > MAX_LINE_BYTES:
        return Malformed(number, f"the line has more than {MAX_LINE_BYTES:,} bytes")
    try:
        text = raw.decode().rstrip("\r")
    except UnicodeDecodeError as error:
        return Malformed(number, f"the line is not UTF-8: {error.reason} at byte {error.start}")
    if control := _CONTROL.search(text):
        return Malformed(number, f"the line holds the control character U+{ord(control.group()):04X}")
    return text
