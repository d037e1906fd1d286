"""(query, picture, context) triples out of the search log."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from contract import mild
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
        rejects: rows that went, by step and reason.
        languages: by language: triples, pictures by split, words a query, share with a context, and the same of the
            paper where it has the language; empty where none were counted.
        filters: by reason of steps 1 to 3: rows that should go, that went, precision, recall; empty where no row was
            judged.
        models: by step: examples, AUC and calibration error on pictures that the model has not seen.
        told: of languages that the log does not state: how many were judged, and the share that was told right.
        in_doubt: rows that more than one end is right for, and that no filter is judged by.
    """

    examples: list[Example]
    steps: dict[str, int]
    rejects: dict[str, dict[str, int]]
    languages: dict[str, dict[str, Any]]
    filters: dict[str, dict[str, Any]]
    models: dict[str, dict[str, Any]]
    told: dict[str, Any]
    in_doubt: int
    splits = tuple(mild.PICTURES)
    paper_words = mild.WORDS_A_QUERY
    paper_entities = (mild.QUERIES_WITH_ENTITY, mild.CONTEXTS_WITH_ENTITY)


def triples(sources: Sources, pictures: Pictures, wanted: int, seed: int) -> Triples | Nothing:
    """Draws pictures with all their queries."""
    dataset = sources.dataset("triples")
    if dataset is None:
        return Nothing("There is no dataset triples: the stage triples has not run.")
    if not len(dataset):
        return Nothing("The dataset triples is empty: no row of the search log passed all steps.")
    groups = _of_every_language(sampled(dataset, _COLUMNS, "image_id", sys.maxsize, seed), wanted)
    found = pictures.of(group[0]["image_id"] for group in groups)
    examples = [
        Example(group[0]["image_id"], found.get(group[0]["image_id"]), sorted(group, key=lambda row: row["rank"]))
        for group in groups
    ]
    statistics = dataset.manifest.statistics
    filters = dict(dig(statistics, "filters") or {})
    told, in_doubt = filters.pop("language", {}), filters.pop("in_doubt", {})
    return Triples(
        examples,
        dig(statistics, "rows_after_step") or {},
        dig(statistics, "rejects_by_step") or {},
        _languages(statistics),
        filters,
        _models(statistics),
        told,
        sum(in_doubt.values()),
    )


def _of_every_language(groups: list[list[dict[str, Any]]], wanted: int) -> list[list[dict[str, Any]]]:
    """The first groups, so chosen that as many languages as possible are in them."""
    chosen: list[int] = []
    languages = {row["lang"] for group in groups for row in group}
    while len(chosen) < min(wanted, len(groups)):
        left = languages - {row["lang"] for place in chosen for row in groups[place]}
        rest = [place for place in range(len(groups)) if place not in chosen]
        chosen.append(max(rest, key=lambda place: (len(left & {row["lang"] for row in groups[place]}), -place)))
    return [groups[place] for place in sorted(chosen)]


def _models(statistics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    held_out = {
        "2 reliable features": dig(statistics, "image_filters", "reliable_features", "held_out"),
        "4 relevance": dig(statistics, "relevance", "held_out"),
    }
    return {step: of for step, of in held_out.items() if isinstance(of, dict)}


def _languages(statistics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    counted = dig(statistics, "triples") or {}
    return {
        lang: {
            "triples": _total(counted[lang]),
            "pictures": {split: _pictures(statistics, lang, split) for split in mild.PICTURES},
            "papers": {split: of.get(lang) for split, of in mild.PICTURES.items()},
            "words": dig(statistics, "words_a_query", lang), "context": dig(statistics, "context_share", lang),
            "entities": [dig(statistics, "entity_share", column, lang) for column in ("query", "context")],
        }
        for lang in language_order(set(counted))
    }  # fmt: skip


def _pictures(statistics: dict[str, Any], lang: str, split: str) -> Any:
    counted = dig(statistics, "images", lang)
    return counted.get(split, 0) if isinstance(counted, dict) else None


def _total(by_split: Any) -> int | None:
    return sum(by_split.values()) if isinstance(by_split, dict) else None
