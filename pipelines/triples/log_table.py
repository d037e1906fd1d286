"""Step 1: the rows of a chunk of the log as columns, and the shards that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contract.dataset import Dataset
from contract.errors import InputError
from contract.hashing import shard_of
from pipelines.triples.arrow_files import as_block
from pipelines.triples.log_files import PARQUET, LogChunk
from pipelines.triples.log_rows import LONGEST_TEXT, MOST_CLICKS, PARQUET_COLUMNS, LogRow, parquet_row, read_chunk
from pipelines.triples.page_title import page_title, usable_title

ROWS = pa.schema(
    {
        "chunk": pa.int32(), "position": pa.int64(), "query": pa.string(), "image_id": pa.string(),
        "lang": pa.string(), "clicks": pa.int64(), "title": pa.string(), "reason": pa.string(), "message": pa.string(),
    }
)  # fmt: skip
_BATCH_ROWS, _BATCH_ROWS_WITH_PAGES = 1 << 15, 1 << 4  # a page may have fifty megabytes
_BLOCK_ROWS = 1 << 18  # rows that are spread over the shards at once
_TEXT_COLUMNS = ("query", "lang", "image_url", "page_title")


class LogReader:
    """Reads chunks of the log.

    Args:
        images: folder of the images dataset, for pictures that a log names by their address.
        shards: number of its shards.
    """

    def __init__(self, images: Path, shards: int) -> None:
        self._images, self._shards = images, shards
        self._addresses: dict[str, str] | None = None

    def blocks(self, number: int, chunk: LogChunk, wanted: Collection[int]) -> Iterator[tuple[int, int, bytes]]:
        """A chunk's rows in blocks: the shard of their pictures, their number, themselves; of wanted shards alone."""
        waiting: list[pa.Table] = []
        for table in self._tables(number, chunk):
            waiting.append(table)
            if sum(map(len, waiting)) >= _BLOCK_ROWS:
                yield from self._spread(pa.concat_tables(waiting), chunk, wanted)
                waiting = []
        if waiting:
            yield from self._spread(pa.concat_tables(waiting), chunk, wanted)

    def _tables(self, number: int, chunk: LogChunk) -> Iterator[pa.Table]:
        if chunk.kind == PARQUET:
            yield from _parquet_tables(number, chunk, self._images_at)
            return
        rows: list[LogRow] = []
        for row in read_chunk(chunk):
            rows.append(row)
            if len(rows) == _BATCH_ROWS:
                yield _table_of(number, rows, self._images_at)
                rows = []
        yield _table_of(number, rows, self._images_at)

    def _images_at(self, addresses: pa.Array) -> pa.Array:
        """The pictures at addresses; an address itself where the images table has no such uri."""
        if self._addresses is None:
            images = Dataset(self._images, "images").rows(["image_id", "uri"])
            self._addresses = {row["uri"]: row["image_id"] for row in images}
        known = self._addresses
        return _each(addresses, lambda address: known.get(address, address))

    def _spread(self, table: pa.Table, chunk: LogChunk, wanted: Collection[int]) -> Iterator[tuple[int, int, bytes]]:
        shard = self._shards_of(table, chunk)
        order = np.argsort(shard, kind="stable")
        ends = np.cumsum(np.bincount(shard, minlength=self._shards))
        for index in sorted(wanted):
            rows = order[ends[index - 1] if index else 0 : ends[index]]
            if len(rows):
                yield index, len(rows), as_block(table.take(pa.array(rows)).combine_chunks())

    def _shards_of(self, table: pa.Table, chunk: LogChunk) -> np.ndarray:
        """The shard of every row: its picture's, or by its place where it names none."""
        encoded = table.column("image_id").combine_chunks().dictionary_encode()
        ids = encoded.dictionary.to_pylist()
        of_id = np.array([shard_of(image_id, self._shards) for image_id in ids], np.int64)
        shard = of_id[encoded.indices.to_numpy()] if len(ids) else np.empty(0, np.int64)
        if "" in ids:
            nowhere = np.flatnonzero(encoded.indices.to_numpy() == ids.index(""))
            positions = table.column("position").take(pa.array(nowhere)).to_pylist()
            shard[nowhere] = [shard_of(f"{chunk.name}:{position}", self._shards) for position in positions]
        return shard


ImagesAt = Callable[[pa.Array], pa.Array]


def _parquet_tables(number: int, chunk: LogChunk, images_at: ImagesAt) -> Iterator[pa.Table]:
    try:
        with pq.ParquetFile(chunk.path) as file:
            columns = [name for name in file.schema_arrow.names if name in PARQUET_COLUMNS]
            position = sum(file.metadata.row_group(group).num_rows for group in range(chunk.start))
            size = _BATCH_ROWS_WITH_PAGES if "page_html" in columns else _BATCH_ROWS
            groups = list(range(chunk.start, chunk.end or 0))
            for batch in file.iter_batches(size, row_groups=groups, columns=columns):
                yield _parquet_table(number, batch, position, images_at)
                position += batch.num_rows
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{chunk.path} cannot be read as Parquet: {error}", "a whole Parquet file.") from error


def _parquet_table(number: int, batch: pa.RecordBatch, position: int, images_at: ImagesAt) -> pa.Table:
    """A batch's rows, all at once where its columns are what they should be, else one by one."""
    columns = _ordinary(batch)
    if columns is None:
        rows = [parquet_row(batch, index, position + index) for index in range(batch.num_rows)]
        return _table_of(number, rows, images_at)
    ordinary = _to_numpy(_is_ordinary(columns))
    odd = [parquet_row(batch, index, position + index) for index in np.flatnonzero(~ordinary).tolist()]
    columns = {name: column.filter(pa.array(ordinary)) for name, column in columns.items()}
    places = np.arange(position, position + batch.num_rows)[ordinary]
    table = _table_of_columns(number, places, columns, images_at)
    if not odd:
        return table
    table = pa.concat_tables([table, _table_of(number, odd, images_at)])
    return table.take(pc.sort_indices(table.column("position")))


def _is_ordinary(columns: dict[str, pa.Array]) -> pa.Array:
    """Of which rows all is as it should be; the others are read one by one, which says what is wrong with them."""
    clicks = pc.fill_null(columns["clicks"], 1)
    good = pc.and_(pc.greater(clicks, 0), pc.less_equal(clicks, MOST_CLICKS))
    for name in ("query", "image_id", "image_url", "lang"):
        good = pc.and_(good, pc.less_equal(pc.fill_null(pc.utf8_length(columns[name]), 0), LONGEST_TEXT))
    return good


def _table_of_columns(
    number: int, places: np.ndarray, columns: dict[str, pa.Array], images_at: ImagesAt
) -> pa.Table:  # fmt: skip
    image_id, address = (pc.utf8_trim_whitespace(pc.fill_null(columns[name], "")) for name in ("image_id", "image_url"))
    pages = _each(columns["page_html"], lambda page: page_title(page) if page else None)
    return _table(
        number, places, pc.fill_null(columns["query"], ""), _or_at(image_id, address, images_at), columns["lang"],
        pc.fill_null(columns["clicks"], 1), pc.coalesce(pages, _each(columns["page_title"], usable_title)),
        [""] * len(places), [""] * len(places),
    )  # fmt: skip


def _ordinary(batch: pa.RecordBatch) -> dict[str, pa.Array] | None:
    """The columns of a batch, absent ones null; None where one is of another kind, or no UTF-8.

    Text may also be binary, as several engines write it.
    """
    absent = pa.nulls(batch.num_rows, pa.string())
    columns = {name: batch.column(name) if name in batch.schema.names else absent for name in PARQUET_COLUMNS}
    columns = {
        name: one.dictionary_decode() if pa.types.is_dictionary(one.type) else one for name, one in columns.items()
    }
    columns = {name: absent if pa.types.is_null(one.type) else one for name, one in columns.items()}
    if columns["clicks"] is absent:
        columns["clicks"] = pa.nulls(batch.num_rows, pa.int64())
    numbers = ("clicks", "image_id") if pa.types.is_integer(columns["image_id"].type) else ("clicks",)
    texts = [name for name in (*_TEXT_COLUMNS, "image_id") if name not in numbers]
    if not all(_is_text(columns[name].type) for name in texts):
        return None
    if not pa.types.is_integer(columns["clicks"].type):
        return None
    page = columns["page_html"].type
    if not _is_text(page):
        return None
    try:
        for name in texts:
            columns[name].validate(full=True)
            columns[name] = columns[name].cast(pa.string())  # of binary, a check too
        columns["page_html"].validate(full=True)
        columns["clicks"] = columns["clicks"].cast(pa.int64())
        columns["image_id"] = columns["image_id"].cast(pa.string())
    except pa.ArrowInvalid:
        return None
    return columns


def _is_text(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(is_kind(kind) for is_kind in kinds)


def _table_of(number: int, rows: Sequence[LogRow], images_at: ImagesAt) -> pa.Table:
    """Rows that were read one by one."""
    image_id, address = (
        pa.array([getattr(row, name) for row in rows], pa.string()) for name in ("image_id", "image_url")
    )
    return _table(
        number, [row.position for row in rows], [row.query for row in rows], _or_at(image_id, address, images_at),
        [row.lang for row in rows], [row.clicks for row in rows], [row.title for row in rows],
        [row.reason for row in rows], [row.message for row in rows],
    )  # fmt: skip


def _table(number: int, position: Iterable[int], *others: Any) -> pa.Table:
    columns = [np.full(len(others[0]), number, np.int32), position, *others]
    arrays = [
        column.cast(kind) if isinstance(column, pa.Array) else pa.array(column, kind)
        for column, kind in zip(columns, ROWS.types, strict=True)
    ]
    return pa.table(arrays, schema=ROWS)


def _or_at(image_id: pa.Array, address: pa.Array, images_at: ImagesAt) -> pa.Array:
    """The picture's id, or where there is none the picture at the address."""
    wanted = pc.and_(pc.equal(image_id, ""), pc.not_equal(address, ""))
    return pc.if_else(wanted, images_at(address), image_id) if pc.any(wanted).as_py() else image_id


def _each(column: pa.Array, function: Callable[[Any], str | None]) -> pa.Array:
    """What a function makes of every value, called once for equal ones; null of null."""
    encoded = column.dictionary_encode()
    made = pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return made.take(encoded.indices)


def _to_numpy(array: pa.Array) -> np.ndarray:
    return array.to_numpy(zero_copy_only=False)
