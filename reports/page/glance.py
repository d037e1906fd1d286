"""All tasks at a glance: a row a measure, English and the mean of the other languages in every setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.page.numbers import mean
from reports.page.results.settings import KINDS, SETTINGS, kind_of, setting_name, setting_of
from reports.page.results.table import Cell
from reports.page.results.task import TASKS, Task
from reports.page.sources import Nothing, Sources, is_english

_ANCHORS = {"mild": "queries", "headlines": "titles"}  # of sections that are not called as their task


@dataclass(frozen=True)
class Line:
    """One measure of a task.

    Attributes:
        task: the task in words.
        anchor: its section.
        measure: the measure, after what tells it from others of the task.
        english: by setting; None where nothing was run.
        others: the mean over all other languages, by setting.
    """

    task: str
    anchor: str
    measure: str
    english: list[float | None]
    others: list[float | None]


@dataclass(frozen=True)
class Glance:
    """The settings in words, and a line a measure."""

    settings: list[str]
    lines: list[Line]


def glance(sources: Sources) -> Glance | Nothing:
    """Reads the main numbers of every task that was evaluated."""
    lines = [line for task in TASKS for line in _lines(sources, task)]
    if not lines:
        return Nothing("No task has been evaluated yet.")
    return Glance([setting_name(one) for one in SETTINGS], lines)


def _lines(sources: Sources, task: Task) -> list[Line]:
    kinds: dict[str, dict[str, Mapping[str, Cell]]] = {}
    for file, values in sources.metrics_of(task.name).items():
        by_setting = kinds.setdefault(kind_of(file, task.name), {})
        by_setting[setting_of(file, task.name)] = task.cells(values, task.main)
    return [
        Line(
            task.title, _ANCHORS.get(task.name, task.name), ", ".join(filter(None, (KINDS.get(kind), measure))),
            *([_mean(task, by_setting.get(one, {}), place, english) for one in SETTINGS] for english in (True, False)),
        )
        for kind, by_setting in kinds.items()
        for place, measure in enumerate(task.measures)
        if any(by_setting.get(one) for one in SETTINGS)
    ]  # fmt: skip


def _mean(task: Task, cells: Mapping[str, Cell], place: int, english: bool) -> float | None:
    """Over what is in English, or over what is in another language."""
    values = [cell.values[place] for part, cell in cells.items() if is_english(_language(task, part)) == english]
    return mean([value for value in values if value is not None])


def _language(task: Task, part: str) -> str:
    """A language itself; of a direction, the one that it leads to."""
    return part.partition("-")[2] if task.name == "translation" and part.count("-") == 1 else part
