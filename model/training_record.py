"""What a training keeps in its work folder: the losses of every step, validations, states; and how it goes on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from contract.errors import InputError
from model.training_plan import LOG_EVERY, Running, Schedule
from model.training_state import Line, States, StepLog, damaged
from model.training_step import Taken

_SHOWN = 8  # ids of a batch whose loss is no number; the rest stands in a file


class Record:
    """The record of a training.

    The losses of every step are written with all their digits. They are read off the device where a line is closed or
    a state is saved, so that a GPU is not waited for in every step; no state is saved behind a loss that is no number.

    Args:
        work: the work folder.
        label: what the training is called.
        schedule: steps and rates.
        running: how many states are kept, and the metric that names the best weights.
    """

    def __init__(self, work: Path, label: str, schedule: Schedule, running: Running) -> None:
        self._work, self._label, self._schedule, self._running = work, label, schedule, running
        self.losses, self.validation = StepLog(work / "losses.jsonl"), StepLog(work / "validation.jsonl")
        self._states = States(work, running.keep_checkpoints)
        self._unread: list[Taken] = []
        self._line: list[Line] = []  # the steps since the last line of the log

    def resume(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Goes on from the last state, where there is one; returns the steps that are done.

        Raises:
            InputError: where state or losses are damaged.
        """
        done = self._states.resume(network, optimiser)
        steps = range(1, done + 1)
        validations = sum(self._running.validates(step, self._schedule.steps) for step in steps)
        for log, expected in ((self.losses, done), (self.validation, validations)):
            if log.cut(done) != expected:
                raise damaged(self._work, f"{log.path.name} lacks a step", "the training then starts anew")
        self._line = [line for line in self.losses.lines() if line["step"] > done - done % LOG_EVERY]
        return done

    def add(self, taken: Taken) -> None:
        """Notes a step without waiting for it."""
        self._unread.append(taken)

    def read(self) -> None:
        """Writes the losses of the steps that were noted.

        Raises:
            InputError: where one is no number; names task, step and samples. Or where the disk is full.
        """
        if not self._unread:
            return
        scalars = [scalar.float() for taken in self._unread for scalar in (*taken.losses.values(), taken.norm)]
        numbers = iter(torch.stack(scalars).tolist())
        lines: list[Line] = []
        for taken in self._unread:
            found = {task: next(numbers) for task in taken.losses}
            norm = next(numbers)
            for task, loss in found.items():
                if not math.isfinite(loss):
                    raise self._no_number(f"the loss of {task}", loss, taken, taken.keys[task])
            if not math.isfinite(norm):
                raise self._no_number(
                    "the gradient", norm, taken, [key for keys in taken.keys.values() for key in keys]
                )
            lines.append({"step": taken.step} | found)
        self.losses.add(lines)
        self._line += lines
        self._unread = []

    def _no_number(self, what: str, value: float, taken: Taken, keys: list[str]) -> InputError:
        path = self._work / "no_number.json"
        path.write_text(json.dumps({"step": taken.step, "keys": taken.keys}, ensure_ascii=False, indent=1) + "\n")
        shown = ", ".join(keys[:_SHOWN]) + (" …" if len(keys) > _SHOWN else "")
        return InputError(
            f"{self._label}: {what} in step {taken.step} is {value}. Its samples: {shown} (all of them: {path}).",
            "a number.", "lower the rate, or look at the samples; the last state before it is kept.",
        )  # fmt: skip

    def close_line(self) -> Line:
        """Learning rate and averaged losses since the last line of the log."""
        steps, self._line = self._line, []
        return _averaged(steps, self._schedule)

    def add_validation(self, done: int, metrics: dict[str, float], weights: Mapping[str, Tensor]) -> None:
        """Notes a validation, and saves the weights where they are the best so far.

        Raises:
            InputError: where a metric is no number, or the disk is full.
        """
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise InputError(f"{self._label}: {name} after step {done} is {value}.", "a number.", "lower the rate.")
        self.validation.add([{"step": done} | metrics])
        if self.best_step() == done:
            self._states.save_best(done, weights)

    def save(self, done: int, tensors: Mapping[str, Tensor]) -> None:
        """Saves the state after a step, which ``state_of`` gives, and all of whose losses were read.

        Raises:
            InputError: where the disk is full.
        """
        self._states.save(done, tensors, (self.losses, self.validation))

    def best_step(self) -> int | None:
        """The step whose metric is the lowest, the first of equal ones; None where no metric is asked for."""
        if not self._running.best_metric:
            return None
        best = min(self.validation.lines(), key=lambda line: line[self._running.best_metric])
        return int(best["step"])

    def load_best(self, network: nn.Module) -> None:
        """Puts the best weights into the network; leaves the last ones where no metric is asked for.

        Raises:
            InputError: where they are damaged.
        """
        best = self.best_step()
        if best is not None:
            self._states.load_best(best, network)

    def averaged(self) -> list[Line]:
        """The log: step, learning rate and averaged losses of every 20 steps."""
        lines: list[Line] = []
        steps: list[Line] = []
        for step in self.losses.lines():
            steps.append(step)
            if step["step"] % LOG_EVERY == 0 or step["step"] == self._schedule.steps:
                lines.append(_averaged(steps, self._schedule))
                steps = []
        return lines


def _averaged(steps: Iterable[Line], schedule: Schedule) -> Line:
    values: dict[str, list[float]] = {}
    last = 0
    for step in steps:
        last = int(step["step"])
        for name, value in step.items():
            values.setdefault(name, []).append(value)
    means = {name: round(sum(several) / len(several), 5) for name, several in sorted(values.items()) if name != "step"}
    return {"step": last, "learning_rate": schedule.rate(last - 1)} | means
