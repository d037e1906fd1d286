"""A folder of datasets, such as a profile's: what each of them states of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contract.errors import InputError
from contract.hashing import MANIFEST
from contract.manifest import manifest_of
from contract.places import Place
from flows.shown import one_line, size


@dataclass(frozen=True)
class Stated:
    """What a dataset's manifest states.

    Attributes:
        name: of its folder.
        dataset: its name in the contract.
        stage: what wrote it.
        rows: rows in its shards.
        rejected: rejected rows.
        shards: files of rows.
        bytes: of these.
    """

    name: str
    dataset: str
    stage: str
    rows: int
    rejected: int
    shards: int
    bytes: int


def datasets_in(place: Place) -> list[str]:
    """The names of the folders in it that are finished datasets."""
    return [name for name in place.folders() if not name.startswith(".") and (place / name / MANIFEST).is_file()]


def look_at_datasets(place: Place) -> list[Stated]:
    """What each dataset of a folder states.

    Raises:
        InputError: where a manifest cannot be read.
    """
    return [_stated(place / name) for name in datasets_in(place)]


def _stated(place: Place) -> Stated:
    content = (place / MANIFEST).read()
    if content is None:
        raise InputError(f"{place / MANIFEST} is gone.", "the manifest that was there a moment ago.")
    manifest = manifest_of(content, str(place / MANIFEST))
    return Stated(
        place.name, manifest.dataset, manifest.stage, manifest.rows_out, sum(manifest.rejected.values()),
        len(manifest.shards), sum(shard.bytes for shard in manifest.shards),
    )  # fmt: skip


def others_in(place: Place, datasets: Sequence[Stated]) -> list[str]:
    """The names of what else lies there."""
    known = {one.name for one in datasets}
    return [name for name in place.folders() if name not in known and not name.startswith(".")]


def print_datasets(place: Place, datasets: Sequence[Stated], others: Sequence[str]) -> None:
    """Prints a row a dataset, and how to see more of one."""
    from flows.inspection.table import new_console, print_table

    print_table(new_console(), f"Datasets in {place}", ["folder", "stage", "rows", "rejected", "shards", "size"], [
        [one.name, one.stage, f"{one.rows:,}", f"{one.rejected:,}", f"{one.shards:,}", size(one.bytes)]
        for one in datasets
    ])  # fmt: skip
    if others:
        print(one_line(f"Beside them: {', '.join(others)}."))
    print(one_line(f"More of one: m3p inspect {place / datasets[0].name}"))
