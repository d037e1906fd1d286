"""The folder of raw data: written beside its place, and put there when it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.errors import UsageError
from contract.files import files_below

MARK = "drawn.json"  # in a folder that this stage wrote, and may therefore replace


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """An empty folder, which takes the place of ``out`` when its block ends without an error.

    Raises:
        UsageError: where ``out`` holds anything that this stage did not write.
    """
    if out.is_symlink() or (out.exists() and not _replaceable(out)):
        raise UsageError(f"{out} holds data that no one drew.", "a new folder, or one that this stage wrote.")
    partial = out.with_name(f".{out.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    yield partial
    if out.exists():
        shutil.rmtree(out)
    partial.rename(out)


def print_contents(out: Path) -> None:
    """Prints how many files lie in each part of the folder, and how large they are."""
    for part in sorted(path for path in out.iterdir() if path.is_dir()):
        sizes = [file.stat().st_size for file in files_below(part)]
        print(f"{part}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB")


def _replaceable(out: Path) -> bool:
    return out.is_dir() and ((out / MARK).is_file() or not any(out.iterdir()))
