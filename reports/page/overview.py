"""What was run: pictures, captions by language, trainings and evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contract.dataset import Dataset
from reports.page.results.task import TASKS
from reports.page.sources import Nothing, Sources, dig, language_order

_SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Overview:
    """What went in, and what was made of it.

    Attributes:
        splits: splits that occur, train first.
        pictures: pictures by split.
        captions: captions by language and split.
        trained: pre-trained checkpoints with their steps; None where they do not say how many.
        evaluated: tasks in words.
    """

    splits: list[str]
    pictures: dict[str, int]
    captions: dict[str, dict[str, int]]
    trained: list[tuple[str, Any]]
    evaluated: list[str]


def overview(sources: Sources) -> Overview | Nothing:
    """Counts pictures and captions."""
    pictures = {split: number for (split,), number in _counts(sources.dataset("images"), "split").items()}
    captions: dict[str, dict[str, int]] = {}
    for (lang, split), number in _counts(sources.dataset("captions"), "lang", "split").items():
        captions.setdefault(lang, {})[split] = number
    if not (pictures or captions):
        return Nothing("There are neither pictures nor captions: the stage ingest has not run.")
    known = {*pictures, *(split for by_split in captions.values() for split in by_split)}
    splits = [split for split in _SPLITS if split in known] + sorted(known.difference(_SPLITS))
    by_language = {lang: captions[lang] for lang in language_order(set(captions))}
    evaluated = [task.title for task in TASKS if sources.metrics_of(task.name)]
    return Overview(splits, pictures, by_language, _trained(sources), evaluated)


def _trained(sources: Sources) -> list[tuple[str, Any]]:
    """Those that understand before those that generate."""
    several = {
        name: values for name, values in sources.checkpoints().items() if dig(values, "training", "stage") == "pretrain"
    }
    order = sorted(several, key=lambda name: (dig(several[name], "network", "network") == "generation", name))
    return [(name, dig(several[name], "training", "parameters", "steps")) for name in order]


def _counts(dataset: Dataset | None, *columns: str) -> dict[tuple[str, ...], int]:
    if dataset is None:
        return {}
    counted = dataset.table(columns).group_by(list(columns)).aggregate([([], "count_all")]).to_pylist()
    return {tuple(row[column] for column in columns): row["count_all"] for row in counted}
