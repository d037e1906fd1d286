"""Texts that were generated from texts: translations beside a picture, and titles of news."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from reports.page.results.settings import in_order, setting_name, setting_of
from reports.page.results.table import Results
from reports.page.results.tasks import Metrics, task_results
from reports.page.sources import Nothing, Sources, language_order


@dataclass(frozen=True)
class Sample:
    """A text, what was generated from it in each setting, and what a person wrote.

    Attributes:
        languages: that of the source and that of the others, or one where they are the same.
        source: what was read.
        reference: what a person, or the world's grammar, wrote.
        generated: (setting, text) in the settings' order.
    """

    languages: tuple[str, ...]
    source: str
    reference: str
    generated: list[tuple[str, str]]


@dataclass(frozen=True)
class Texts:
    """The tables, and samples of every language or direction."""

    results: Results
    samples: list[Sample]


def translation(sources: Sources, wanted: int, datasets: tuple[str, ...]) -> Texts | Nothing:
    """Multimodal translation; samples are ``wanted`` a direction."""
    return _texts(sources, "translation", "direction", wanted, datasets)


def titles(sources: Sources, wanted: int, datasets: tuple[str, ...]) -> Texts | Nothing:
    """Titles of news, which are the task ``headlines``; samples are ``wanted`` a language."""
    return _texts(sources, "headlines", "language", wanted, datasets)


def _texts(sources: Sources, task: str, key: str, wanted: int, datasets: tuple[str, ...]) -> Texts | Nothing:
    metrics = sources.metrics_of(task)
    results = task_results(task, metrics, datasets)
    if results is None:
        return sources.nothing_of(task)
    return Texts(results, _samples(metrics, task, key, wanted))


def _samples(metrics: Metrics, task: str, key: str, wanted: int) -> list[Sample]:
    """The first texts of each language or direction, each with what every setting made of it."""
    by_setting = {setting_of(file, task): values for file, values in metrics.items()}
    found: dict[str, dict[tuple[str, str, int], list[tuple[str, str]]]] = {}
    for setting in in_order(by_setting):
        seen: Counter[tuple[str, str, str]] = Counter()  # a text may stand in the data more than once
        for one in by_setting[setting].get("samples") or []:
            if isinstance(one, dict):
                part, source, reference = str(one.get(key)), _said(one, "source"), _said(one, "reference")
                seen[part, source, reference] += 1
                same = found.setdefault(part, {}).setdefault((source, reference, seen[part, source, reference]), [])
                same.append((setting_name(setting), _said(one, "generated")))
    return [
        Sample(_languages(part, key), source, reference, generated)
        for part in language_order(set(found))
        for (source, reference, _), generated in list(found[part].items())[:wanted]
    ]


def _languages(part: str, key: str) -> tuple[str, ...]:
    return tuple(part.split("-")) if key == "direction" and part.count("-") == 1 else (part,)


def _said(one: dict[str, Any], key: str) -> str:
    return str(one.get(key) or "")
