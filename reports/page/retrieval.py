"""Retrieval in every setting: the tables, and all recalls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reports.page.results.settings import in_order, setting_name, setting_of
from reports.page.results.table import Results
from reports.page.results.task import UNIQUE
from reports.page.results.tasks import Metrics, task_results
from reports.page.sources import Nothing, Sources, dig, language_order

TASK = "retrieval"


@dataclass(frozen=True)
class Retrieval:
    """Tables and recalls.

    Attributes:
        results: tables, one a protocol, and one of the shortlist where there is one.
        recalls: one mapping a setting and language, of the protocol that counts captions once.
    """

    results: Results
    recalls: list[dict[str, Any]]


def retrieval(sources: Sources, datasets: tuple[str, ...]) -> Retrieval | Nothing:
    """Gathers the retrieval metrics of all settings."""
    metrics = sources.metrics_of(TASK)
    results = task_results(TASK, metrics, datasets)
    if results is None:
        return sources.nothing_of(TASK)
    return Retrieval(results, _recalls(metrics))


def _recalls(metrics: Metrics) -> list[dict[str, Any]]:
    rows = []
    by_setting = {setting_of(file, TASK): values for file, values in metrics.items()}
    for setting in in_order(by_setting):
        by_language = dig(by_setting[setting], "protocols", UNIQUE) or {}
        for lang in language_order(set(by_language)):
            rows.append({"setting": setting_name(setting), "lang": lang, "measured": by_language[lang]})
    return rows
