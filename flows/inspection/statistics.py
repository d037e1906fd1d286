"""What the rows themselves say: nulls, values, lengths, numbers, duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.hashing import stable_hashes
from contract.schemas import unit_of
from flows.inspection.numbers import Numbers, Summary

_NAMED = frozenset({"lang", "replacements.lang", "split", "source", "license", "detector", "reason"})  # have few values
_FEW = 1_000  # different values; a column with more is no such one
_TEXTS = frozenset({"text", "source_text", "query", "context"})


@dataclass(frozen=True)
class ColumnStatistics:
    """Of one column.

    Attributes:
        name: the column, or ``replacements.lang`` of what lies in it.
        nulls: rows without a value.
        numbers: of numbers, or of how long its texts and lists are.
        measure: what these numbers are.
        values: how often each value stands there, the most frequent first; of columns with few.
        duplicates: rows whose text stands in an earlier one; None where that is not counted.
    """

    name: str
    nulls: int
    numbers: Summary | None = None
    measure: str = ""
    values: list[tuple[str, int]] = field(default_factory=list)
    duplicates: int | None = None


@dataclass(frozen=True)
class Statistics:
    """Of so many rows.

    Attributes:
        rows: how many were read.
        columns: of each.
        characters: of each text, by its language.
    """

    rows: int
    columns: list[ColumnStatistics]
    characters: dict[str, Summary]


class Counting:
    """Counts rows as they come.

    Eight bytes are kept for each different text of a column of texts.

    Args:
        schema: of the rows; units say what is a share.
        names: the columns that are counted.
    """

    def __init__(self, schema: pa.Schema, names: Sequence[str]) -> None:
        self._columns = {name: _Column(schema.field(name)) for name in names if _is_counted(schema.field(name))}
        self._characters: dict[str, Numbers] = {}
        texts = {name for name in names if pa.types.is_string(schema.field(name).type)}
        self._text = next((name for name in ("text", "query") if {name, "lang"} <= texts), None)
        self._rows = 0

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Takes some more rows."""
        self._rows += batch.num_rows
        for name, column in self._columns.items():
            if name in batch.schema.names:
                values = batch.column(name)
                column.add(values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)
        if self._text:
            table = pa.table({"lang": batch.column("lang"), "n": pc.utf8_length(batch.column(self._text))})
            for lang in pc.unique(table.column("lang")).drop_null().to_pylist():
                lengths = table.filter(pc.equal(table.column("lang"), lang)).column("n").drop_null()
                self._characters.setdefault(lang, Numbers()).add(lengths.to_numpy())

    def statistics(self) -> Statistics:
        """All that was counted."""
        characters = {lang: found for lang, one in sorted(self._characters.items()) if (found := one.summary())}
        return Statistics(self._rows, [one for column in self._columns.values() for one in column.all()], characters)


def _is_counted(column: pa.Field) -> bool:
    return not pa.types.is_binary(column.type) and not pa.types.is_large_binary(column.type)


class _Column:
    """Counts one column by its type: texts by length, lists by length and by what they hold, numbers as they are."""

    def __init__(self, column: pa.Field) -> None:
        self._name, self._type = column.name, column.type
        self._nulls, self._texts, self._measure = 0, 0, ""
        self._numbers = Numbers(unit_of(column) == "0 to 1" and pa.types.is_floating(column.type))
        self._values = Counter[str]()
        self._has_few = pa.types.is_boolean(column.type) or (
            column.name in _NAMED and pa.types.is_string(column.type)  # of strangers it may be anything
        )
        self._hashes: list[np.ndarray] = []
        self._children: list[_Column] = []
        if pa.types.is_list(column.type):
            self._children = [_Column(one) for one in _inside(column)]

    def add(self, values: pa.Array) -> None:
        self._nulls += values.null_count
        there = values.drop_null()
        if self._has_few:
            for one in there.value_counts().to_pylist():
                self._values[str(one["values"])] += one["counts"]
            if len(self._values) > _FEW:
                self._has_few, self._values = False, Counter()
        if pa.types.is_list(self._type):
            self._measure = "items"
            self._numbers.add(pc.list_value_length(there).to_numpy(zero_copy_only=False))
            self._add_children(there.flatten())
        elif pa.types.is_string(self._type):
            self._measure = "characters"
            self._numbers.add(pc.utf8_length(there).to_numpy(zero_copy_only=False))
            if self._name in _TEXTS:
                self._hashes.append(np.unique(stable_hashes(keys=there.to_pylist())))
                self._texts += len(there)
        elif pa.types.is_integer(self._type) or pa.types.is_floating(self._type):
            self._numbers.add(there.to_numpy(zero_copy_only=False))

    def _add_children(self, inner: pa.Array) -> None:
        struct = pa.types.is_struct(inner.type)
        for number, child in enumerate(self._children):
            child.add(inner.field(number) if struct else inner)

    def all(self) -> list[ColumnStatistics]:
        """Its own statistics, and those of what lies in it."""
        duplicates = None
        if self._hashes:
            duplicates = self._texts - len(np.unique(np.concatenate(self._hashes)))
        own = ColumnStatistics(
            self._name, self._nulls, self._numbers.summary(), self._measure, self._values.most_common(), duplicates
        )
        return [own, *(one for child in self._children for one in child.all())]


def _inside(column: pa.Field) -> list[pa.Field]:
    """What lies in a list's elements, named after the list."""
    value = column.type.value_field
    if pa.types.is_struct(value.type):
        return [one.with_name(f"{column.name}.{one.name}") for one in value.type]
    return [value.with_name(f"{column.name}[]").with_metadata(column.metadata)]
