"""Checkpoints and detectors on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from flows.inspection.checkpoint import CheckpointView
from flows.inspection.table import new_console, print_table
from flows.inspection.weights import Tensor
from flows.shown import counted, flat, one_line, shown, size

_CELL, _NAME = 120, 40  # characters of a value


def print_checkpoints(views: Sequence[CheckpointView]) -> None:
    """Prints one checkpoint, or a table of several."""
    console = new_console()
    if len(views) == 1:
        _print_checkpoint(console, views[0])
        return
    print_table(console, "Checkpoints", ["name", "network", "stage", "steps", "weights", "size"], [
        [view.place.name, network_cell(view), *training_cells(view), *_sizes(view)] for view in views
    ])  # fmt: skip


def _sizes(view: CheckpointView) -> list[str]:
    return [f"{view.numbers:,}", size(view.bytes)] if view.tensors else ["", ""]


def network_cell(view: CheckpointView) -> str:
    """Which network, or what there is instead of one."""
    if view.left_out:
        return "left out"
    return f"one each: {', '.join(view.parts)}" if view.parts else shown(view.network.get("network", ""), _NAME)


def training_cells(view: CheckpointView) -> list[str]:
    """Stage with its task and setting, and the steps that were made."""
    parameters = view.training.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    task = ", ".join(str(parameters[name]) for name in ("task", "setting") if name in parameters)
    steps = " to ".join(str(step) for step in dict.fromkeys((view.steps[0], view.steps[-1]))) if view.steps else "—"
    return [shown(view.training.get("stage", ""), 20) + (f": {shown(task, _NAME)}" if task else ""), steps]


def _print_checkpoint(console: Console, view: CheckpointView) -> None:
    if view.classes:
        _print_detector(console, view)
        return
    stage, steps = training_cells(view)
    trained = f"trained in {steps} {'step' if view.steps == [1] else 'steps'}" if view.steps else "nothing trained"
    if view.parts:
        print(one_line(f"Checkpoints for {', '.join(view.parts)} in {view.place}, by the stage {stage}, {trained}"))
    elif view.left_out:
        print(one_line(f"No checkpoint in {view.place}, by the stage {stage}, {trained}: {view.left_out}"))
    else:
        kind = view.network.get("network", "")
        print(one_line(f"Checkpoint of the {kind} network in {view.place}, by the stage {stage}, {trained}"))
        print(_numbers(view))
    print_table(console, "Network", ["setting", "value"], _cells(view.network))
    training = {name: value for name, value in view.training.items() if name not in ("losses", "inputs")}
    print_table(console, "Trained with", ["setting", "value"], _cells(training))
    print_table(console, "Trained on", ["input", "sha256"], _cells(view.training.get("inputs")))
    losses = view.training.get("losses")
    if isinstance(losses, list) and losses and isinstance(losses[-1], dict):
        print_table(console, "Last losses", ["name", "value"], _cells(losses[-1]))
    _print_largest(console, view)


def _print_detector(console: Console, view: CheckpointView) -> None:
    print(one_line(f"Detector {view.network.get('architecture', '')} in {view.place}"))
    print(_numbers(view))
    settings = {name: value for name, value in view.network.items() if name not in view.classes}
    print_table(console, "Detector", ["setting", "value"], _cells(settings))
    for of, names in view.classes.items():
        print_table(console, of, [counted(len(names), "name")], [[", ".join(names)]] if names else [])
    _print_largest(console, view)


def _numbers(view: CheckpointView) -> str:
    return f"{counted(view.numbers, 'number')} in {counted(len(view.tensors), 'tensor')}, {size(view.bytes)}"


def _print_largest(console: Console, view: CheckpointView) -> None:
    print_table(console, "Largest tensors", ["name", "type", "shape"], [
        [one.name, one.kind, str(one.shape)] for one in largest(view)
    ])  # fmt: skip


def _cells(values: Any) -> list[list[str]]:
    return [[name, shown(value, _CELL)] for name, value in flat(values)] if isinstance(values, dict) else []


def largest(view: CheckpointView) -> list[Tensor]:
    """Its ten largest tensors."""
    return sorted(view.tensors, key=lambda one: (-one.numbers, one.name))[:10]
