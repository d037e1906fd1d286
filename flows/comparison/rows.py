"""Rows added, gone and changed between two datasets, by key, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.manifest import Shard
from contract.progress import progress
from contract.schemas import DatasetSchema
from flows.comparison.blocks import Blocks, Key, file_batches, merged
from flows.comparison.files import Side, check_bytes
from flows.comparison.stated import alike
from flows.inspection.rows import readable_row

_ROWS, _ROWS_WITH_VECTORS = 2048, 64  # of a file at hand
_ROWS_OF_ALL, _FEWEST = 1 << 15, 64  # of all files at hand together, and of each at least


@dataclass(frozen=True)
class Change:
    """A row that is otherwise: its key, and each column's value before and after."""

    key: dict[str, Any]
    columns: dict[str, tuple[Any, Any]]


@dataclass
class RowDifference:
    """What was found.

    Attributes:
        added: rows whose key only the second dataset has.
        gone: rows whose key only the first has.
        changed: rows that both have, otherwise.
        same: rows that are equal in both.
        columns: how many rows are otherwise in each column.
        unread: rows of files with the same bytes in both, which are not compared row by row.
        unhashed: of these, rows of files whose bytes are the same by the manifests' word, one at least lying elsewhere.
        added_rows: the first few of each.
        gone_rows: likewise.
        changes: likewise.
    """

    examples: int
    added: int = 0
    gone: int = 0
    changed: int = 0
    same: int = 0
    unread: int = 0
    unhashed: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    added_rows: list[dict[str, Any]] = field(default_factory=list)
    gone_rows: list[dict[str, Any]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def compare_rows(
    one: Side, other: Side, schema: DatasetSchema, stated: tuple[pa.Schema, pa.Schema], columns: Sequence[str],
    examples: int,
) -> RowDifference:  # fmt: skip
    """Compares all rows by key.

    Where both have the same number of shards, a key lies in the same shard of both and shards are compared one by one.
    Else those shards are compared together whose numbers leave the same rest by the greatest common divisor, since a
    key's shard is its hash modulo the number of shards. Shards of which both manifests state the same sha256 are hashed
    where they lie on this machine, and left alone elsewhere.

    Args:
        one: the dataset before.
        other: the dataset after.
        schema: gives the key.
        stated: what the first shards of both hold, which all others must.
        columns: what both have.
        examples: how many rows of each kind are kept.

    Raises:
        InputError: where a file cannot be read, is not sorted, or is not the one that its manifest states.
    """
    found = RowDifference(examples)
    groups = gcd(len(one.manifest.shards), len(other.manifest.shards))
    for rest in progress(range(groups), f"diff: {schema.name}", unit="groups of shards"):
        before, after = (side.manifest.shards[rest::groups] for side in (one, other))
        if [shard.sha256 for shard in before] == [shard.sha256 for shard in after]:
            rows = sum(shard.rows for shard in before)
            found.unread += rows
            if not all([check_bytes(one, before), check_bytes(other, after)]):
                found.unhashed += rows
            continue
        old, new = _blocks(one, before, schema, stated[0], columns), _blocks(other, after, schema, stated[1], columns)
        _compare(old, new, schema, found)
    found.same += found.unread
    return found


def _blocks(
    side: Side, shards: Sequence[Shard], schema: DatasetSchema, stated: pa.Schema, columns: Sequence[str]
) -> Blocks:  # fmt: skip
    rows = _ROWS_WITH_VECTORS if schema.vectors else min(_ROWS, max(_FEWEST, _ROWS_OF_ALL // len(shards)))
    files = [side.place / shard.path for shard in shards]
    if len(files) == 1:
        return Blocks(file_batches(files[0], stated, columns, rows), schema.key, str(files[0]))
    parts = [Blocks(file_batches(file, stated, columns, rows), schema.key, str(file)) for file in files]
    return Blocks(merged(parts, schema.key), schema.key, str(side.place))


def _compare(before: Blocks, after: Blocks, schema: DatasetSchema, found: RowDifference) -> None:
    while before.last is not None or after.last is not None:
        least = min(last for last in (before.last, after.last) if last is not None)
        _compare_blocks(before.take(least), after.take(least), schema, found)


def _compare_blocks(
    before: pa.Table | None, after: pa.Table | None, schema: DatasetSchema, found: RowDifference
) -> None:  # fmt: skip
    """Compares all rows of both with keys in one range."""
    if before is not None and after is not None and before.equals(after):
        found.same += len(before)
        return
    old, new = _places(before, schema.key), _places(after, schema.key)
    gone, added = [old[key] for key in old if key not in new], [new[key] for key in new if key not in old]
    if before is not None and gone:
        found.gone += len(gone)
        _keep(found.gone_rows, before, gone, found.examples)
    if after is not None and added:
        found.added += len(added)
        _keep(found.added_rows, after, added, found.examples)
    both = [key for key in old if key in new]
    if before is not None and after is not None and both:
        _compare_common(
            before.take(pa.array([old[key] for key in both])), after.take(pa.array([new[key] for key in both])), schema,
            found,
        )  # fmt: skip


def _places(table: pa.Table | None, key: Sequence[str]) -> dict[Key, int]:
    if table is None:
        return {}
    keys = zip(*(table.column(name).to_pylist() for name in key), strict=True)
    return {one: place for place, one in enumerate(keys)}


def _keep(kept: list[dict[str, Any]], table: pa.Table, places: list[int], most: int) -> None:
    if len(kept) < most:
        kept += map(readable_row, table.take(pa.array(places[: most - len(kept)])).to_pylist())


def _compare_common(before: pa.Table, after: pa.Table, schema: DatasetSchema, found: RowDifference) -> None:
    """Compares rows of the same keys in the same order."""
    differ = {name: unlike for name in before.schema.names if (unlike := _unlike(before, after, name)) is not None}
    for name, unlike in differ.items():
        found.columns[name] = found.columns.get(name, 0) + int(unlike.sum())
    changed = np.flatnonzero(np.logical_or.reduce(list(differ.values()))) if differ else np.zeros(0, int)
    found.changed += len(changed)
    found.same += len(before) - len(changed)
    for row in changed[: max(0, found.examples - len(found.changes))].tolist():
        old, new = (readable_row(table.slice(row, 1).to_pylist()[0]) for table in (before, after))
        key = {name: old[name] for name in schema.key}
        raw = {name for name, unlike in differ.items() if unlike[row]}
        found.changes.append(Change(key, {name: (old[name], new[name]) for name in sorted(raw)}))


def _unlike(before: pa.Table, after: pa.Table, name: str) -> np.ndarray | None:
    """Which rows differ in a column, bool [rows]; None where none does."""
    old, new = before.column(name).combine_chunks(), after.column(name).combine_chunks()
    if old.equals(new):
        return None
    if pa.types.is_nested(old.type) or pa.types.is_floating(old.type):
        unlike = np.fromiter((not _alike(one, two) for one, two in _pairs(old, new)), bool, len(old))
    else:
        values = pc.fill_null(pc.not_equal(old, new), False)
        unlike = pc.or_(values, pc.xor(old.is_null(), new.is_null())).to_numpy(zero_copy_only=False)
    return unlike if unlike.any() else None


def _alike(one: pa.Scalar, other: pa.Scalar) -> bool:
    return bool(one.equals(other)) or alike(one.as_py(), other.as_py())  # to Arrow alone NaN is not itself


def _pairs(old: pa.Array, new: pa.Array) -> Iterator[tuple[pa.Scalar, pa.Scalar]]:
    return zip(old, new, strict=True)
