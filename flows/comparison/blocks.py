"""A dataset's rows in the order of its key, a block at a time, from one file or from several at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from contract.errors import InputError
from contract.places import Place
from contract.shards import is_sorted
from flows.inspection.sample import all_batches
from flows.shown import counted

Key = tuple[Any, ...]


class Blocks:
    """Rows that come sorted by a key, of which those up to a given key can be taken.

    Args:
        batches: the rows, in order.
        key: columns by which they are sorted.
        where: what they are, for messages.
    """

    def __init__(self, batches: Iterator[pa.Table], key: Sequence[str], where: str) -> None:
        self._batches, self._key, self._where = batches, tuple(key), where
        self._block: pa.Table | None = None
        self._passed: Key | None = None
        self._next()

    @property
    def last(self) -> Key | None:
        """Key of the last row that is at hand; None at the end."""
        return None if self._block is None else self._at(self._block, -1)

    def take(self, up_to: Key) -> pa.Table | None:
        """The rows at hand whose keys are not greater; None where there are none."""
        if self._block is None:
            return None
        block = self._block
        count = bisect_right(_Keys(lambda row: self._at(block, row), len(block)), up_to)
        self._block = block.slice(count)
        if count == len(block):
            self._next()
        return block.slice(0, count) if count else None

    def _at(self, block: pa.Table, row: int) -> Key:
        return tuple(block.column(name)[row].as_py() for name in self._key)

    def _next(self) -> None:
        before = self._passed
        self._block = next((batch for batch in self._batches if len(batch)), None)
        if self._block is None:
            return
        columns = [self._block.column(name).combine_chunks() for name in self._key]
        if any(column.null_count for column in columns):
            raise InputError(
                f"{self._where} has a row without {' or '.join(self._key)}.", "a dataset as stages write it.",
                "`m3p inspect --verify` says more.",
            )  # fmt: skip
        if (before is not None and not before < self._at(self._block, 0)) or not is_sorted(columns, unique=True):
            raise InputError(
                f"{self._where} is not sorted by {', '.join(self._key)}, each key once.",
                "a dataset as stages write it.", "`m3p inspect --verify` says more.",
            )  # fmt: skip
        self._passed = self.last


class _Keys(Sequence[Key]):
    """The keys of a block's rows, looked up one by one."""

    def __init__(self, at: Callable[[int], Key], count: int) -> None:
        self._at, self._count = at, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, row: Any) -> Any:
        return self._at(row)


def file_batches(file: Place, stated: pa.Schema, names: Sequence[str], rows: int) -> Iterator[pa.Table]:
    """The rows of one file.

    Args:
        file: the file.
        stated: what the first file of its dataset holds.
        names: columns.
        rows: at most so many at once.

    Raises:
        InputError: where they cannot be read, a column is not there once, or columns are not those of the first file.
    """
    with file.parquet() as opened:
        held = opened.schema_arrow.names
        if other := [name for name in names if held.count(name) != 1]:
            raise InputError(
                f"{file} has {counted(held.count(other[0]), 'column')} of the name {other[0]}.",
                "one, as in the other files.", "`m3p inspect --verify` says more.",
            )  # fmt: skip
        for name in sorted({*held, *stated.names}):
            here, there = _types(opened.schema_arrow, name), _types(stated, name)
            if here != there:
                raise InputError(
                    f"{file} has the column {name} as {here}.", f"{there}, as in the first file of its dataset.",
                    "`m3p inspect --verify` says more.",
                )  # fmt: skip
        for batch in all_batches(opened, names, str(file), rows=rows):
            yield pa.Table.from_batches([batch]).select(list(names))


def _types(schema: pa.Schema, name: str) -> str:
    return " and ".join(str(schema.field(at).type) for at in schema.get_all_field_indices(name)) or "nothing"


def merged(parts: list[Blocks], key: Sequence[str]) -> Iterator[pa.Table]:
    """The rows of several sorted files as if they were one; as much of each is at hand as one block."""
    while True:
        ends = [part.last for part in parts if part.last is not None]
        if not ends:
            return
        least = min(ends)
        taken = [table for part in parts if (table := part.take(least)) is not None]
        if taken:
            yield pa.concat_tables(taken).sort_by([(name, "ascending") for name in key])
