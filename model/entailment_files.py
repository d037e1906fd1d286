"""The files of entailment data: which there are, and what stands in their columns.

A file's name tells its split and, where it holds one language, that; its first line tells the columns, or it has three.

=============================================  ====================================================================
our own ``train.de.tsv``                       header ``premise hypothesis label``
XNLI's ``xnli.dev.tsv``, ``xnli.test.tsv``     header with ``language gold_label sentence1 sentence2`` and others
its translations, ``multinli.train.de.tsv``    header ``premise hypo label``; ``contradictory`` for ``contradiction``
XGLUE's ``de.train.txt``, XTREME's             no header: premise, hypothesis, label
``train-de.tsv``
myXNLI's ``sw.dev.tsv``                        header ``genre label sentence1_sw sentence2_sw``
=============================================  ====================================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.errors import InputError
from contract.files import files_below
from model.task_files import SPLITS, language_of, split_of

_SPLITS = [name for names in SPLITS.values() for name in names]
_LANGUAGE = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
_TAG = re.compile(_LANGUAGE)
_NAME = re.compile(
    rf"(?<![^._-])(?:(?P<before>{_LANGUAGE})[._-])?(?P<split>{'|'.join(_SPLITS)})(?:[._-](?P<after>{_LANGUAGE}))?(?![^._-])"
)
_SUFFIXES = (".tsv", ".txt")
_NO_LANGUAGE = "all"  # a setting's name, and what a file of all languages may be called


@dataclass(frozen=True)
class EntailmentFile:
    """A file.

    Attributes:
        path: where it lies.
        name: its path within the folder.
        split: train, val or test.
        lang: its language, BCP 47; None where each row tells it.
    """

    path: Path
    name: str
    split: str
    lang: str | None


@dataclass(frozen=True)
class Columns:
    """What stands in which column, from 0.

    Attributes:
        premise: the first sentence.
        hypothesis: the second sentence.
        label: the label's name.
        lang: the language; None where the file's name tells it.
        count: how many columns there are.
    """

    premise: int
    hypothesis: int
    label: int
    lang: int | None
    count: int


_WITHOUT_HEADER = Columns(0, 1, 2, None, 3)


def find_files(folder: Path, split: str) -> list[EntailmentFile]:
    """The files of a split in a folder, at any depth, sorted.

    Hidden files, and those whose name or suffix is another one, are passed over.

    Raises:
        InputError: where there is none.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder.", "a folder of entailment data.", "see docs/sources.md.")
    found = [file for path in files_below(folder) if (file := _file(path, folder))]
    wanted = [file for file in found if file.split == split]
    if not wanted:
        there = ", ".join(file.name for file in found[:5]) or "none"
        raise InputError(
            f"{folder} holds no file of the split {split!r} (of other splits: {there}).",
            "names such as train.de.tsv, xnli.test.tsv, multinli.train.en.tsv or de.dev.txt, plain or .gz.",
            "see docs/sources.md.",
        )
    return wanted


def _file(path: Path, folder: Path) -> EntailmentFile | None:
    name = path.name.removesuffix(".gz")
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    told = _NAME.search(stem)
    if suffix not in _SUFFIXES or name.startswith(".") or told is None:
        return None
    lang, split = told["after"] or told["before"], split_of(told["split"])
    assert split is not None  # the pattern takes no other name
    lang = language_of(lang) or lang if lang and lang != _NO_LANGUAGE else None
    return EntailmentFile(path, path.relative_to(folder).as_posix(), split, lang)


def is_language(tag: str) -> bool:
    """Whether a cell may be a language's code."""
    return _TAG.fullmatch(tag) is not None and tag != _NO_LANGUAGE


def columns_of(first_row: Sequence[str], file: EntailmentFile) -> tuple[Columns, bool]:
    """The columns of a file, and whether its first row is a header.

    Raises:
        InputError: where neither the file's name nor a column tells the language.
    """
    names = [name.strip().lower() for name in first_row]

    def place(*known: str) -> int | None:
        return next((names.index(name) for name in known if name in names), None)

    premise = place("premise", "sentence1", f"sentence1_{file.lang}")
    hypothesis = place("hypothesis", "hypo", "sentence2", f"sentence2_{file.lang}")
    label, lang = place("gold_label", "label"), place("language") if file.lang is None else None
    columns, has_header = _WITHOUT_HEADER, False
    if premise is not None and hypothesis is not None and label is not None:
        columns, has_header = Columns(premise, hypothesis, label, lang, len(names)), True
    if file.lang is None and columns.lang is None:
        raise InputError(
            f"{file.path} does not tell its language.",
            "a name such as train.de.tsv, or a header with a column `language`.",
            "rename it.",
        )
    return columns, has_header
