"""The file of a page, which replaces no data."""

from __future__ import annotations

from pathlib import Path

from contract.errors import UsageError
from contract.hashing import MANIFEST
from contract.places import Place
from flows.shown import one_line

_BEGINNING = b"<!doctype html"  # in letters of any case


def check_target(file: Path, inspected: Place | None = None) -> None:
    """Checks, before anything is read, that a page may be written there.

    Raises:
        UsageError: where the file lies in what is inspected or in any dataset, is there and is no page, or has no
            folder.
    """
    elsewhere = "a file elsewhere, such as page.html."
    try:
        places = {file.parent.resolve() / file.name, file.resolve()}  # where it is a link, both are touched
        folders = {folder for place in places for folder in place.parents}
        own = inspected.local.resolve() if inspected and inspected.local else None
        if own in folders or any((folder / MANIFEST).is_file() for folder in folders):
            raise UsageError(f"{file} lies within a dataset or what is inspected.", elsewhere)
        if not file.parent.is_dir() or file.is_dir():
            raise _not_written(file, "its folder is not there" if not file.parent.is_dir() else "it is a folder")
        if file.is_file() and (beginning := _begins(file)) and beginning.lower() != _BEGINNING:
            raise UsageError(f"{file} is there, and is no HTML.", f"a page, which is replaced, or {elsewhere}")
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a name with a NUL; RuntimeError: links in a ring
        raise _not_written(file, error) from error


def write_page(file: Path, page: str) -> None:
    """Writes a page and says so.

    Raises:
        UsageError: where it cannot be written.
    """
    try:
        file.write_text(page, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _not_written(file, error) from error
    print(f"Wrote {one_line(str(file))}")


def _begins(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(_BEGINNING))


def _not_written(file: Path, why: object) -> UsageError:
    return UsageError(f"{file} cannot be written: {why}.", "a file in a folder that is there.")
