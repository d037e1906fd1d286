"""One reader for each kind of dictionary. A reader turns lines into pairs and says which lines it cannot read."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from contract.errors import InputError
from pipelines.lexicon.entries import Malformed, Pair
from pipelines.lexicon.lines import Line, read_lines
from pipelines.lexicon.tei import read_tei

Reader = Callable[[Path], Iterator[Pair | Malformed]]

_COLUMN_NAMES = {
    "source": ("source", "english", "en", "eng", "expression", "word"),
    "target": ("target", "translation", "translations"),
    "lang": ("lang", "language", "target_language"),
    "score": ("score", "quality", "weight"),
}
_COLUMNS_WITHOUT_HEADER = {
    3: ("expression", "language", "translation"),
    4: ("expression", "language", "translation", "score"),
}
_TEXT_FORMATS = {".csv": "csv", ".dict": "hunalign", ".tei": "tei", ".xml": "tei"}
_LEAST_SCORE, _GREATEST_SCORE = 1e-9, 1e9  # what shares can be made of
TEXT_SUFFIXES = (".txt", ".tsv", *_TEXT_FORMATS)


def read_pairs(path: Path) -> Iterator[Pair | Malformed]:
    """MUSE and Wiktionary extracts: ``source target`` with a space between, or with a tab and then of several words."""
    for line in read_lines(path):
        if isinstance(line, Malformed):
            yield line
            continue
        number, text = line
        fields = text.split("\t") if "\t" in text else text.split()
        if len(fields) == 2:
            yield Pair(number, fields[0], fields[1])
        else:
            yield Malformed(number, f"the line has {len(fields)} fields where source and target were expected")


def read_hunalign(path: Path) -> Iterator[Pair | Malformed]:
    """Hunalign's ``.dict``: ``target @ source``."""
    for line in read_lines(path):
        if isinstance(line, Malformed):
            yield line
            continue
        number, text = line
        fields = text.split(" @ ")
        if len(fields) == 2:
            yield Pair(number, fields[1], fields[0])
        else:
            yield Malformed(number, f"the line has {len(fields) - 1} times ' @ ' where it was expected once")


def read_columns(path: Path, delimiter: str) -> Iterator[Pair | Malformed]:
    """Named columns, as in CSV and in PanLex-style exports: source and target; language and score may be there too.

    Raises:
        InputError: where the first line names no source and target.
    """
    lines = read_lines(path)
    first = next(lines, None)
    if first is None:
        return
    header = [] if isinstance(first, Malformed) else _fields(first[1], delimiter)
    columns = _columns(header)
    if columns is None:
        names = _COLUMNS_WITHOUT_HEADER.get(len(header))
        if delimiter == "," or names is None:
            raise InputError(
                f"{path.name} names no columns in its first line: {header}.",
                f"one of {', '.join(_COLUMN_NAMES['source'])} and one of {', '.join(_COLUMN_NAMES['target'])}.",
                "put a line with the columns' names before the others.",
            )
        columns, header, lines = _columns(list(names)) or {}, list(names), itertools.chain([first], lines)
    yield from _pairs_in_columns(lines, columns, len(header), delimiter)


def _fields(text: str, delimiter: str) -> list[str]:
    if delimiter == "\t":
        return text.split("\t")
    try:
        return next(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _columns(header: list[str]) -> dict[str, int] | None:
    """Where source, target, language and score stand; None where the header does not name both of the first."""
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        for meaning, names in _COLUMN_NAMES.items():
            if name.strip().lower() in names:
                places.setdefault(meaning, place)
    return places if "source" in places and "target" in places else None


def _pairs_in_columns(
    lines: Iterable[Line | Malformed], columns: dict[str, int], width: int, delimiter: str
) -> Iterator[Pair | Malformed]:
    for line in lines:
        if isinstance(line, Malformed):
            yield line
            continue
        number, text = line
        fields = _fields(text, delimiter)
        if len(fields) != width:
            yield Malformed(number, f"the line has {len(fields)} columns where {width} were expected")
            continue
        lang = fields[columns["lang"]].strip() if "lang" in columns else ""
        score = _score(fields[columns["score"]]) if "score" in columns else None
        yield Pair(number, fields[columns["source"]], fields[columns["target"]], lang, score)


def _score(text: str) -> float | None:
    """A score; None where the field is empty, NaN where it holds no number that shares can be made of."""
    try:
        score = float(text) if text.strip() else None
    except ValueError:
        return math.nan
    return score if score is None or _LEAST_SCORE <= score <= _GREATEST_SCORE else math.nan


def _read_csv(path: Path) -> Iterator[Pair | Malformed]:
    return read_columns(path, ",")


def _read_panlex(path: Path) -> Iterator[Pair | Malformed]:
    return read_columns(path, "\t")


READERS: dict[str, Reader] = {
    "pairs": read_pairs,
    "hunalign": read_hunalign,
    "csv": _read_csv,
    "panlex": _read_panlex,
    "tei": read_tei,
}


def reader_of(path: Path, name: str = "") -> Reader:
    """The reader for a file: by the name of one of READERS, else by the file's suffix, else by its first lines."""
    return READERS[name or _TEXT_FORMATS.get(path_without_gz(path).suffix.lower()) or _format_of_lines(path)]


def path_without_gz(path: Path) -> Path:
    """The path without a last ``.gz``."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _format_of_lines(path: Path) -> str:
    lines = [line[1] for line in itertools.islice(read_lines(path), 20) if not isinstance(line, Malformed)]
    if lines and "\t" in lines[0] and (lines[0].count("\t") > 1 or _columns(lines[0].split("\t"))):
        return "panlex"
    return "hunalign" if lines and all(" @ " in line for line in lines) else "pairs"
