"""Where the report's facts come from: datasets, metrics and checkpoints of one profile, any of which may be missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from contract.dataset import Dataset
from contract.errors import InputError
from contract.hashing import MANIFEST, stable_hash
from contract.measured import FOLDER
from reports.page.results.settings import belongs

DATASETS = ("images", "captions", "regions", "triples", "lexicon", "codeswitch", "corpus")
_SHARDS_SAMPLED, _ROWS_SAMPLED = 4, 512  # rows lie in shards by hash, so the first rows of a few are a fair sample


@dataclass(frozen=True)
class Nothing:
    """Why a section has nothing to show, in whole sentences."""

    why: str


class Sources:
    """A profile's data folder.

    Args:
        data: the folder.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self.dataset = lru_cache(maxsize=None)(self._dataset)

    def _dataset(self, name: str) -> Dataset | None:
        """A finished dataset; None where there is none."""
        folder = self._data / name
        return Dataset(folder, name) if (folder / MANIFEST).is_file() else None

    def metrics(self, name: str) -> dict[str, Any] | None:
        """What ``metrics/NAME.json`` holds; None where it is not there."""
        return self._json(self._data / "metrics" / f"{name}.json")

    def metrics_of(self, task: str) -> dict[str, dict[str, Any]]:
        """All metrics of one task, by the name of their file, sorted; files of other names are not the stages'."""
        return {name: values for name, values in self._all_of(task).items() if not _why(values)}

    def nothing_of(self, task: str) -> Nothing:
        """Why there are no metrics of a task: it was left out, or its stage has not run."""
        left_out = sorted({why for values in self._all_of(task).values() if (why := _why(values))})
        told = f"it was left out: {' '.join(left_out)}" if left_out else f"the stage evaluate-{task} has not run."
        return Nothing(f"There are no metrics of {task}: {told}")

    def _all_of(self, task: str) -> dict[str, dict[str, Any]]:
        names = sorted(path.stem for path in (self._data / "metrics").glob("*.json"))
        return {name: self.metrics(name) or {} for name in names if belongs(name, task)}

    def checkpoints(self) -> dict[str, dict[str, Any]]:
        """The configuration of every checkpoint, by its name, sorted."""
        folders = sorted(path.parent for path in (self._data / "checkpoints").glob("[!.]*/config.json"))
        return {folder.name: self._json(folder / "config.json") or {} for folder in folders}

    def networks(self, checkpoint: str) -> dict[str, dict[str, Any]]:
        """Of a checkpoint that holds a network a language, the configuration of each by its language, sorted."""
        folders = sorted(path.parent for path in (self._data / "checkpoints" / checkpoint).glob("[!.]*/config.json"))
        return {folder.name: self._json(folder / "config.json") or {} for folder in folders}

    def measured(self) -> dict[str, dict[str, Any]]:
        """What each stage took of the machine when it last ran here, by the name of its record, sorted."""
        return {path.stem: self._json(path) or {} for path in sorted((self._data / FOLDER).glob("*.json"))}

    def detector_classes(self) -> list[str]:
        """Names of the detector's classes: the detector's own, or those that the regions' manifest states."""
        described = self._json(self._data / "detector" / "detector.json") or {}
        regions = self.dataset("regions")
        stated = regions.manifest.parameters.get("object_classes") if regions else None
        names = stated or described.get("classes")
        return [str(name) for name in names] if isinstance(names, list) else []

    def _json(self, path: Path) -> dict[str, Any] | None:
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(
                f"{path} is not valid JSON ({error}).", "what its stage wrote.", "run it again."
            ) from error
        if not isinstance(values, dict):
            raise InputError(f"{path} holds no JSON object.", "what its stage wrote.", "run it again.")
        return values


def sampled(dataset: Dataset, columns: Sequence[str], by: str, wanted: int, seed: int) -> list[list[dict[str, Any]]]:
    """Rows to look at, grouped by a column, chosen by a stable hash; only the first rows of a few shards are read.

    Args:
        dataset: from which.
        columns: what is read.
        by: the column whose values are drawn.
        wanted: groups at most.
        seed: of the draw.

    Returns:
        The rows of each drawn value, in the dataset's order.
    """
    groups = [
        group
        for shard in range(min(dataset.num_shards, _SHARDS_SAMPLED))
        for group in _first(dataset, columns, by, shard)
    ]
    return sorted(groups, key=lambda group: stable_hash(seed, "report", group[0][by]))[:wanted]


def _first(dataset: Dataset, columns: Sequence[str], by: str, shard: int) -> Iterator[list[dict[str, Any]]]:
    batch = next(dataset.batches(columns, shard, _ROWS_SAMPLED), None)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in batch.to_pylist() if batch is not None else []:
        groups.setdefault(row[by], []).append(row)
    if batch is not None and batch.num_rows == _ROWS_SAMPLED and len(groups) > 1:
        groups.popitem()  # the rest of it may lie in the next batch
    yield from groups.values()


def _why(values: dict[str, Any]) -> str:
    """Why a task as a whole was left out; empty where it was not."""
    why = values.get("left_out")
    return why if isinstance(why, str) else ""


def dig(values: Any, *path: str) -> Any:
    """The value at a path of nested mappings; None where there is none."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def language_order(languages: Sequence[str] | set[str]) -> list[str]:
    """English first, the others by their codes."""
    return sorted(languages, key=lambda lang: (not is_english(lang), lang))


def is_english(lang: str) -> bool:
    """Whether a BCP 47 tag is one of English."""
    return lang == "en" or lang.startswith("en-")
