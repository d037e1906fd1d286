"""(query, picture, context) triples out of the search log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reports.page.pictures import Picture, Pictures
from reports.page.sources import Nothing, Sources, dig, language_order, sampled

_COLUMNS = ("image_id", "rank", "lang", "query", "context", "relevance", "clicks")


@dataclass(frozen=True)
class Example:
    """A picture with its queries, the most relevant first."""

    image_id: str
    picture: Picture | None
    queries: list[dict[str, Any]]


@dataclass(frozen=True)
class Triples:
    """Examples, and what the stage counted.

    Attributes:
        examples: pictures with queries.
        steps: rows that were left after each of MILD's steps.
        languages: by language: triples, pictures, words a query, share with a context; empty where none were counted.
    """

    examples: list[Example]
    steps: dict[str, int]
    languages: dict[str, dict[str, Any]]


def triples(sources: Sources, pictures: Pictures, wanted: int, seed: int) -> Triples | Nothing:
    """Draws pictures with all their queries."""
    dataset = sources.dataset("triples")
    if dataset is None:
        return Nothing("There is no dataset triples: the stage triples has not run.")
    if not len(dataset):
        return Nothing("The dataset triples is empty: no row of the search log passed all steps.")
    groups = sampled(dataset, _COLUMNS, "image_id", wanted, seed)
    found = pictures.of(group[0]["image_id"] for group in groups)
    examples = [
        Example(group[0]["image_id"], found.get(group[0]["image_id"]), sorted(group, key=lambda row: row["rank"]))
        for group in groups
    ]
    statistics = dataset.manifest.statistics
    return Triples(examples, dig(statistics, "rows_after_step") or {}, _languages(statistics))


def _languages(statistics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    counted = dig(statistics, "triples") or {}
    return {
        lang: {
            "triples": _total(counted[lang]), "pictures": _total(dig(statistics, "images", lang)),
            "words": dig(statistics, "words_a_query", lang), "context": dig(statistics, "context_share", lang),
        }
        for lang in language_order(set(counted))
    }  # fmt: skip


def _total(by_split: Any) -> int | None:
    return sum(by_split.values()) if isinstance(by_split, dict) else None
