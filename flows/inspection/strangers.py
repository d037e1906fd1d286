"""Parquet that no stage wrote: its columns as the few kinds that are counted and shown here."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from flows.inspection.sample import all_batches


def schema_of(file: pq.ParquetFile) -> pa.Schema:
    """Its schema, names told apart by their place where several columns have one."""
    return pa.schema(
        [field.with_name(name) for field, name in zip(file.schema_arrow, _told_apart(file), strict=True)],
        file.schema_arrow.metadata,
    )


def rows_of_strangers(file: pq.ParquetFile, where: str, most: int | None) -> pa.Table:
    """Rows of all columns but bytes.

    Args:
        file: the file.
        where: the file, for messages.
        most: rows at most; all where none is given.

    Raises:
        InputError: where the rows cannot be read.
    """
    stated = file.schema_arrow
    kept = [number for number, field in enumerate(stated) if _plain(field.type) != pa.binary()]
    twice = len(set(stated.names)) < len(stated)
    read = stated.names if twice else [stated.names[number] for number in kept]  # by a name that stands twice none is
    batches: list[pa.RecordBatch] = []
    for batch in all_batches(file, read, where, any_bytes=True):
        batches.append(batch)
        if most is not None and sum(map(len, batches)) >= most:
            break
    table = pa.Table.from_batches(batches, None if batches else pa.schema([stated.field(at) for at in kept]))
    table = table.select(kept) if twice and batches else table
    names = _told_apart(file)
    columns = [_plain_column(column) for column in table.slice(0, most).columns]
    return pa.table(columns, names=[names[number] for number in kept])


def _told_apart(file: pq.ParquetFile) -> list[str]:
    names: list[str] = []
    for place, name in enumerate(file.schema_arrow.names, 1):
        names.append(name if name not in names else f"{name} (column {place})")
    return names


def _plain(kind: pa.DataType, times: bool = False) -> pa.DataType:
    """The kind as which it is counted and shown: one kind of text, of bytes, of lists; times as text if asked for."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(kind.storage_type, times)
    if types.is_dictionary(kind):
        return _plain(kind.value_type, times)
    if types.is_large_string(kind) or types.is_string_view(kind) or (times and types.is_temporal(kind)):
        return pa.string()
    if types.is_large_binary(kind) or types.is_binary_view(kind) or types.is_fixed_size_binary(kind):
        return pa.binary()
    if types.is_map(kind):
        pair = [("key", _plain(kind.key_type, times)), ("value", _plain(kind.item_type, times))]
        return pa.list_(pa.struct(pair))
    if types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type, times)) for field in kind])
    if any(is_one(kind) for is_one in (types.is_list, types.is_large_list, types.is_fixed_size_list)):
        return pa.list_(_plain(kind.value_type, times))
    return kind


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Its values, and what Arrow writes for them where they are none that Python has."""
    plain, text = _plain(column.type), _plain(column.type, times=True)
    try:
        column = column.cast(plain)
        if pa.types.is_string(plain):
            return _as_text(column)
        column.validate(full=True)
        if text != plain:
            column.to_pylist()
        return column
    except (ValueError, OverflowError, KeyError, pa.ArrowException):  # KeyError: a time zone that is unknown here
        return _written(column, text)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text, with escapes for the bytes that are none."""
    try:
        column.validate(full=True)
        return column
    except pa.ArrowInvalid:
        texts = [value and value.decode(errors="backslashreplace") for value in column.cast(pa.binary()).to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _written(column: pa.ChunkedArray, text: pa.DataType) -> pa.ChunkedArray:
    try:
        written = column.cast(text)
        written.validate(full=True)
        return written
    except (ValueError, pa.ArrowException) as error:
        said = [f"not shown: {error}" if there else None for there in column.is_valid().to_pylist()]
        return pa.chunked_array([pa.array(said, pa.string())])
