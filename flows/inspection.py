"""`m3p inspect`: what is in a dataset, for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from contract.dataset import Dataset
from contract.errors import UsageError
from contract.manifest import Manifest, read_manifest
from contract.rejects import REASONS
from contract.schemas import SCHEMAS

_EXAMPLES = 3
_REJECTS_READ = 20_000  # examples are looked for among so many, so that the first screen comes at once


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
    """What is shown of a dataset.

    Attributes:
        folder: where it lies.
        manifest: what it says of itself.
        columns: its schema.
        rejects: rejected rows by reason, the most frequent first.
        rows: sample rows, some of each shard.
    """

    folder: Path
    manifest: Manifest
    columns: list[Column]
    rejects: list[RejectReason]
    rows: list[dict[str, Any]]

    @property
    def bytes(self) -> int:
        """Size of its shards."""
        return sum(shard.bytes for shard in self.manifest.shards)


def page_beside(path: Path) -> Path:
    """Where a dataset's page goes when no file is named: ``data/demo/regions.html`` of ``data/demo/regions``."""
    folder = path if path.name else path.resolve()
    return folder.with_name(f"{folder.name}.html")


def show(path: Path, rows: int, html: Path | None) -> None:
    """Prints what is in a dataset, or writes it to a page.

    Raises:
        InputError: where there is no finished dataset.
        UsageError: where the path is no folder, or the page cannot be written.
    """
    inspection = look(path, rows)
    if html is None:
        from flows.inspection_text import print_inspection

        print_inspection(inspection)
        return
    from flows.inspection_page import page_of

    try:
        html.write_text(page_of(inspection), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{html} cannot be written: {error}.", "a file in a folder that is there.") from error
    print(f"Wrote {html}")


def look(path: Path, rows: int) -> Inspection:
    """Reads manifest, schema, examples of rejects and sample rows; never the whole dataset.

    Raises:
        InputError: where there is no finished dataset.
        UsageError: where the path is no folder.
    """
    if not path.is_dir():
        raise UsageError(f"{path} is no folder.", "a dataset's folder, such as data/demo/captions.")
    manifest = read_manifest(path)
    if manifest.dataset not in SCHEMAS:
        raise UsageError(f"{path} holds a dataset {manifest.dataset!r}.", f"one of {', '.join(SCHEMAS)}.")
    dataset = Dataset(path, manifest.dataset)
    return Inspection(
        path, manifest, [_column(field) for field in dataset.schema.arrow], _rejects(dataset),
        list(_samples(dataset, rows)),
    )  # fmt: skip


def _column(field: pa.Field) -> Column:
    said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    return Column(field.name, str(field.type), said.get("unit", ""), said.get("description", ""), field.nullable)


def _rejects(dataset: Dataset) -> list[RejectReason]:
    examples: dict[str, list[dict[str, str]]] = defaultdict(list)
    for number, reject in enumerate(dataset.rejects()):
        found = examples[reject["reason"]]
        if len(found) < _EXAMPLES:
            found.append(reject)
        if number >= _REJECTS_READ:
            break
    counts = sorted(dataset.manifest.rejected.items(), key=lambda item: (-item[1], item[0]))
    return [RejectReason(reason, REASONS.get(reason, ""), count, examples[reason]) for reason, count in counts]


def _samples(dataset: Dataset, rows: int) -> Iterator[dict[str, Any]]:
    """The first rows of every shard in turn, until there are enough; only those are read."""
    if rows == 0:
        return
    each = -(-rows // dataset.num_shards)
    left = rows
    for shard in range(dataset.num_shards):
        for batch in dataset.batches(shard=shard, batch_size=min(each, left)):
            yield from batch.to_pylist()
            left -= batch.num_rows
            break
        if left == 0:
            return


def shown(value: Any, most: int) -> str:
    """A value in at most ``most`` characters."""
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        value = "[" + ", ".join(shown(item, most) for item in value[:10]) + (", …]" if len(value) > 10 else "]")
    if isinstance(value, dict):
        value = ", ".join(f"{key} {shown(item, most)}" for key, item in value.items())
    text = "—" if value is None else str(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def flat_statistics(
    statistics: dict[str, Any], most: int | None = None, name: str = ""
) -> Iterator[tuple[str, Any]]:  # fmt: skip
    """Nested statistics as dotted names and their values, single values before groups.

    Args:
        statistics: mappings of mappings.
        most: of a group with more numbers than that the greatest so many are given, and how many others there are.
        name: what all names begin with.
    """
    at = f"{name}." if name else ""
    single = [(key, value) for key, value in statistics.items() if not isinstance(value, dict)]
    if most is not None and len(single) > most and all(isinstance(value, int | float) for _, value in single):
        greatest = sorted(single, key=lambda one: -one[1])[:most]
        yield from ((f"{at}{key}", value) for key, value in greatest)
        yield f"{at}…", f"{len(single) - most:,} others"
    else:
        yield from ((f"{at}{key}", value) for key, value in single)
    for key, value in statistics.items():
        if isinstance(value, dict):
            yield from flat_statistics(value, most, f"{at}{key}")
