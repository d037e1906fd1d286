"""The project's own dictionaries, where a profile looks for dictionaries."""

from __future__ import annotations

import shutil
from pathlib import Path

from contract.errors import InputError


def copy_dictionaries(source: Path, target: Path) -> None:
    """Copies all dictionaries of a folder.

    Raises:
        InputError: where there is none.
    """
    files = sorted(source.glob("*.txt"))
    if not files:
        raise InputError(
            f"{source} holds no dictionary.", "en-de.txt and its like.", "give --dictionaries dictionaries."
        )
    target.mkdir()
    for file in files:
        shutil.copyfile(file, target / file.name)
