"""Finding the files of a folder that people have put together, by copying or by linking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, sorted; links to files and folders are followed, loops are not."""
    return sorted(_files(folder, frozenset()))


def _files(folder: Path, parents: frozenset[Path]) -> Iterator[Path]:
    here = folder.resolve()
    if here in parents:
        return
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, parents | {here})
        elif entry.is_file():
            yield entry
