"""Tasks of which tables alone are shown: retrieval by queries, and entailment."""

from __future__ import annotations

from reports.page.results.settings import MILD
from reports.page.results.table import Results
from reports.page.results.tasks import task_results
from reports.page.sources import Nothing, Sources


def queries(sources: Sources, datasets: tuple[str, ...]) -> Results | Nothing:
    """Which picture a query of a search log is about, as the paper measures on MILD."""
    return _results(sources, MILD, datasets)


def entailment(sources: Sources, datasets: tuple[str, ...]) -> Results | Nothing:
    """Whether one sentence follows from another."""
    return _results(sources, "entailment", datasets)


def _results(sources: Sources, task: str, datasets: tuple[str, ...]) -> Results | Nothing:
    results = task_results(task, sources.metrics_of(task), datasets)
    return results or sources.nothing_of(task)
