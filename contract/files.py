"""Finding the files of a folder that people have put together, by copying or by linking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from contract.errors import InputError
from contract.text import is_text, printable


def files_below(folder: Path, whole: bool = True) -> list[Path]:
    """All files below a folder, sorted; links to files and folders are followed, loops are not.

    Args:
        folder: the folder.
        whole: whether a link that leads nowhere is refused; else it is passed over.

    Raises:
        InputError: for such a link, and for a file whose name is no UTF-8.
    """
    return sorted(_files(folder, frozenset(), whole))


def files_like(folder: Path, pattern: str) -> list[Path]:
    """The files below a folder whose path ends as a pattern says: ``captions_*.json``, ``nl/val.*.nl``; sorted."""
    return [file for file in files_below(folder) if file.relative_to(folder).match(pattern)]


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change (bytes, ns) of every file below a folder; empty where there is no folder.

    Cheaper than a fingerprint, and good enough to name the work folder of a pass that reads every byte itself.
    """
    files = files_below(folder, whole=False) if folder.is_dir() else []
    return {str(file.relative_to(folder)): (file.stat().st_size, file.stat().st_mtime_ns) for file in files}


def _files(folder: Path, parents: frozenset[Path], whole: bool) -> Iterator[Path]:
    here = folder.resolve()
    if here in parents:
        return
    for entry in folder.iterdir():
        if not is_text(entry.name):
            raise InputError(f"{printable(str(entry))} has a name that is no UTF-8.", "a name in UTF-8.", "rename it.")
        if entry.is_dir():
            yield from _files(entry, parents | {here}, whole)
        elif entry.is_file():
            yield entry
        elif whole and entry.is_symlink():
            raise InputError(f"{entry} is a link to what is not there.", "a file or folder.", "mend or remove it.")
