"""The datasets themselves: rows, shards, bytes, and what was rejected on the way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from contract.dataset import Dataset
from contract.hashing import fingerprint
from contract.manifest import Manifest
from contract.rejects import REASONS
from reports.page.sources import DATASETS, Nothing, Sources

_REJECTS_READ = 100_000  # rows among which an example of each reason is looked for
_FINGERPRINT_DIGITS = 12


@dataclass(frozen=True)
class Reason:
    """Rows of one stage that were rejected for one reason, with an example (key, source, message) where one is near."""

    stage: str
    dataset: str
    reason: str
    meaning: str
    count: int
    example: dict[str, str] | None


def rejects(sources: Sources) -> list[Reason] | Nothing:
    """Every reason of every dataset, in the order of the stages and then by count."""
    datasets = [found for found in map(sources.dataset, DATASETS) if found is not None]
    if not datasets:
        return Nothing("There are no datasets yet.")
    found = [reason for dataset in datasets for reason in _reasons(dataset)]
    return found or Nothing("No row was rejected by any stage.")


def _reasons(dataset: Dataset) -> list[Reason]:
    manifest, examples = dataset.manifest, _examples(dataset)
    by_count = sorted(manifest.rejected.items(), key=lambda item: (-item[1], item[0]))
    return [
        Reason(manifest.stage, manifest.dataset, reason, REASONS.get(reason, ""), count, examples.get(reason))
        for reason, count in by_count
    ]


def _examples(dataset: Dataset) -> dict[str, dict[str, str]]:
    examples: dict[str, dict[str, str]] = {}
    for row in islice(dataset.rejects(), _REJECTS_READ):
        examples.setdefault(row["reason"], row)
        if len(examples) == len(dataset.manifest.rejected):
            break
    return examples


@dataclass(frozen=True)
class Size:
    """A dataset's manifest, its bytes, and the beginning of its fingerprint."""

    manifest: Manifest
    bytes: int
    fingerprint: str


def sizes(sources: Sources) -> list[Size] | Nothing:
    """Every dataset that is there."""
    datasets = [found for found in map(sources.dataset, DATASETS) if found is not None]
    return [
        Size(
            dataset.manifest, sum(shard.bytes for shard in dataset.manifest.shards),
            fingerprint(dataset.folder)[:_FINGERPRINT_DIGITS],
        )
        for dataset in datasets
    ] or Nothing("There are no datasets yet.")  # fmt: skip
