"""Parquet as img2dataset writes it: with the pictures' bytes, or as a table of what a tar of the same name holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from contract.rejects import Reject
from pipelines.ingest.settings import PICTURE_SUFFIXES, Sampled

_ROWS = 64  # pictures held at once
_CAPTIONS = ("caption", "TEXT", "text", "alt")
_PICTURES = (*(suffix[1:] for suffix in sorted(PICTURE_SUFFIXES)), "image", "image_bytes")
_SUCCESS = "success"


def keys(path: Path) -> Iterator[str]:
    """The keys of a file's pictures, as far as it can be read."""
    try:
        with pq.ParquetFile(path) as file:
            if _picture_column(file.schema_arrow):
                column = [name for name in ("key",) if name in file.schema_arrow.names]
                number = 0
                for batch in file.iter_batches(columns=column):
                    for row in batch.to_pylist() if column else [{}] * batch.num_rows:
                        yield _key(row, path, number)
                        number += 1
    except (pa.ArrowInvalid, OSError):
        return


def samples(path: Path, max_megabytes: int) -> Iterator[Sampled | Reject]:
    """The samples of a file; what cannot be one is rejected.

    A file without pictures is the table that img2dataset writes beside each tar: of it, those rows are given, as
    rejects, whose picture could not be had; the others are in the tar.
    """
    try:
        with pq.ParquetFile(path) as file:
            column = _picture_column(file.schema_arrow)
            number = 0
            for batch in file.iter_batches(_ROWS):
                for row in batch.to_pylist():
                    yield from _sample(row, _key(row, path, number), column, path, max_megabytes)
                    number += 1
    except (pa.ArrowException, OSError) as error:
        yield Reject(path.name, path.name, "malformed_row", f"the archive is broken or cut off: {error}")


def _sample(
    row: dict[str, Any], key: str, column: str | None, path: Path, max_megabytes: int
) -> Iterator[Sampled | Reject]:
    """The one sample, or reject, of a row; nothing where it lies in a tar."""
    content = row.get(column) if column else None
    content = content.get("bytes") if isinstance(content, dict) else content
    status = row.get("status", _SUCCESS)
    if column is None and status == _SUCCESS and path.with_suffix(".tar").is_file():
        return
    if status != _SUCCESS or not isinstance(content, bytes):
        yield Reject(key, "", "image_missing", f"{status}: {row.get('error_message') or 'no bytes'}")
    elif len(content) > max_megabytes << 20:
        yield Reject(key, "", "image_too_large", f"{len(content):,} bytes; at most {max_megabytes} MB are read")
    else:
        caption = next((row[name] for name in _CAPTIONS if isinstance(row.get(name), str)), None)
        license = next((row[name] for name in ("license", "LICENSE") if isinstance(row.get(name), str)), None)
        yield Sampled(key, content, f".{column}" if f".{column}" in PICTURE_SUFFIXES else ".jpg", caption, license)


def _picture_column(schema: pa.Schema) -> str | None:
    """The column with the pictures' bytes, or with a struct of them."""
    for name in _PICTURES:
        if name in schema.names:
            kind = schema.field(name).type
            if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_struct(kind):
                return name
    return None


def _key(row: dict[str, Any], path: Path, number: int) -> str:
    key = row.get("key")
    return str(key) if key is not None else f"{path.stem}-{number:09d}"
