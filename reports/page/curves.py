"""Training curves: one small chart a task, one line a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import MaxNLocator

from reports.page.numbers import finite, mean
from reports.page.sources import Nothing, Sources, dig

_NOT_LOSSES = frozenset({"step", "learning_rate"})
_POINTS = 150  # of a line; more are averaged together
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 312.0, 10.0, 150.0  # the plot within the chart's 320 × 176
_TICKS = 4

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """A checkpoint's line: its number among all checkpoints, its points as SVG takes them, its last point."""

    checkpoint: str
    number: int
    points: str
    last: tuple[float, float]


@dataclass(frozen=True)
class Chart:
    """The losses of one task; ticks are (place in the chart, label)."""

    task: str
    lines: list[Line]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class Training:
    """A checkpoint's training in numbers.

    Attributes:
        checkpoint: its name.
        number: its number among all.
        network: what the checkpoint says of its network; None where it says nothing.
        facts: what it says of its training.
        steps: optimiser steps.
        losses: the last loss of each task.
    """

    checkpoint: str
    number: int
    network: Any
    facts: Any
    steps: Any
    losses: dict[str, float]


@dataclass(frozen=True)
class Curves:
    """Charts by task, and a line of numbers a checkpoint."""

    charts: list[Chart]
    trainings: list[Training]


def curves(sources: Sources) -> Curves | Nothing:
    """Reads the losses that the checkpoints carry."""
    checkpoints = sources.checkpoints()
    logs = {name: log for name, values in checkpoints.items() if (log := _log(values))}
    if not logs:
        return Nothing("There are no checkpoints with losses: no training has run.")
    numbers = {name: number for number, name in enumerate(logs)}
    tasks = sorted({task for log in logs.values() for line in log for task in line if task not in _NOT_LOSSES})
    charts = []
    for task in tasks:
        series = {name: points for name, log in logs.items() if (points := _points(log, task))}
        if series:
            charts.append(_chart(task, series, numbers))
    return Curves(charts, [_training(name, numbers[name], checkpoints[name], log) for name, log in logs.items()])


def _log(values: dict[str, Any]) -> list[dict[str, Any]]:
    losses = dig(values, "training", "losses")
    return [line for line in losses if isinstance(line, dict)] if isinstance(losses, list) else []


def _points(log: list[dict[str, Any]], task: str) -> Points:
    """Steps and losses, averaged over neighbours where there are too many to be told apart."""
    pairs = [(finite(line.get("step")), finite(line.get(task))) for line in log]
    points = [(step, loss) for step, loss in pairs if step is not None and loss is not None]
    together = -(-len(points) // _POINTS)
    groups = [points[start : start + together] for start in range(0, len(points), max(1, together))]
    return [(group[-1][0], mean([loss for _, loss in group]) or 0.0) for group in groups]


def _chart(task: str, series: dict[str, Points], numbers: dict[str, int]) -> Chart:
    everything = [point for points in series.values() for point in points]
    x_values, y_values = _ticks([0.0, *(x for x, _ in everything)]), _ticks([y for _, y in everything])
    # The lowest tick may lie under all points; the axes begin and end at ticks.
    (x_low, x_high), (y_low, y_high) = (x_values[0], x_values[-1]), (y_values[0], y_values[-1])

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return _scale(point[0], x_low, x_high, _LEFT, _RIGHT), _scale(point[1], y_low, y_high, _BOTTOM, _TOP)

    lines = []
    for name, points in series.items():
        places = [place(point) for point in points]
        lines.append(Line(name, numbers[name], " ".join(f"{x},{y}" for x, y in places), places[-1]))
    return Chart(
        task, lines,
        [(place((value, y_low))[0], f"{value:,.0f}") for value in x_values],
        [(place((x_low, value))[1], f"{value:g}") for value in y_values],
    )  # fmt: skip


def _ticks(values: Sequence[float]) -> list[float]:
    """Round numbers that enclose the values."""
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return [round(float(tick), 10) for tick in MaxNLocator(_TICKS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]


def _scale(value: float, low: float, high: float, start: float, end: float) -> float:
    return round(start + (value - low) / (high - low) * (end - start), 2)


def _training(name: str, number: int, values: dict[str, Any], log: list[dict[str, Any]]) -> Training:
    last: dict[str, float] = {}
    for line in log:
        known = {task: finite(value) for task, value in line.items() if task not in _NOT_LOSSES}
        last |= {task: loss for task, loss in known.items() if loss is not None}
    return Training(
        name, number, dig(values, "network"), dig(values, "training"), log[-1].get("step"),
        dict(sorted(last.items())),
    )  # fmt: skip
