"""Loops that are compiled: a word takes them some nanoseconds, where Python takes a microsecond."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from contract.hashing import fingerprint_of_code

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compiles a function when it is first called, and keeps what came out for other processes, where it can."""
    folder, before = _folder(), numba.config.CACHE_DIR
    if folder is None:
        return cast(_Function, numba.njit(function))
    numba.config.CACHE_DIR = str(folder)
    try:
        return cast(_Function, numba.njit(cache=True)(function))
    finally:
        numba.config.CACHE_DIR = before


@cache
def _folder() -> Path | None:
    """Where compiled code is kept: beside the source, else in the user's cache.

    Each state of the source has a folder of its own. Numba looks at the file of the function alone, and would go on
    with what it has compiled when a function that this one calls changes in another file.
    """
    places = [Path(__file__).parent / "__pycache__"]
    with suppress(RuntimeError):  # a user without a home, as in a container
        places.append(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "m3p")
    for place in places:
        folder = place / f"compiled-{fingerprint_of_code(['contract.codeswitching'])[:16]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None
