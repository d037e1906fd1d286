"""Writing one shard: streamed, sorted, checked, and there whole or not at all."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contract.encoded import plain
from contract.errors import InputError
from contract.hashing import sha256_of_file
from contract.manifest import Shard
from contract.schemas import DatasetSchema

REJECTS_FOLDER = "_rejects"
_GROUP_ROWS, _GROUP_BYTES = 10_000, 32 << 20  # a row group ends at whichever comes first


def shard_name(index: int, count: int) -> str:
    """``part-00003-of-00016.parquet`` for shard 3 of 16."""
    return f"part-{index:05d}-of-{count:05d}.parquet"


class ShardWriter:
    """Writes rows of one dataset to one Parquet file, used as a context manager.

    The file appears under its name only when the block ends without an error. The same rows give the same
    bytes, as long as dictionaries in them are the same too: no time, path or worker is written.

    Args:
        root: the folder that ``name`` is relative to.
        name: path of the file within ``root``, as the manifest will state it.
        schema: the dataset's schema; rows that do not fit are refused, not coerced.
    """

    def __init__(self, root: Path, name: str, schema: DatasetSchema) -> None:
        self._schema, self._name, self._path = schema, name, root / name
        self._temporary = self._path.with_name(self._path.name + ".tmp")
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = self._pending_bytes = 0
        self._last_key: tuple[Any, ...] | None = None
        self._given: pa.Schema | None = None  # of the batches, all of which have dictionaries in the same places
        self._writer: pq.ParquetWriter | None = None
        self.rows = 0

    def __enter__(self) -> ShardWriter:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def _open(self) -> pq.ParquetWriter:
        """The writer of the batches as they come; the file states the dataset's schema, by which it is read."""
        vectors, key, stated = self._schema.vectors, self._schema.key, self._schema.arrow
        others = [leaf for field in stated if field.name not in vectors for leaf in _leaves(field)]
        writer = pq.ParquetWriter(
            self._temporary,
            self._given or stated,
            store_schema=False,  # it would be that of the batches
            compression=dict.fromkeys(vectors, "none")
            | dict.fromkeys(others, "zstd"),  # or reading is four times slower
            # Never for vectors, where it doubles the time and saves nothing, nor for the key: rows that are alike in it
            # lie side by side, and zstd makes a quarter of what a dictionary leaves.
            use_dictionary=[name for name in others if name not in key],
            write_statistics=[name for name in others if "." not in name],  # within lists nothing reads them
        )
        writer.add_key_value_metadata({**(stated.metadata or {}), "ARROW:schema": base64.b64encode(stated.serialize())})
        return writer

    def write(self, rows: pa.RecordBatch | Iterable[Mapping[str, Any]]) -> None:
        """Adds rows, which must come in the order of the dataset's key. Strings may come as dictionaries.

        Raises:
            InputError: for a row that does not fit the schema, a repeated key or a wrong order.
        """
        batch = rows if isinstance(rows, pa.RecordBatch) else self._to_batch(list(rows))
        if batch.num_rows == 0:
            return
        given = self._given or batch.schema
        if not (batch.schema.equals(given) and plain(batch.schema).equals(self._schema.arrow)):
            raise InputError(
                f"Rows for {self._name} do not have the columns of {self._schema.name}: {batch.schema.names}.",
                ", ".join(f"{field.name} {field.type}" for field in self._schema.arrow),
            )
        self._check_order(batch)
        self._given = given
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        self._pending_bytes += batch.nbytes
        if self._pending_rows >= _GROUP_ROWS or self._pending_bytes >= _GROUP_BYTES:
            self._flush()

    def _to_batch(self, rows: list[Mapping[str, Any]]) -> pa.RecordBatch:
        for row in rows:
            if row.keys() != set(self._schema.arrow.names):
                raise InputError(
                    f"A row for {self._name} has the columns {sorted(row)}.",
                    f"{sorted(self._schema.arrow.names)}",
                )
            for field in self._schema.arrow:
                if row[field.name] is None and not field.nullable:
                    raise InputError(f"{self._name}: {field.name} is null in {_key_of(row, self._schema)}.", "a value.")
        try:
            return pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=self._schema.arrow)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise InputError(f"A row for {self._name} does not fit the {self._schema.name} schema: {error}") from error

    def _check_order(self, batch: pa.RecordBatch) -> None:
        columns, unique = [batch.column(name) for name in self._schema.key], self._schema.unique
        first, final = (tuple(column[row].as_py() for column in columns) for row in (0, -1))
        last = self._last_key
        goes_on = last is None or first > last or (first == last and not unique)
        if goes_on and is_sorted(columns, unique):
            self._last_key = final
            return
        for key in zip(*(column.to_pylist() for column in columns), strict=True):
            if last is not None and (key < last or (key == last and unique)):
                found = "comes twice" if key == last else f"comes after {last}"
                raise InputError(
                    f"{self._name}: the key {key} {found}.", f"rows sorted by {self._schema.key}, each once."
                )
            last = key
        self._last_key = final

    def _flush(self) -> None:
        if self._pending:
            table = pa.Table.from_batches(self._pending).combine_chunks()
            self._writer = self._writer or self._open()
            self._writer.write_table(table, row_group_size=table.num_rows)
            self.rows += table.num_rows
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
            self._writer = self._writer or self._open()
        if self._writer:
            self._writer.close()
        if kind is None:
            self._temporary.replace(self._path)
        else:
            self._temporary.unlink(missing_ok=True)

    def shard(self) -> Shard:
        """The finished file as the manifest states it."""
        return Shard(self._name, self.rows, self._path.stat().st_size, sha256_of_file(self._path))


def is_sorted(columns: Sequence[pa.Array], unique: bool) -> bool:
    """Whether rows are in the order of their columns, the first of which weighs most."""
    equal = pa.array([True] * (len(columns[0]) - 1), pa.bool_())
    for column in columns:
        before, after = column.slice(0, len(column) - 1), column.slice(1)
        if pc.any(pc.and_(equal, pc.greater(before, after))).as_py():
            return False
        equal = pc.and_(equal, pc.equal(before, after))
    return not (unique and pc.any(equal).as_py())


def _leaves(field: pa.Field, path: str = "") -> list[str]:
    """The paths of Parquet's leaf columns, by which compression and dictionaries are chosen."""
    path += field.name
    if pa.types.is_list(field.type):
        return _leaves(field.type.value_field, f"{path}.list.")
    if pa.types.is_struct(field.type):
        return [leaf for child in field.type for leaf in _leaves(child, f"{path}.")]
    return [path]


def _key_of(row: Mapping[str, Any], schema: DatasetSchema) -> dict[str, Any]:
    return {name: row.get(name) for name in schema.key}
