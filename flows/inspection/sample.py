"""Which rows of a dataset are read so that its first screen comes at once, and reading them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from contract.errors import InputError
from contract.manifest import Shard
from contract.places import Place

_ALL_SHARDS, _ALL_ROWS = 32, 100_000  # a dataset with no more of either is read whole
_SHARDS, _ROWS = 16, 10_000  # else one row group of so many shards, and of a longer one its first rows
_THREADS = 8  # of a place elsewhere each file is a wait


@dataclass(frozen=True)
class Sample:
    """Rows, of all columns but features.

    Attributes:
        rows: of the dataset's order.
        shards: files that they came from.
        whole: whether these are all.
    """

    rows: pa.Table
    shards: int
    whole: bool


def columns_read(schema: pa.Schema) -> list[str]:
    """All but vectors, which are most of a dataset's bytes; boxes are small and are drawn."""
    return [field.name for field in schema if not pa.types.is_binary(field.type) or field.name == "boxes"]


def take_sample(folder: Place, shards: Sequence[Shard], schema: pa.Schema) -> Sample:
    """Reads a small dataset whole; of a large one a row group of 16 shards that lie evenly spread.

    Rows lie in shards by hash, so a few shards are as good as all. Within a shard they are sorted, so the groups are
    taken from its beginning in the first shard to its end in the last one.

    Raises:
        InputError: where a file cannot be read.
    """
    whole = len(shards) <= _ALL_SHARDS and sum(shard.rows for shard in shards) <= _ALL_ROWS
    chosen = list(shards) if whole else [shards[number] for number in spread(len(shards), _SHARDS)]
    names = columns_read(schema)

    def read(number: int) -> pa.Table:
        path = folder / chosen[number].path
        with path.parquet() as file:
            groups = file.num_row_groups
            at = list(range(groups)) if whole else [number * groups // len(chosen)] if groups else []
            return rows_of(file, str(path), schema, at, None if whole else _ROWS)

    with ThreadPoolExecutor(_THREADS) as threads:
        tables = list(threads.map(read, range(len(chosen))))
    empty = plain_schema(schema, names).empty_table()
    return Sample(pa.concat_tables([empty, *tables]), len(chosen), whole)


def spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers from 0 on, evenly spread."""
    if count <= most:
        return list(range(count))
    return [(2 * number + 1) * count // (2 * most) for number in range(most)]


def rows_of(
    file: pq.ParquetFile, where: str, schema: pa.Schema, groups: list[int], most: int | None
) -> pa.Table:  # fmt: skip
    """Rows of some row groups, of all columns but vectors; columns that an older file lacks are null.

    Args:
        file: the file.
        where: the file, for messages.
        schema: of its dataset.
        groups: which row groups.
        most: rows at most; all where none is given.

    Raises:
        InputError: where the rows cannot be read.
    """
    names = columns_read(schema)
    wanted = plain_schema(schema, names)
    batches: list[pa.RecordBatch] = []
    for batch in all_batches(file, names, where, groups):
        batches.append(batch)
        if most is not None and sum(map(len, batches)) >= most:
            break
    table = pa.Table.from_batches(batches) if batches else wanted.empty_table()
    table = table if most is None else table.slice(0, most)
    for field in wanted:
        if field.name not in table.schema.names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    try:
        return pa.table([table.column(name) for name in names], schema=wanted)
    except (pa.ArrowException, TypeError, KeyError) as error:  # KeyError: it has several columns of that name
        raise InputError(
            f"{where}: its columns are not those of its schema ({error}).", "a dataset of this version of m3p.",
            "`m3p inspect --verify` names the first that is not.",
        ) from error  # fmt: skip


def plain_schema(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """Names and types alone: what is damaged may hold null where it must not."""
    return pa.schema([pa.field(name, schema.field(name).type) for name in names])


def all_batches(
    file: pq.ParquetFile, names: Sequence[str], where: str, groups: list[int] | None = None, rows: int = _ROWS,
    any_bytes: bool = False,
) -> Iterator[pa.RecordBatch]:  # fmt: skip
    """Record batches of the columns that are there.

    Args:
        file: the file.
        names: columns.
        where: the file, for messages.
        groups: row groups; all if none are given.
        rows: at most so many in a batch.
        any_bytes: whether text may be no UTF-8, which Arrow reads as if it were.

    Raises:
        InputError: where the rows cannot be read.
    """
    there = [name for name in names if name in file.schema_arrow.names]
    chosen = list(range(file.num_row_groups)) if groups is None else groups
    try:
        for batch in file.iter_batches(rows, row_groups=chosen, columns=there):
            if not any_bytes:
                batch.validate(full=True)
            yield batch
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"{where}: its rows cannot be read ({error}).", "a whole file.", "`m3p inspect --verify` names it."
        ) from error
