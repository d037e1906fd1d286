"""A pass over the data that ends in files of its own, which a later pass reads: resumable as shards are.

Every element of a pass makes a folder of files. A folder takes its name only when it is whole, with a record of the
checksums of its files; a killed pass, run again, makes only the folders that are missing or no longer match.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from contract.hashing import sha256_of_file
from contract.progress import Progress
from pipelines.beam_runner import run_elements

_RECORD = "record.json"


class Step(Protocol):
    """The work of a pass; picklable, an instance of a module-level class."""

    def setup(self) -> None:
        """Loads what every element needs, once a process."""

    def make(self, element: int, folder: Path) -> int:
        """Writes an element's files into an empty folder, and says how many rows it read."""


def run_step(label: str, folder: Path, step: Step, count: int, workers: int, rows: int | None = None) -> list[Path]:
    """Makes the folders of a pass that are not there yet.

    Args:
        label: what to call the pass while it runs.
        folder: where its folders lie.
        step: the work.
        count: number of elements.
        workers: processes.
        rows: rows that all elements will read, about; for the progress bar.

    Returns:
        The folders of all elements, in order.

    Raises:
        M3PError: what an element's work raised.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folders = [folder / f"element-{index:05d}" for index in range(count)]
    missing = [index for index, path in enumerate(folders) if not _is_whole(path)]
    if 0 < len(missing) < count:
        print(f"{label}: {count - len(missing)} of {count} parts are finished already.")
    if missing:
        work, count_rows = _StepWork(step, folder), _rows_counter(folders)
        with Progress(label, rows, "rows") as bar:
            if workers == 1:  # Beam would start a process of its own, which takes longer than a small log
                _run_here(work, missing, count_rows, bar)
            else:
                run_elements(work, missing, workers, folder, count_rows, bar)
    return folders


def _run_here(work: _StepWork, elements: list[int], count_rows: Callable[[], int], bar: Progress) -> None:
    work.setup()
    for element in elements:
        work.do(element)
        bar.update(max(0, count_rows() - bar.done))


def rows_read(folders: list[Path]) -> int:
    """Rows that the elements of finished folders have read."""
    return sum(json.loads((folder / _RECORD).read_text())["rows"] for folder in folders)


def _is_whole(folder: Path) -> bool:
    try:
        files: dict[str, str] = json.loads((folder / _RECORD).read_text())["files"]
        return all(sha256_of_file(folder / name) == sha256 for name, sha256 in files.items())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False  # absent or cut off: it is simply made again


def _rows_counter(folders: list[Path]) -> Callable[[], int]:
    """Counts rows of the finished folders, reading each record once."""
    known: dict[Path, int] = {}

    def count() -> int:
        for folder in folders:
            if folder not in known and (folder / _RECORD).is_file():
                known[folder] = json.loads((folder / _RECORD).read_text())["rows"]
        return sum(known.values())

    return count


class _StepWork:
    """Makes the folders of one pass, in whichever process."""

    def __init__(self, step: Step, folder: Path) -> None:
        self._step, self._folder = step, folder

    def setup(self) -> None:
        self._step.setup()

    def do(self, element: int) -> None:
        final = self._folder / f"element-{element:05d}"
        unfinished = final.with_suffix(".tmp")
        for leftover in (final, unfinished):
            if leftover.exists():
                shutil.rmtree(leftover)
        unfinished.mkdir()
        rows = self._step.make(element, unfinished)
        files = {path.name: sha256_of_file(path) for path in sorted(unfinished.iterdir())}
        (unfinished / _RECORD).write_text(json.dumps({"files": files, "rows": rows}))
        unfinished.rename(final)
