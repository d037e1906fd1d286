"""What the readers of the tasks' own text files share: how languages and splits are called, and pairs of lines."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from contract.errors import InputError

# The names of each split, the one that is looked for first first.
SPLITS = {
    "train": ("train",), "val": ("val", "dev", "valid", "validation"),
    "test": ("test", "test_2016_flickr", "test_2016"),  # the last two: Multi30K
}  # fmt: skip
UNREADABLE, EMPTY = "unreadable", "empty"  # why a text is left out: no UTF-8, or a line without end; nothing in it
_SUFFIXES = ("csv", "gz", "tsv", "txt")  # some of which are codes of languages too
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


@lru_cache(maxsize=4096)
def language_of(name: str) -> str | None:
    """The BCP 47 tag of what a file name calls a language: ``de`` is ``de``, ``deu`` too, ``swa`` is ``sw``.

    None for what is the name of no language.
    """
    import langcodes

    if name in _SUFFIXES or not _TAG.fullmatch(name):
        return None
    try:
        tag = langcodes.standardize_tag(name, macro=len(re.split("[-_]", name)[0]) == 3)
    except langcodes.LanguageTagError:
        return None
    return tag if langcodes.tag_is_valid(tag) else None


def split_of(name: str) -> str | None:
    """The split that a file name's part names: ``dev`` is ``val``; None where it names none."""
    return next((split for split, names in SPLITS.items() if name in names), None)


def require_folder(folder: Path, expected: str) -> None:
    """Checks that there is a folder.

    Raises:
        InputError: where there is none; says what was expected in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder.", expected, "see docs/sources.md for the layouts.")


def require_aligned(counts: dict[Path, int]) -> None:
    """Checks that files whose line i belongs to line i of the others are equally long.

    Args:
        counts: how many lines each has.

    Raises:
        InputError: where they are not; names them with their numbers of lines.
    """
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{path} has {count:,}" for path, count in counts.items())
        raise InputError(
            f"Files that belong together have different numbers of lines: {told}.",
            "the same number: line i belongs to line i.", "take all of them from the same release.",
        )  # fmt: skip
