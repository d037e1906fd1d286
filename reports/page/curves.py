"""Training curves: one small chart a task, one line a checkpoint, or one a language of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import MaxNLocator

from reports.page.numbers import finite, mean
from reports.page.results.settings import SETTINGS
from reports.page.sources import Nothing, Sources, dig

_NOT_LOSSES = frozenset({"step", "learning_rate"})
_POINTS = 150  # of a line; more are averaged together
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 312.0, 10.0, 150.0  # the plot within the chart's 320 × 176
_TICKS = 4

Points = list[tuple[float, float]]
Log = list[dict[str, Any]]


@dataclass(frozen=True)
class Line:
    """The lines of a checkpoint in one chart.

    Attributes:
        checkpoint: its name.
        number: its number in the chart.
        networks: how many networks it holds, each with a line of its own in one colour.
        parts: of each, its points as SVG takes them, and its last point.
    """

    checkpoint: str
    number: int
    networks: int
    parts: list[tuple[str, tuple[float, float]]]


@dataclass(frozen=True)
class Chart:
    """The losses of one task; ticks are (place in the chart, label)."""

    task: str
    lines: list[Line]
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class Training:
    """A checkpoint's training: the network, what the checkpoint says of the training, and the last step.

    Attributes:
        checkpoint: its name.
        logs: of each of its networks, losses by step.
        network: what it says of its network, or of its first one; None where it says nothing.
        facts: what it says of its training.
        steps: optimiser steps of each network.
    """

    checkpoint: str
    logs: list[Log]
    network: Any
    facts: Any
    steps: Any

    @property
    def is_finetuning(self) -> bool:
        """Whether it goes on from another checkpoint."""
        return dig(self.facts, "stage") == "finetune"


@dataclass(frozen=True)
class Curves:
    """Charts by task, those of pre-training first, each group with its title; and every training."""

    groups: list[tuple[str, list[Chart]]]
    trainings: list[Training]


def curves(sources: Sources) -> Curves | Nothing:
    """Reads the losses that the checkpoints carry; of one that holds a network a language, those of all networks."""
    named = sources.checkpoints()
    found = [_training(name, [values, *sources.networks(name).values()]) for name, values in named.items()]
    trainings = sorted((one for one in found if one), key=_place)
    if not trainings:
        return Nothing("There are no checkpoints with losses: no training has run.")
    by_kind = {
        "Pre-training": [one for one in trainings if not one.is_finetuning],
        "Fine-tuning": [one for one in trainings if one.is_finetuning],
    }
    groups = [(title, charts) for title, several in by_kind.items() if (charts := _charts(several))]
    return Curves(groups, trainings)


def _training(name: str, configurations: list[dict[str, Any]]) -> Training | None:
    """The training of a checkpoint's networks; None where none has losses."""
    logs = {place: log for place, values in enumerate(configurations) if (log := _log(values))}
    if not logs:
        return None
    first = configurations[min(logs)]
    last_step = logs[min(logs)][-1].get("step")
    return Training(name, list(logs.values()), dig(first, "network"), dig(first, "training"), last_step)


def _place(one: Training) -> tuple[bool, bool, str, int, str]:
    """Pre-trainings first, understanding before generation; of a task's fine-tunings the settings in their order."""
    kind = one.is_finetuning, dig(one.network, "network") == "generation"
    task, _, setting = one.checkpoint.rpartition("-")
    if setting not in SETTINGS:
        return *kind, one.checkpoint, 0, one.checkpoint
    return *kind, task, SETTINGS.index(setting), one.checkpoint


def _charts(trainings: list[Training]) -> list[Chart]:
    lines = (line for one in trainings for log in one.logs for line in log)
    tasks = dict.fromkeys(task for line in lines for task in sorted(line) if task not in _NOT_LOSSES)
    charts = []
    for task in tasks:
        drawn = {one.checkpoint: [points for log in one.logs if (points := _points(log, task))] for one in trainings}
        series = {name: several for name, several in drawn.items() if several}
        if series:
            charts.append(_chart(task, series))
    return charts


def _log(values: dict[str, Any]) -> Log:
    losses = dig(values, "training", "losses")
    return [line for line in losses if isinstance(line, dict)] if isinstance(losses, list) else []


def _points(log: Log, task: str) -> Points:
    """Steps and losses, averaged over neighbours where there are too many to be told apart."""
    pairs = [(finite(line.get("step")), finite(line.get(task))) for line in log]
    points = [(step, loss) for step, loss in pairs if step is not None and loss is not None]
    together = -(-len(points) // _POINTS)
    groups = [points[start : start + together] for start in range(0, len(points), max(1, together))]
    return [(group[-1][0], mean([loss for _, loss in group]) or 0.0) for group in groups]


def _chart(task: str, series: dict[str, list[Points]]) -> Chart:
    everything = [point for several in series.values() for points in several for point in points]
    x_values, y_values = _ticks([0.0, *(x for x, _ in everything)]), _ticks([y for _, y in everything])
    # The lowest tick may lie under all points; the axes begin and end at ticks.
    (x_low, x_high), (y_low, y_high) = (x_values[0], x_values[-1]), (y_values[0], y_values[-1])

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return _scale(point[0], x_low, x_high, _LEFT, _RIGHT), _scale(point[1], y_low, y_high, _BOTTOM, _TOP)

    lines = []
    for number, (name, several) in enumerate(series.items()):
        placed = [[place(point) for point in points] for points in several]
        parts = [(" ".join(f"{x},{y}" for x, y in places), places[-1]) for places in placed]
        lines.append(Line(name, number, len(parts), parts))
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
