"""What is shown of a dataset, or of one file of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from contract.errors import InputError
from contract.hashing import MANIFEST
from contract.manifest import Manifest, Shard, manifest_of
from contract.places import Place
from contract.progress import progress
from contract.rejects import REASONS
from contract.schemas import REJECTS, SCHEMAS, dataset_name, description_of, unit_of, version_of
from contract.shards import REJECTS_FOLDER
from flows.inspection.sample import Sample, all_batches, columns_read, rows_of, spread, take_sample
from flows.inspection.statistics import Counting, Statistics
from flows.inspection.strangers import rows_of_strangers, schema_of
from flows.shown import counted

_EXAMPLES = 3
_REJECTS_FILES, _REJECTS_READ = 16, 2_000  # files, and rows of each, among which examples are looked for
_FILE_ROWS = 100_000  # of one file that are read unless all are asked for


@dataclass(frozen=True)
class Column:
    """A column as its schema describes it."""

    name: str
    type: str
    unit: str
    description: str
    nullable: bool


@dataclass(frozen=True)
class RejectReason:
    """Rows that were rejected for one reason, with examples (key, source, message)."""

    reason: str
    meaning: str
    count: int
    examples: list[dict[str, str]]


@dataclass(frozen=True)
class Inspection:
    """What is shown.

    Attributes:
        place: where it lies.
        dataset: its name; empty of a file of no dataset of ours.
        version: of its schema.
        manifest: what the dataset says of itself; None of a file without one beside it.
        file: what is known of the file, where one is looked at alone.
        columns: the schema.
        rejects: rejected rows by reason, the most frequent first.
        statistics: of the rows that were read.
        read: which rows these are, in words.
        rows: sample rows.
        notes: what is not as the manifest states, as far as one look tells.
    """

    place: Place
    dataset: str
    version: str
    manifest: Manifest | None
    file: Shard | None
    columns: list[Column]
    rejects: list[RejectReason]
    statistics: Statistics
    read: str
    rows: list[dict[str, Any]]
    notes: list[str]

    @property
    def bytes(self) -> int:
        """Size of its shards, or of the files of rejects."""
        return sum(shard.bytes for shard in self.files)

    @property
    def of_rejects(self) -> bool:
        """Whether the rejects of a dataset are shown, and the manifest is that dataset's."""
        return self.dataset == REJECTS.name and self.file is None

    @property
    def files(self) -> list[Shard]:
        """The files that it is made of, as the manifest states them."""
        if self.manifest is None:
            return []
        return self.manifest.rejects if self.of_rejects else self.manifest.shards


def look_at_dataset(place: Place, rows: int, full: bool) -> Inspection:
    """Reads manifest, footers, examples of rejects and a sample of rows; all rows where that is asked for.

    Args:
        place: the dataset's folder.
        rows: sample rows to show.
        full: whether all rows are counted and all rejects looked through.

    Raises:
        InputError: where it cannot be read.
    """
    manifest = manifest_of((place / MANIFEST).read() or b"", str(place / MANIFEST))
    known = [name for name in SCHEMAS if name != REJECTS.name]
    if manifest.dataset not in known or not manifest.shards:
        raise InputError(
            f"{place} holds a dataset {manifest.dataset!r} in {counted(len(manifest.shards), 'shard')}.",
            f"one of {', '.join(known)}, in one shard at least.",
        )
    schema = SCHEMAS[manifest.dataset].arrow
    notes = list(_notes(place, manifest))
    sample = take_sample(place, manifest.shards, schema)
    if full and not sample.whole:
        statistics = _count_all(place, manifest, schema)
        read = _all(statistics.rows)
    else:
        statistics, read = _count(sample.rows, schema), _how_much(sample, manifest.rows_out)
    return Inspection(
        place, manifest.dataset, manifest.version, manifest, None, _columns(schema), _rejects(place, manifest, full),
        statistics, read, _spread_rows(sample.rows, rows), notes,
    )  # fmt: skip


def look_at_rejects(place: Place, rows: int, full: bool) -> Inspection:
    """Reads what a dataset's manifest says of its rejects, examples by reason, and a sample of them.

    Raises:
        InputError: where they cannot be read.
    """
    folder = place.parent
    manifest = manifest_of((folder / MANIFEST).read() or b"", str(folder / MANIFEST))
    sample = take_sample(folder, manifest.rejects, REJECTS.arrow)
    return Inspection(
        place, REJECTS.name, REJECTS.version, manifest, None, _columns(REJECTS.arrow),
        _rejects(folder, manifest, full), _count(sample.rows, REJECTS.arrow),
        _how_much(sample, sum(manifest.rejected.values())), _spread_rows(sample.rows, rows), [],
    )  # fmt: skip


def look_at_file(place: Place, rows: int, full: bool) -> Inspection:
    """Reads one Parquet file: a shard, a file of rejects, or one of no dataset of ours.

    Raises:
        InputError: where it cannot be read.
    """
    folder, name = place.parent, place.name
    if folder.name == REJECTS_FOLDER:
        folder, name = folder.parent, f"{REJECTS_FOLDER}/{name}"
    content = (folder / MANIFEST).read()
    manifest = manifest_of(content, str(folder / MANIFEST)) if content is not None else None
    with place.parquet() as file:
        found, held = file.schema_arrow, file.metadata.num_rows
        most = None if full else _FILE_ROWS
        if dataset_name(found) in SCHEMAS:
            schema = counted = SCHEMAS[dataset_name(found)].arrow
            table = rows_of(file, str(place), schema, list(range(file.num_row_groups)), most)
        else:
            schema, table = schema_of(file), rows_of_strangers(file, str(place), most)
            counted = table.schema
    stated = manifest and next((one for one in (*manifest.shards, *manifest.rejects) if one.path == name), None)
    notes = [] if stated or manifest is None else [f"{folder / MANIFEST} does not state this file"]
    read = _all(held) if len(table) == held else f"the first {len(table):,} of {held:,} rows; --full reads all"
    own = stated or Shard(place.name, held, place.size() or 0, "")
    return Inspection(
        place, dataset_name(found), version_of(found), manifest, own, _columns(schema), [],
        _count(table, counted), read, _spread_rows(table, rows), notes,
    )  # fmt: skip


def _columns(schema: pa.Schema) -> list[Column]:
    return [
        Column(field.name, str(field.type), unit_of(field), description_of(field), field.nullable) for field in schema
    ]


def _notes(place: Place, manifest: Manifest) -> Iterator[str]:
    """What listings of the folder and of its rejects tell; pictures, of which there may be millions, are not listed."""
    found = place.listing()
    if found is None:
        return
    rejects = (place / REJECTS_FOLDER).listing() or {}
    found |= {f"{REJECTS_FOLDER}/{name}": size for name, size in rejects.items()}
    for shard in (*manifest.shards, *manifest.rejects):
        if shard.path not in found:
            raise InputError(f"{place / shard.path} is not there.", "a file that the manifest states.",
                             "`dvc pull` the dataset, or run its stage again.")  # fmt: skip
        if found[shard.path] not in (None, shard.bytes):
            yield f"{shard.path} has {counted(found[shard.path] or 0, 'byte')} and the manifest states {shard.bytes:,}"


def _how_much(sample: Sample, rows: int) -> str:
    if sample.whole:
        return _all(len(sample.rows))
    return f"a sample: {len(sample.rows):,} of {rows:,} rows, from {sample.shards} shards; --full reads all"


def _all(rows: int) -> str:
    return "the one row" if rows == 1 else f"all {rows:,} rows"


def _count(table: pa.Table, schema: pa.Schema) -> Statistics:
    counting = Counting(schema, table.schema.names)
    counting.add(table)
    return counting.statistics()


def _count_all(place: Place, manifest: Manifest, schema: pa.Schema) -> Statistics:
    names = columns_read(schema)
    counting = Counting(schema, names)
    for shard in progress(manifest.shards, f"inspect: {manifest.dataset}", unit="shards"):
        with (place / shard.path).parquet() as file:
            for batch in all_batches(file, names, str(place / shard.path)):
                counting.add(batch)
    return counting.statistics()


def _rejects(place: Place, manifest: Manifest, full: bool) -> list[RejectReason]:
    examples: dict[str, list[dict[str, str]]] = defaultdict(list)
    holding = [shard for shard in manifest.rejects if shard.rows]
    chosen = holding if full else [holding[at] for at in spread(len(holding), _REJECTS_FILES)]
    for row in _rejected_rows(place, chosen, None if full else _REJECTS_READ):
        if len(examples[row["reason"]]) < _EXAMPLES:
            examples[row["reason"]].append(row)
    counts = sorted(manifest.rejected.items(), key=lambda item: (-item[1], item[0]))
    return [RejectReason(reason, REASONS.get(reason, ""), count, examples[reason]) for reason, count in counts]


def _rejected_rows(place: Place, shards: Sequence[Shard], most: int | None) -> Iterator[dict[str, str]]:
    for shard in shards:
        with (place / shard.path).parquet() as file:
            groups = list(range(file.num_row_groups))
            yield from rows_of(file, str(place / shard.path), REJECTS.arrow, groups, most).to_pylist()


def _spread_rows(table: pa.Table, rows: int) -> list[dict[str, Any]]:
    return table.take(pa.array(spread(len(table), rows), pa.int64())).to_pylist() if rows else []
