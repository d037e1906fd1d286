"""Step 1: one row of a search log, whichever format it has; nothing that a row holds can stop the job."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from contract.dataset import Dataset
from contract.lines import Line, read_lines
from contract.text import is_text
from pipelines.triples.log_files import CAPTIONS, JSON_LINES, TSV, LogChunk, check_header
from pipelines.triples.page_title import page_title, usable_title

_LONGEST_LINE = 128 << 20  # bytes; a row with the HTML of a large page fits
LONGEST_TEXT = 1_000  # characters of a query, an id or an address; some rules take quadratic time
MOST_CLICKS = 1_000_000_000  # of one row; more than any picture gets in a log's span
PARQUET_COLUMNS = ("query", "image_id", "image_url", "clicks", "lang", "page_title", "page_html")


class LogRow(NamedTuple):
    """One row of the log.

    Attributes:
        position: where it stands in its file: a byte, or the number of a row.
        query: as the log has it; empty where there is none.
        image_id: the picture's id; empty where there is none.
        image_url: the picture's address, for a log that has no ids.
        lang: as the log has it.
        clicks: 1 or more.
        title: the title of the page, in so far as it says anything.
        reason: a reject's reason for a row that cannot be read; empty for one that can.
        message: what is wrong with it.
    """

    position: int
    query: str = ""
    image_id: str = ""
    image_url: str = ""
    lang: str | None = None
    clicks: int = 1
    title: str | None = None
    reason: str = ""
    message: str = ""


def read_chunk(chunk: LogChunk) -> Iterator[LogRow]:
    """The rows of a chunk that is no Parquet, in their order, readable or not.

    Raises:
        InputError: where the file itself is not what its name says.
    """
    readers = {CAPTIONS: _caption_rows, JSON_LINES: _json_rows, TSV: _tsv_rows}
    return readers[chunk.kind](chunk)


def _json_rows(chunk: LogChunk) -> Iterator[LogRow]:
    for line in _lines(chunk):
        try:
            yield line_fault(line) or row_of(json.loads(line.text), line.offset)
        except (ValueError, RecursionError) as error:
            yield _malformed(line.offset, f"not JSON: {error}")


def _tsv_rows(chunk: LogChunk) -> Iterator[LogRow]:
    names = check_header(chunk.path)
    for line in _lines(chunk):
        if line.offset == 0:
            continue
        values = line.text.split("\t")
        if len(values) == len(names) and not line.fault:
            yield row_of(dict(zip(names, values, strict=True)), line.offset)
        else:
            yield line_fault(line) or _malformed(line.offset, f"{len(values)} fields, expected {len(names)}")


def _lines(chunk: LogChunk) -> Iterator[Line]:
    lines = read_lines(chunk.path, chunk.start, chunk.end, _LONGEST_LINE)
    return (line for line in lines if line.fault or line.text.strip())


def line_fault(line: Line) -> LogRow | None:
    """The row of a line that cannot be read as text; None for one that can."""
    return _malformed(line.offset, line.fault) if line.fault else None


def parquet_row(batch: pa.RecordBatch, index: int, position: int) -> LogRow:
    """One row of a batch, whatever its columns hold; text may be binary, as several engines write it."""
    try:
        values = {name: batch.column(name)[index].as_py() for name in batch.schema.names}
        values |= {
            name: value.decode() for name, value in values.items() if isinstance(value, bytes) and name != "page_html"
        }
    except UnicodeDecodeError as error:  # Parquet's writers do not check that strings are UTF-8
        return _malformed(position, f"not UTF-8: {error.reason}")
    except (
        ValueError,
        OverflowError,
        KeyError,
        TypeError,
        pa.ArrowException,
    ) as error:
        return _malformed(position, f"not readable: {type(error).__name__}: {error}")
    return row_of(values, position)


def _caption_rows(chunk: LogChunk) -> Iterator[LogRow]:
    rows = Dataset(chunk.path, "captions").rows(["text", "image_id", "lang"], shard=chunk.start)
    for number, row in enumerate(rows):
        yield LogRow(number, row["text"], row["image_id"], lang=row["lang"])


def row_of(values: Any, position: int) -> LogRow:
    """A row from its columns, whatever they hold.

    Args:
        values: what the log's format gives: a mapping with query, image_id or image_url, clicks, lang, and page_html
            (text, or bytes in the page's own encoding) or page_title.
        position: where it stands in its file.
    """
    if not isinstance(values, Mapping):
        return _malformed(position, f"{type(values).__name__}, expected an object with query, image_id and clicks")
    image_id = values.get("image_id")
    texts = {
        "query": values.get("query"), "lang": values.get("lang"), "image_url": values.get("image_url"),
        "image_id": str(image_id) if type(image_id) is int else image_id, "page_title": values.get("page_title"),
    }  # fmt: skip
    for name, text in texts.items():
        if name != "page_title" and isinstance(text, str) and len(text) > LONGEST_TEXT:
            return _malformed(position, f"{name} has {len(text):,} characters, expected at most {LONGEST_TEXT:,}")
        if text is not None and not is_text(text):
            return _malformed(position, f"{name} is {str(text)[:50]!a}, expected text")
    known = LogRow(
        position, texts["query"] or "", (texts["image_id"] or "").strip(), (texts["image_url"] or "").strip()
    )
    clicks = _clicks(values.get("clicks"))
    if not 0 < clicks <= MOST_CLICKS:
        message = f"clicks is {str(values['clicks'])[:50]!r}, expected a whole number from 1 to {MOST_CLICKS:,}"
        return known._replace(reason="clicks_absurd", message=message)
    title = _title(values.get("page_html"), texts["page_title"])
    return known._replace(lang=texts["lang"], clicks=clicks, title=title)


def _clicks(value: Any) -> int:
    """A number of clicks; 1 where the log has no such column, 0 for what is no number."""
    if value is None:
        return 1
    if isinstance(value, str):
        return int(value) if value.strip().isascii() and value.strip().isdigit() and len(value) < 20 else 0
    if isinstance(value, float | Decimal):  # as pandas writes numbers of a column with gaps
        return int(value) if math.isfinite(value) and value == int(value) else 0
    return value if type(value) is int else 0


def _title(page: Any, given: str | None) -> str | None:
    title = page_title(page) if isinstance(page, (str, bytes)) and page else None
    return title or usable_title(given or "")


def _malformed(position: int, message: str) -> LogRow:
    return LogRow(position, reason="malformed_row", message=message)
