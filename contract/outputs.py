"""What a stage may replace: nothing but what it wrote itself, and never what it reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from contract.errors import UsageError
from contract.hashing import MANIFEST


def check_output(out: Path, mark: str, stage: str, inputs: Iterable[Path]) -> None:
    """Refuses an output that would destroy something, and makes the folder in which it will lie.

    Args:
        out: where the stage writes.
        mark: a file by which a folder is known as an earlier output of the stage; empty where the output is a file.
        stage: the stage's name, which a dataset's manifest states.
        inputs: what the stage reads.

    Raises:
        UsageError: where it is an input, lies in one or around one, holds other things, or cannot be written.
    """
    here = out.resolve()
    for path in inputs:
        there = path.resolve()
        if here == there or there in here.parents or here in there.parents:
            raise UsageError(f"{out} would overwrite the input {path}.", "outputs apart from the inputs.")
    if out.is_dir() != bool(mark) and out.exists():
        raise UsageError(f"{out} is a {'file' if mark else 'folder'}.", f"a {'folder' if mark else 'file'}.")
    if mark and out.is_dir() and any(out.iterdir()) and not _is_earlier_output(out, mark, stage):
        raise UsageError(
            f"{out} holds things that this stage did not write.", "a new or empty folder, or the stage's own output.",
            "give another folder, or empty this one yourself.",
        )  # fmt: skip
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}: {error.filename}.", "a folder.") from error


def _is_earlier_output(folder: Path, mark: str, stage: str) -> bool:
    if mark != MANIFEST:
        return (folder / mark).is_file()
    try:
        values = json.loads((folder / mark).read_text())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(values, dict) and values.get("stage") == stage
