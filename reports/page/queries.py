"""Retrieval by queries: tables alone."""

from __future__ import annotations

from reports.page.results.settings import MILD
from reports.page.results.table import Results
from reports.page.results.tasks import task_results
from reports.page.sources import Nothing, Sources


def queries(sources: Sources, datasets: tuple[str, ...]) -> Results | Nothing:
    """Which picture a query of a search log is about, as the paper measures on MILD."""
    return task_results(MILD, sources.metrics_of(MILD), datasets) or sources.nothing_of(MILD)
