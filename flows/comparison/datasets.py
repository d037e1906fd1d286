"""Everything that two versions of a dataset do not have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import pyarrow as pa

from contract.errors import InputError, UsageError
from contract.hashing import MANIFEST
from contract.manifest import manifest_of
from contract.places import Place
from contract.schemas import SCHEMAS, description_of, unit_of
from flows.comparison.files import Side, check_sizes
from flows.comparison.rows import RowDifference, compare_rows
from flows.comparison.stated import Values, differing
from flows.inspection.found import find

EXAMPLES = 3
_OTHER = {
    "file": "a file", "rejects": "a part of a dataset", "datasets": "a folder of datasets",
    "checkpoint": "a checkpoint", "checkpoints": "a folder of checkpoints", "detector": "a detector",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """What is shown; every pair is of what was before and what is after.

    None stands where there was or is nothing, and ``null, as stated`` where a manifest states null.

    Attributes:
        addresses: of the two.
        dataset: their name.
        versions: of their schemas.
        stages: that made them.
        seeds: with which they were made.
        shards: how many each has.
        rows_out: how many rows each has.
        schema: columns that differ, as the first shard of each describes them.
        uncompared: columns whose values are not compared, since only one has them, or each another type.
        parameters: the stage's configuration, by dotted names.
        inputs: sha256 by name.
        rejected: rows by reason.
        statistics: as the manifests state them, by dotted names, what moved furthest first.
        rows: of the rows themselves.
    """

    addresses: tuple[str, str]
    dataset: str
    versions: tuple[str, str]
    stages: tuple[str, str]
    seeds: tuple[int, int]
    shards: tuple[int, int]
    rows_out: tuple[int, int]
    schema: dict[str, Values]
    uncompared: list[str]
    parameters: dict[str, Values]
    inputs: dict[str, Values]
    rejected: dict[str, Values]
    statistics: dict[str, Values]
    rows: RowDifference


def compare(one: Place, other: Place, examples: int = EXAMPLES) -> Difference:
    """Compares two datasets of one name.

    Raises:
        InputError: where one cannot be read, or is not what its manifest states.
        UsageError: where they are not of one name, or nothing is there.
    """
    before, after = _side(one), _side(other)
    name = before.manifest.dataset
    if name != after.manifest.dataset:
        raise UsageError(
            f"{one} holds {name} and {other} holds {after.manifest.dataset}.", "two versions of one dataset."
        )
    if name not in SCHEMAS:
        raise UsageError(f"{one} holds a dataset {name!r}.", f"one of {', '.join(SCHEMAS)}.")
    for side in (before, after):
        check_sizes(side)
    old, new = _schema(before), _schema(after)
    columns = [field.name for field in old if field.name in new.names and new.field(field.name).type == field.type]
    if lacking := [key for key in SCHEMAS[name].key if key not in columns]:
        raise InputError(f"{one} and {other} have no common column {lacking[0]}.", f"the key of {name}.")
    a, b = before.manifest, after.manifest
    return Difference(
        (one.address, other.address), name, (a.version, b.version), (a.stage, b.stage), (a.seed, b.seed),
        (len(a.shards), len(b.shards)), (a.rows_out, b.rows_out), differing(_described(old), _described(new)),
        sorted({*old.names, *new.names} - set(columns)), differing(a.parameters, b.parameters),
        differing(a.inputs, b.inputs), differing(a.rejected, b.rejected), _moved(a.statistics, b.statistics),
        compare_rows(before, after, SCHEMAS[name], (old, new), columns, examples),
    )  # fmt: skip


def _side(place: Place) -> Side:
    content = (place / MANIFEST).read()
    if content is None:
        raise _no_dataset(place)
    manifest = manifest_of(content, str(place / MANIFEST))
    if not manifest.shards:
        raise InputError(f"{place / MANIFEST} states no shard.", "one at least.")
    return Side(place, manifest)


def _no_dataset(place: Place) -> InputError | UsageError:
    if "@" in place.address and place.local is None:
        return InputError(f"{place} has no {MANIFEST} here.", "a dataset that DVC keeps.", "`dvc fetch` it.")
    found = find(place)  # raises where it is nothing that is known
    return UsageError(f"{place} is {_OTHER[found.kind]}.", "a dataset's folder, or PATH@REVISION.")


def _schema(side: Side) -> pa.Schema:
    with (side.place / side.manifest.shards[0].path).parquet() as file:
        return file.schema_arrow


def _described(schema: pa.Schema) -> dict[str, str]:
    parts = ((field.name, str(field.type), unit_of(field), description_of(field)) for field in schema)
    return {name: ", ".join(part for part in said if part) for name, *said in parts}


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Values]:
    found = differing(before, after)
    return dict(sorted(found.items(), key=lambda item: (-_distance(*item[1]), item[0])))


def _distance(before: Any, after: Any) -> float:
    """How far a number moved, from 0 to 1, of the greater; what is no number, or new, or gone, as far as can be."""
    if not all(isinstance(value, int | float) for value in (before, after)):
        return 1.0
    try:
        distance = float(abs(after - before) / max(abs(before), abs(after), 1e-12))
        return distance if isfinite(distance) else 1.0
    except OverflowError:  # an integer that is larger than any float
        return 1.0
