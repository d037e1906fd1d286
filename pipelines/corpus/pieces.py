"""The files of a text folder, in pieces that are read side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from contract.errors import InputError
from contract.files import files_below

_NAME = re.compile(r"(?P<lang>[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)(?:\..+)?\.txt(?:\.gz)?")


@dataclass(frozen=True)
class Piece:
    """A part of one file.

    Attributes:
        path: the file.
        source: its name below the text folder.
        lang: language of its sentences, BCP 47.
        start: lines that begin here or later belong to the piece, in bytes.
        end: lines that begin here or later do not; None at the end of the file.
    """

    path: Path
    source: str
    lang: str
    start: int
    end: int | None


def pieces_of(folder: Path, languages: tuple[str, ...], piece_bytes: int) -> list[Piece]:
    """All files of the wanted languages, in pieces; a gzipped file cannot be entered in its middle and is one.

    Raises:
        InputError: where the folder is missing, or a text file's name gives no language.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not there.", "a folder with <lang>.txt or <lang>.txt.gz; it may be empty.")
    pieces: list[Piece] = []
    for path in files_below(folder):
        if path.name.endswith((".txt", ".txt.gz")):
            lang = _language_of(path)
            if not languages or lang in languages:
                pieces.extend(_split(path, path.relative_to(folder).as_posix(), lang, piece_bytes))
    return pieces


def _language_of(path: Path) -> str:
    parts = _NAME.fullmatch(path.name)
    if parts is None:
        raise InputError(
            f"{path} gives no language.", "<lang>.txt, <lang>.txt.gz, or <lang>.<anything>.txt for several a language.",
            "rename it, such as de.txt; other files belong elsewhere.",
        )  # fmt: skip
    return parts["lang"]


def _split(path: Path, source: str, lang: str, piece_bytes: int) -> list[Piece]:
    size = path.stat().st_size
    if path.suffix == ".gz" or size <= piece_bytes:
        return [Piece(path, source, lang, 0, None)]
    starts = range(0, size, piece_bytes)
    return [Piece(path, source, lang, start, start + piece_bytes) for start in starts]
