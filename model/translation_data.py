"""Sentences in several languages, line by line the same, and the picture that each is of.

Two layouts: ``<split>.<lang>.txt`` (or without ``.txt``) with ``<split>.images.txt``, a picture a line; and that of
Multi30K's task 1, ``raw/<split>.<lang>`` with ``image_splits/<split>.txt``. Every file may be gzipped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from posixpath import basename, splitext
from typing import NamedTuple

import numpy as np

from contract.errors import InputError
from contract.lines import read_lines
from contract.text import clean_text
from model.data import Ints, rows_with_regions
from model.regions import RegionStore
from model.task_data import sample_images
from model.task_files import EMPTY, SPLITS, UNREADABLE, language_of, require_aligned, require_folder

WITHOUT_REGIONS = "picture_without_regions"
_EXPECTED = "<split>.<lang>.txt and <split>.images.txt, or raw/<split>.<lang>.gz and image_splits/<split>.txt."
_SENTENCES = re.compile(r"(?P<split>[^.]+)\.(?P<lang>[^.]+)(?:\.txt)?(?:\.gz)?")
_ENGLISH = "en"


class Direction(NamedTuple):
    """From which language into which."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """Such as ``en-de``."""
        return f"{self.source}-{self.target}"


@dataclass(frozen=True)
class Parallel:
    """The sentences of a split whose pictures have regions.

    Attributes:
        sentences: by language; row i of each says the same. Empty where a sentence cannot be used.
        image_ids: of the rows' pictures.
        pictures: their rows in the region store.
        left_out: what else there was, by reason: rows whose picture has no regions; sentences that are empty, or that
            cannot be read.
    """

    sentences: dict[str, list[str]]
    image_ids: list[str]
    pictures: Ints
    left_out: dict[str, int]

    @property
    def directions(self) -> list[Direction]:
        """From English into each other language and back, sorted."""
        others = [lang for lang in self.sentences if lang != _ENGLISH]
        both = chain.from_iterable((Direction(_ENGLISH, lang), Direction(lang, _ENGLISH)) for lang in others)
        return sorted(both) if _ENGLISH in self.sentences else []

    def rows(self, direction: Direction) -> list[int]:
        """The rows that have a sentence in both languages."""
        both = zip(self.sentences[direction.source], self.sentences[direction.target], strict=True)
        return [row for row, pair in enumerate(both) if all(pair)]

    def of_images(self, count: int) -> Parallel:
        """The sentences of so many pictures, chosen by a stable hash; of all where ``count`` is 0."""
        chosen = set(sample_images(sorted(set(self.image_ids)), count))
        rows = [row for row, image_id in enumerate(self.image_ids) if image_id in chosen]
        return Parallel(
            {lang: [several[row] for row in rows] for lang, several in self.sentences.items()},
            [self.image_ids[row] for row in rows], self.pictures[rows], self.left_out,
        )  # fmt: skip


def read_parallel(folder: Path, split: str, store: RegionStore) -> Parallel:
    """The sentences of a split; says how many are left out.

    Args:
        folder: the folder of one of the two layouts.
        split: ``train``, ``val`` or ``test``.
        store: the regions of the pictures.

    Raises:
        InputError: where files are missing or not equally long, or no direction has a sentence.
    """
    require_folder(folder, _EXPECTED)
    files, listed = _files(folder, split)
    lines = {lang: list(read_lines(path)) for lang, path in files.items()}
    names = [line.text for line in read_lines(listed)]
    require_aligned({files[lang]: len(several) for lang, several in lines.items()} | {listed: len(names)})
    row_of, left_out = rows_with_regions(store), Counter[str]()
    ids = [_image_id(name, row_of) for name in names]
    kept = [row for row, image_id in enumerate(ids) if image_id in row_of]
    left_out[WITHOUT_REGIONS] = len(ids) - len(kept)
    sentences: dict[str, list[str]] = {}
    for lang, several in sorted(lines.items()):
        sentences[lang] = [clean_text(several[row].text) for row in kept]
        unreadable = sum(bool(several[row].fault) for row in kept)
        left_out[UNREADABLE] += unreadable
        left_out[EMPTY] += sentences[lang].count("") - unreadable
    image_ids = [ids[row] for row in kept]
    counted = {reason: count for reason, count in sorted(left_out.items()) if count}
    found = Parallel(sentences, image_ids, np.array([row_of[one] for one in image_ids], np.int64), counted)
    if counted:
        told = ", ".join(f"{count:,} {reason}" for reason, count in counted.items())
        print(f"translation, split {split!r}: of {len(ids):,} rows in {len(files)} languages are left out: {told}.")
    if not any(map(found.rows, found.directions)):
        raise InputError(
            f"{folder} has no sentence in English and another language in the split {split!r} whose picture has "
            f"regions (left out: {counted or 'none'}).", "one at least.",
            "add the files of another language, or extract the regions of these pictures.",
        )  # fmt: skip
    return found


def _files(folder: Path, split: str) -> tuple[dict[str, Path], Path]:
    """The file of each language and the list of pictures, of the split's first name that there is."""
    for name in SPLITS[split]:
        found: dict[str, Path] = {}
        for path in chain(sorted(folder.iterdir()), sorted((folder / "raw").glob("*"))):
            match = _SENTENCES.fullmatch(path.name)
            if match is None or match["split"] != name or not path.is_file():
                continue
            lang = language_of(match["lang"])
            if lang in found:
                raise InputError(f"{found[lang]} and {path} are of the same split and language.", "one of them.")
            if lang:
                found[lang] = path
        if found:
            return found, _list_of_pictures(folder, name)
    raise InputError(f"{folder} has no sentences of the split {split!r}.", _EXPECTED, "see docs/sources.md.")


def _list_of_pictures(folder: Path, name: str) -> Path:
    for path in _places(folder, name):
        if path.is_file():
            return path
    raise InputError(
        f"{folder} does not say which picture each sentence of {name} is of.",
        f"{name}.images.txt, or image_splits/{name}.txt, with an image_id or a picture's file name a line.",
    )


def _places(folder: Path, name: str) -> Iterator[Path]:
    for place in (f"{name}.images.txt", f"image_splits/{name}.txt", f"image_splits/{name}_images.txt"):
        yield from (folder / place, folder / f"{place}.gz")


def _image_id(name: str, known: dict[str, int]) -> str:
    """The id of a listed picture: the line itself, or the name of its file without folder, suffix and ``#…``."""
    return name.strip() if name.strip() in known else splitext(basename(name.split("#")[0].strip()))[0]
