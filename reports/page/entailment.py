"""Entailment: the tables, and which label is taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reports.page.numbers import finite
from reports.page.results.settings import in_order, setting_name, setting_of
from reports.page.results.table import Results
from reports.page.results.tasks import Metrics, task_results
from reports.page.sources import Nothing, Sources, dig, is_english

TASK = "entailment"


@dataclass(frozen=True)
class Line:
    """Pairs of one true label: what share of them got each label.

    Attributes:
        label: the true one.
        english: shares by label, in the labels' order; of pairs in English; None each where there are none.
        others: the same of pairs in all other languages together.
    """

    label: str
    english: list[float | None]
    others: list[float | None]


@dataclass(frozen=True)
class Confusion:
    """Which label is taken for which in one setting, a line a true label."""

    setting: str
    lines: list[Line]


@dataclass(frozen=True)
class Entailment:
    """The tables of accuracy, the labels, and a confusion a setting."""

    results: Results
    labels: list[str]
    confusions: list[Confusion]


def entailment(sources: Sources, datasets: tuple[str, ...]) -> Entailment | Nothing:
    """Gathers the entailment metrics of all settings."""
    metrics = sources.metrics_of(TASK)
    results = task_results(TASK, metrics, datasets)
    if results is None:
        return sources.nothing_of(TASK)
    counted = {file: _counted(values) for file, values in metrics.items()}
    labels = _labels(metrics, {label for by_language in counted.values() for pair in by_language for label in pair[1:]})
    by_setting = {setting_of(file, TASK): counts for file, counts in counted.items() if counts}
    confusions = [
        Confusion(setting_name(setting), [_line(label, labels, by_setting[setting]) for label in labels])
        for setting in in_order(by_setting)
    ]
    return Entailment(results, labels, confusions)


def _counted(values: Any) -> Counter[tuple[bool, str, str]]:
    """Pairs by whether they are English, the true label and the one that they got."""
    counts: Counter[tuple[bool, str, str]] = Counter()
    for lang, one in _items(dig(values, "languages")):
        for true, got in _items(dig(one, "confusion")):
            for label, number in _items(got):
                counts[is_english(lang), true, label] += int(finite(number) or 0)
    return counts


def _items(values: Any) -> Iterable[tuple[str, Any]]:
    return values.items() if isinstance(values, dict) else ()


def _labels(metrics: Metrics, met: set[str]) -> list[str]:
    """The labels that occur, in the order in which the metrics state them."""
    stated = [str(label) for values in metrics.values() for label in dig(dict(values), "labels") or []]
    return sorted(met, key=lambda label: (stated.index(label) if label in stated else len(stated), label))


def _line(true: str, labels: list[str], counts: Counter[tuple[bool, str, str]]) -> Line:
    def shares(english: bool) -> list[float | None]:
        numbers = [counts[english, true, label] for label in labels]
        return [number / sum(numbers) if sum(numbers) else None for number in numbers]

    return Line(true, shares(True), shares(False))
