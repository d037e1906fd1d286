"""Headlines and bodies of news, by language.

Layouts, told apart by the files' names; every file may be gzipped:

- tables, ``<split>.<lang>.tsv``, ``<lang>.<split>.tsv`` or ``<lang>/<split>.tsv``, or ``.txt``, with a first line that
  names the columns, ``headline`` or ``title`` and ``body``, ``text`` or ``content`` among them, or without one: then
  the headline stands first and the body second. Fields may be quoted as csv has it, and then hold line ends.
- the same without a split in its name, ``de.txt``: a stable hash of the body sends a tenth of the rows to val, a tenth
  to test, and the others to train.
- XGLUE's NTG, ``xglue.ntg.<lang>.src.<split>`` with the bodies and ``….tgt.<split>`` with the headlines, line by line.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from contract.errors import InputError
from contract.files import files_below
from contract.hashing import stable_hash
from contract.lines import LONGEST_LINE, Line, read_lines
from contract.text import clean_text
from model.task_files import UNREADABLE, language_of, require_aligned, require_folder, split_of

COLUMNS, NO_HEADLINE, NO_BODY = "columns", "empty_headline", "empty_body"
_HEADLINE, _BODY = ("headline", "title"), ("body", "text", "content")  # what a header calls the two columns
_EXPECTED = "<split>.<lang>.tsv with the columns headline and body, or xglue.ntg.<lang>.src.<split> and ….tgt.<split>."
_TABLE = re.compile(r"(?P<first>[^.]+)(?:\.(?P<second>[^.]+))?\.(?:tsv|txt)(?:\.gz)?")
_XGLUE = re.compile(r"xglue\.ntg\.(?P<lang>[^.]+)\.(?P<side>src|tgt)\.(?P<split>[^.]+)(?:\.gz)?")
_UNREADABLE = "\0"  # stands for a line that cannot be read; no line that can holds it


@dataclass(frozen=True)
class News:
    """Pieces of news in a language.

    Attributes:
        headlines: one a piece.
        bodies: likewise.
        rows: number of each piece in its file, from 1; a line that names the columns is none.
        left_out: rows that cannot be used, by reason.
    """

    headlines: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def sample(self, count: int) -> News:
        """So many pieces, chosen by a stable hash of their bodies; all where ``count`` is 0."""
        if not count or count >= len(self.rows):
            return self
        places = sorted(range(len(self.rows)), key=lambda place: (stable_hash("sample", self.bodies[place]), place))
        kept = sorted(places[:count])
        headlines, bodies = [self.headlines[place] for place in kept], [self.bodies[place] for place in kept]
        return News(headlines, bodies, [self.rows[place] for place in kept], self.left_out)


class _Source(NamedTuple):
    """Where the pieces of a language lie: a table, or bodies and headlines apart. Without a split it holds all."""

    lang: str
    split: str | None
    files: tuple[Path, ...]


def languages_of(folder: Path, split: str) -> list[str]:
    """The languages of which there are files with pieces of a split, sorted."""
    return sorted(_of_split(folder, split))


def read_headlines(folder: Path, split: str, languages: Sequence[str] = ()) -> dict[str, News]:
    """The pieces of news of a split, by language, sorted; in some languages, or in all where none is named.

    Says how many rows are left out, and why.

    Raises:
        InputError: where there is no piece, or none in a language that is named; where two files are of the same split
            and language; where lines that belong together are not equally many.
    """
    there = _of_split(folder, split)
    found = {lang: _read(there[lang], split) for lang in sorted(there) if not languages or lang in languages}
    missing = [lang for lang in languages if lang not in found or not found[lang].rows]
    if missing or not any(news.rows for news in found.values()):
        left_out = {lang: dict(news.left_out) for lang, news in found.items() if news.left_out}
        raise InputError(
            f"{folder} has no headline {f'in {missing[0]!r} ' if missing else ''}in the split {split!r} (languages: "
            f"{', '.join(sorted(there)) or 'none'}; left out: {left_out or 'none'}).", _EXPECTED,
            "choose another split or other languages, or add files; see docs/sources.md for the layouts.",
        )  # fmt: skip
    return {lang: news for lang, news in found.items() if news.rows}


def _of_split(folder: Path, split: str) -> dict[str, _Source]:
    """The source of each language that has pieces of a split."""
    require_folder(folder, _EXPECTED)
    found: dict[str, _Source] = {}
    for source in _sources(folder):
        if source.split not in (split, None):
            continue
        if source.lang in found:
            several = " and ".join(str(one.files[0]) for one in (found[source.lang], source))
            raise InputError(f"{several} are of the same split and language.", "one of them.")
        found[source.lang] = source
    return found


def _sources(folder: Path) -> Iterator[_Source]:
    files = files_below(folder)
    for path in files:
        if xglue := _XGLUE.fullmatch(path.name):
            lang, split = language_of(xglue["lang"]), split_of(xglue["split"])
            other = path.with_name(path.name.replace(".src.", ".tgt."))
            if lang and split and xglue["side"] == "src":
                if other not in files:
                    raise InputError(f"{path} has no {other.name} beside it.", "the headlines of these bodies.")
                yield _Source(lang, split, (path, other))
        elif table := _TABLE.fullmatch(path.name):
            yield from _table(path, *filter(None, table.groups()))


def _table(path: Path, *parts: str) -> Iterator[_Source]:
    """The source that a table's name describes, where it names a language and perhaps a split."""
    splits = [split for part in parts if (split := split_of(part))]
    languages = [lang for part in parts if not split_of(part) and (lang := language_of(part))]
    if splits and len(parts) == 1:
        languages = [lang for lang in [language_of(path.parent.name)] if lang]
    if len(languages) == 1 and len(splits) + len(languages) >= len(parts):
        yield _Source(languages[0], splits[0] if splits else None, (path,))


def _read(source: _Source, split: str) -> News:
    news, total = News(), 0
    for row, (headline, body, fault) in enumerate(_pairs(source), 1):
        if source.split is None and _split_by_hash(body) != split:
            continue
        total += 1
        headline, body = clean_text(headline), clean_text(body)
        reason = fault or (NO_HEADLINE if not headline else NO_BODY if not body else "")
        if reason:
            news.left_out[reason] += 1
            continue
        news.headlines.append(headline)
        news.bodies.append(body)
        news.rows.append(row)
    if news.left_out:
        told = ", ".join(f"{count:,} {reason}" for reason, count in sorted(news.left_out.items()))
        print(f"headlines, {source.files[0]}: of {total:,} rows are left out: {told}.")
    return news


def _split_by_hash(body: str) -> str:
    return {0: "test", 1: "val"}.get(stable_hash("headlines", body) % 10, "train")


class _Pair(NamedTuple):
    headline: str
    body: str
    fault: str = ""


def _pairs(source: _Source) -> Iterable[_Pair]:
    if len(source.files) == 2:
        return _aligned(*source.files)
    try:
        return list(_of_table(_quoted(read_lines(source.files[0]))))
    except csv.Error:  # quotes that do not come in pairs as csv has them are part of the text
        return _of_table(_as_they_stand(read_lines(source.files[0])))


def _aligned(bodies: Path, headlines: Path) -> list[_Pair]:
    body_lines, headline_lines = list(read_lines(bodies)), list(read_lines(headlines))
    require_aligned({bodies: len(body_lines), headlines: len(headline_lines)})
    return [
        _Pair(headline.text, body.text, UNREADABLE if headline.fault or body.fault else "")
        for headline, body in zip(headline_lines, body_lines, strict=True)
    ]


def _quoted(lines: Iterable[Line]) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_LINE)
    texts = (f"{_UNREADABLE if line.fault else line.text}\n" for line in lines)
    return csv.reader(texts, delimiter="\t", strict=True)


def _as_they_stand(lines: Iterable[Line]) -> Iterator[list[str]]:
    return ((_UNREADABLE if line.fault else line.text).split("\t") for line in lines)


class _Columns(NamedTuple):
    """Where a table has headline and body, and how many columns; whether its first row says so."""

    headline: int
    body: int
    width: int
    named: bool


def _of_table(rows: Iterable[list[str]]) -> Iterator[_Pair]:
    """Headline and body of each row; empty lines are no rows."""
    columns: _Columns | None = None
    for row in rows:
        if row in ([], [""]):
            continue
        if any(_UNREADABLE in cell for cell in row):
            yield _Pair("", "", UNREADABLE)
            continue
        if columns is None:
            columns = _columns(row)
            if columns.named:
                continue
        yield _Pair(row[columns.headline], row[columns.body]) if len(row) == columns.width else _Pair("", "", COLUMNS)


def _columns(first: list[str]) -> _Columns:
    names = [cell.strip().lower() for cell in first]
    headline, body = (next((name for name in known if name in names), None) for known in (_HEADLINE, _BODY))
    if headline and body:
        return _Columns(names.index(headline), names.index(body), len(names), True)
    return _Columns(0, 1, max(2, len(names)), False)
