"""What a stage may replace, nothing but what it wrote itself, and how it does so."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError


@dataclass(frozen=True)
class Mark:
    """How an earlier output of a stage is known.

    Attributes:
        file: a file that such a folder holds; empty where the output is a file itself.
        states: what stands in that file.
    """

    file: str
    states: str


METRICS = Mark("", '"task": ')  # a JSON file of metrics


def check_output(out: Path, mark: Mark, others: Iterable[Path]) -> None:
    """Refuses an output that would destroy something, and makes the folder in which it will lie.

    Args:
        out: where the stage writes.
        mark: how an earlier output of it is known.
        others: what the stage reads, and where else it writes.

    Raises:
        UsageError: where it is one of the others, lies in one or around one, holds other things, or cannot be written.
    """
    here = out.resolve()
    for path in others:
        there = path.resolve()
        if here == there or there in here.parents or here in there.parents:
            raise UsageError(f"{out} would overwrite {path}.", "outputs apart from each other and from the inputs.")
    kind = "folder" if mark.file else "file"
    if out.is_symlink():
        raise UsageError(f"{out} is a link.", f"a {kind} itself; the folder that it lies in may be a link.")
    if out.exists() and out.is_dir() != (kind == "folder"):
        raise UsageError(f"{out} is a {'file' if mark.file else 'folder'}.", f"a {kind}.")
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not empty and not _is_earlier_output(out / mark.file if mark.file else out, mark.states):
        raise UsageError(
            f"{out} holds what this stage did not write.", f"a new or empty {kind}, or the stage's own earlier output.",
            "give another place, or empty this one yourself.",
        )  # fmt: skip
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}: {error.filename}.", "a folder.") from error


def _is_earlier_output(path: Path, states: str) -> bool:
    try:
        return states.encode() in path.read_bytes()
    except OSError:
        return False


@contextmanager
def written_beside(out: Path) -> Iterator[Path]:
    """An empty folder beside a place, which is put there when the block ends without an error."""
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    yield new
    put_in_place(new, out)


def put_in_place(new: Path, out: Path) -> None:
    """Puts a finished folder where an output belongs. Killed at any moment, it leaves a whole one there or none."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)
