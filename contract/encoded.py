"""Strings that come as dictionaries: where few of them come often, whoever has them so need not spell them out.

A dataset's schema knows plain strings alone. Batches may bring dictionaries in their place; Parquet keeps such columns
as dictionaries in any case, and what is read from the file are plain strings again.
"""

from __future__ import annotations

from collections.abc import Callable, Container

import pyarrow as pa

_INDEX = pa.int32()


def encoded(schema: pa.Schema, leaves: Container[str]) -> pa.Schema:
    """The schema with dictionaries in place of some strings.

    Args:
        schema: of plain strings.
        leaves: their paths, such as ``replacements.source`` for a field of the structs in a list.
    """
    return _changed(schema, lambda path, kind: pa.dictionary(_INDEX, kind) if path in leaves else kind)


def plain(schema: pa.Schema) -> pa.Schema:
    """The schema with what the dictionaries hold in their place."""
    return _changed(schema, lambda _, kind: kind.value_type if pa.types.is_dictionary(kind) else kind)


_Change = Callable[[str, pa.DataType], pa.DataType]


def _changed(schema: pa.Schema, change: _Change) -> pa.Schema:
    return pa.schema([_field(field, field.name, change) for field in schema], schema.metadata)


def _field(field: pa.Field, path: str, change: _Change) -> pa.Field:
    return field.with_type(_type(field.type, path, change))


def _type(kind: pa.DataType, path: str, change: _Change) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([_field(child, f"{path}.{child.name}", change) for child in kind])
    if pa.types.is_list(kind):
        return pa.list_(_field(kind.value_field, path, change))
    return change(path, kind)
