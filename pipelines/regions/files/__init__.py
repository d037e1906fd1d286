"""Region features that people already have, in the three layouts in which they are passed around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from contract.errors import UsageError
from contract.files import files_below
from pipelines.regions.files.record import Record


class FeatureFile(Protocol):
    """A file, or a folder of files, of region features."""

    def __init__(self, path: Path) -> None: ...

    def names(self) -> Iterator[tuple[str, int]]:
        """The pictures' names and where in the file each one's record is, in the file's order."""

    def read(self, position: int) -> Record:
        """A record.

        Raises:
            InputError: where it cannot be read as the layout says.
        """


def find_files(folder: Path) -> list[Path]:
    """The feature files below a folder: ``*.tsv``, ``*.h5`` and ``*.hdf5``, and folders that hold ``*.npy``.

    Raises:
        UsageError: where there are none.
    """
    files = files_below(folder, whole=False) if folder.is_dir() else []
    found = [path for path in files if path.suffix.lower() in (".tsv", ".h5", ".hdf5")]
    found += sorted({path.parent for path in files if path.suffix.lower() == ".npy"})
    if not found:
        raise UsageError(
            f"{folder} holds no region features.", "*.tsv, *.h5, or a folder of *.npy.",
            "place them there, or name a detector that finds regions.",
        )  # fmt: skip
    return found


def open_file(path: Path, attributes: bool = False) -> FeatureFile:
    """A file as ``find_files`` found it.

    Args:
        path: the file, or a folder of ``.npy`` files.
        attributes: whether the attributes that it states are read.

    Raises:
        InputError: where it is broken.
    """
    if path.is_dir():
        from pipelines.regions.files.npy import NpyFolder

        return NpyFolder(path)
    if path.suffix.lower() == ".tsv":
        from pipelines.regions.files.tsv import TsvFile

        return TsvFile(path, attributes)
    from pipelines.regions.files.hdf5 import Hdf5File

    return Hdf5File(path)
