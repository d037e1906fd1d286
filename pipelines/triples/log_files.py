"""Which files a search log has, and the chunks in which they are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from contract.dataset import Dataset
from contract.errors import InputError
from contract.files import files_below
from contract.lines import Line, read_lines

JSON_LINES, TSV, PARQUET, CAPTIONS = "jsonl", "tsv", "parquet", "captions"
_KINDS = {".jsonl": JSON_LINES, ".tsv": TSV, ".parquet": PARQUET}
_BYTES_A_ROW = 200  # of a text log; only for choosing the number of workers


@dataclass(frozen=True)
class LogChunk:
    """A part of the log that is read at once.

    Attributes:
        path: its file; of a stand-in log, the folder of the captions dataset.
        name: what rejects call it.
        kind: one of JSON_LINES, TSV, PARQUET, CAPTIONS.
        start: first byte of a text, first row group of Parquet, or the captions' shard. A file without rows has one
            chunk as well: a log without rows is still a log.
        end: end of the same, exclusive; None for the end of the file.
        rows: about how many rows it has.
    """

    path: Path
    name: str
    kind: str
    start: int
    end: int | None
    rows: int


def plan_chunks(folder: Path, chunk_bytes: int) -> list[LogChunk]:
    """The chunks of all files of a log, ``clicks*.jsonl``, ``.tsv`` (both also ``.gz``) and ``.parquet``.

    Args:
        folder: the log's folder; chunks depend on its files alone, not on the number of workers.
        chunk_bytes: bytes of a text chunk.

    Raises:
        InputError: where the folder is missing, or a file cannot be what its name says.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not there.", "a folder with clicks.jsonl, clicks.tsv or clicks.parquet, or an empty one."
        )
    chunks = []
    for path in files_below(folder):
        kind = _KINDS.get(path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix)
        if kind and path.name.startswith("clicks"):
            name = path.relative_to(folder).as_posix()
            chunks += _row_groups(path, name) if kind == PARQUET else _byte_ranges(path, name, kind, chunk_bytes)
    return chunks


def caption_chunks(captions: Dataset) -> list[LogChunk]:
    """Captions in place of a log: a chunk for each of their shards."""
    return [
        LogChunk(captions.folder, "captions", CAPTIONS, index, index + 1, shard.rows)
        for index, shard in enumerate(captions.manifest.shards)
    ]


def _byte_ranges(path: Path, name: str, kind: str, chunk_bytes: int) -> list[LogChunk]:
    size = path.stat().st_size
    if kind == TSV:
        check_header(path)
    if path.suffix == ".gz":  # can only be read from its beginning
        next(read_lines(path), None)  # a file that is no gzip is an error before any work
        return [LogChunk(path, name, kind, 0, None, size * 5 // _BYTES_A_ROW)]
    starts = range(0, max(size, 1), chunk_bytes)
    return [
        LogChunk(path, name, kind, at, min(at + chunk_bytes, size), (min(at + chunk_bytes, size) - at) // _BYTES_A_ROW)
        for at in starts
    ]


def check_header(path: Path) -> list[str]:
    """The columns' names of a TSV file.

    Raises:
        InputError: where its first line does not state them.
    """
    header = next(read_lines(path), Line(0, ""))
    names = header.text.split("\t")
    if "query" not in names:
        raise InputError(
            f"{path} begins with {header.text[:100]!r}.", "a first line with the columns' names, query among them.",
        )  # fmt: skip
    return names


def _row_groups(path: Path, name: str) -> list[LogChunk]:
    try:
        with pq.ParquetFile(path) as file:
            names, metadata = file.schema_arrow.names, file.metadata
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} cannot be read as Parquet: {error}", "a whole Parquet file.") from error
    if names.count("query") != 1 or len(set(names)) < len(names):
        raise InputError(f"{path} has the columns {', '.join(sorted(names))}.", "each once, a column query among them.")
    chunks = [
        LogChunk(path, name, PARQUET, group, group + 1, metadata.row_group(group).num_rows)
        for group in range(metadata.num_row_groups)
    ]
    return chunks or [LogChunk(path, name, PARQUET, 0, 0, 0)]
