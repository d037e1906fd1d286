"""What was run, in numbers: pictures, and captions by language."""

from __future__ import annotations

from dataclasses import dataclass

from contract.dataset import Dataset
from reports.page.sources import Nothing, Sources, language_order

_SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Overview:
    """Sizes of what went in.

    Attributes:
        splits: splits that occur, train first.
        pictures: pictures by split.
        captions: captions by language and split.
    """

    splits: list[str]
    pictures: dict[str, int]
    captions: dict[str, dict[str, int]]


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
    return Overview(splits, pictures, {lang: captions[lang] for lang in language_order(set(captions))})


def _counts(dataset: Dataset | None, *columns: str) -> dict[tuple[str, ...], int]:
    if dataset is None:
        return {}
    counted = dataset.table(columns).group_by(list(columns)).aggregate([([], "count_all")]).to_pylist()
    return {tuple(row[column] for column in columns): row["count_all"] for row in counted}
