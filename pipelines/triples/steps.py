"""A pass over the data that ends in files of its own, which a later pass reads: resumable as shards are.

Every element of a pass makes a folder of files. A folder takes its name only when it is whole, with a record of the
checksums of its files; a killed pass, run again, makes only the folders that are missing or no longer match.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from contract.hashing import sha256_of_file
from contract.progress import Progress
from pipelines.beam_runner import Plan, ShufflePlan, run_here, run_plan

_RECORD = "record.json"


class Step(Protocol):
    """The work of a pass; picklable, an instance of a module-level class."""

    def setup(self) -> None:
        """Loads what every element needs, once a process."""

    def make(self, element: int, folder: Path) -> int:
        """Writes an element's files into an empty folder, and says how many rows it read."""


class ShuffledStep(Protocol):
    """The work of a pass whose input holds rows of all elements in any order; picklable likewise."""

    def setup(self) -> None:
        """Loads what every piece and element needs, once a process."""

    def spread(self, piece: int, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Reads a piece of the input into blocks, each with the element that it belongs to."""

    def make(self, element: int, blocks: Sequence[bytes], folder: Path) -> int:
        """Writes an element's files from all of its blocks, which come in any order, and says how many rows it read."""


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
    parts = _Parts(folder, count)
    if parts.missing:
        parts.run(label, Plan(_StepWork(step, parts), parts.missing, min(workers, len(parts.missing)), folder), rows)
    return parts.folders


def run_shuffled_step(
    label: str, folder: Path, step: ShuffledStep, pieces: int, count: int, workers: int, rows: int | None = None
) -> list[Path]:
    """As ``run_step``, of a step whose input lies in pieces; where any folder is missing, all pieces are read.

    Args:
        label: what to call the pass while it runs.
        folder: where its folders lie.
        step: the work.
        pieces: number of pieces of the input.
        count: number of elements.
        workers: processes.
        rows: rows of the input, about; for the progress bar.

    Returns:
        The folders of all elements, in order.

    Raises:
        M3PError: what the work raised.
    """
    parts = _Parts(folder, count)
    if parts.missing:
        work = _ShuffledWork(step, parts)
        parts.run(label, ShufflePlan(work, range(pieces), parts.missing, min(workers, max(pieces, 1)), folder), rows)
    return parts.folders


def rows_read(folders: list[Path]) -> int:
    """Rows that the elements of finished folders have read."""
    return sum(json.loads((folder / _RECORD).read_text())["rows"] for folder in folders)


class _Parts:
    """The folders of a pass."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folders = [folder / f"element-{index:05d}" for index in range(count)]
        self.missing = [index for index, path in enumerate(self.folders) if not _is_whole(path)]

    def run(self, label: str, plan: Plan | ShufflePlan, rows: int | None) -> None:
        """Makes what is missing."""
        done = len(self.folders) - len(self.missing)
        if done:
            print(f"{label}: {done} of {len(self.folders)} parts are finished already.")
        with Progress(label, rows, "rows") as bar:
            # Beam would start a process of its own, which takes longer than a small log.
            carry_out = run_here if plan.workers == 1 else run_plan
            carry_out(plan, _rows_counter(self.folders), bar)

    def make(self, element: int, make: Callable[[Path], int]) -> None:
        """Makes one folder, whole or not at all."""
        final = self.folders[element]
        unfinished = final.with_suffix(".tmp")
        for leftover in (final, unfinished):
            if leftover.exists():
                shutil.rmtree(leftover)
        unfinished.mkdir()
        rows = make(unfinished)
        files = {path.name: sha256_of_file(path) for path in sorted(unfinished.iterdir())}
        (unfinished / _RECORD).write_text(json.dumps({"files": files, "rows": rows}))
        unfinished.rename(final)


class _StepWork:
    """Makes the folders of one pass, in whichever process."""

    def __init__(self, step: Step, parts: _Parts) -> None:
        self._step, self._parts = step, parts

    def setup(self) -> None:
        self._step.setup()

    def do(self, element: int) -> None:
        self._parts.make(element, lambda folder: self._step.make(element, folder))


class _ShuffledWork:
    """Reads the input of one pass and makes its folders, in whichever process."""

    def __init__(self, step: ShuffledStep, parts: _Parts) -> None:
        self._step, self._parts = step, parts

    def setup(self) -> None:
        self._step.setup()

    def spread(self, element: int) -> Iterator[tuple[int, bytes]]:
        return self._step.spread(element, self._parts.missing)

    def gather(self, key: int, blocks: Sequence[bytes]) -> None:
        self._parts.make(key, lambda folder: self._step.make(key, blocks, folder))


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
