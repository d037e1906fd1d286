"""The training loop that pre-training and fine-tuning share, from the first step or from the last saved state."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any

import torch
from torch import Tensor, nn

from contract.hashing import stable_hash
from contract.progress import Progress
from model.distributed import World
from model.interruption import StoppedError, asked_to_stop
from model.loader import Ahead
from model.training_log import Meter, TrainingLog, in_words
from model.training_plan import LOG_EVERY, Running, Schedule
from model.training_record import Record
from model.training_state import Line, States, state_of, weights_of
from model.training_step import Draw, Stepper

DrawsOfStep = Callable[[int], Sequence[Draw]]
_AHEAD = 4  # threads on a GPU that make batches before their turn; on a CPU one, since the step needs the others
Validate = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Trained:
    """What a training tells of itself; equal trainings tell the same.

    Attributes:
        losses: every 20 steps: step, learning rate and the mean of each loss by its name.
        validation: step and metrics of every validation.
        best_step: the step whose weights were kept; None where they are the last ones.
        weights: the network's, whole.
    """

    losses: list[Line]
    validation: list[Line]
    best_step: int | None
    weights: dict[str, Tensor]

    def told(self) -> dict[str, Any]:
        """As JSON values; of validation only where there was one."""
        validated = {"validation": self.validation, "best_step": self.best_step} if self.validation else {}
        return {"losses": self.losses} | validated


def train(
    network: nn.Module,
    draws_of: DrawsOfStep,
    schedule: Schedule,
    seed: int,
    label: str,
    work: Path,
    running: Running = Running(),  # noqa: B008 — frozen
    log: Path | None = None,
    validate: Validate | None = None,
    world: World = World(),  # noqa: B008 — frozen
) -> Trained:
    """Trains a network in place, going on from the work folder's state where there is one.

    Of several processes the first keeps the record, and what it returns tells of the training; the others' is empty.

    Args:
        network: the network.
        draws_of: what a step trains, counted from 0; depends on the step's number alone. Called in threads: in
            several at once where the network is on a GPU.
        schedule: steps and rates.
        seed: seeds dropout.
        label: what the progress bar says.
        work: folder for the training's state.
        running: precision, saved states, validation.
        log: folder for ``training.jsonl``, ``losses.jsonl`` and TensorBoard's event files; none where None.
        world: the processes that train it together.
        validate: metrics of held-out samples, lower is better; needed where ``running`` asks for validations.

    Raises:
        InputError: where a loss is no number any more, a saved state is damaged, or the disk is full.
        StoppedError: after SIGTERM or SIGINT, once the state is saved.
    """
    stepper = Stepper(network, schedule, running, world)
    if world.leads:
        record = Record(work, label, schedule, running)
        first = record.resume(network, stepper.optimiser)
    world.wait()
    if not world.leads:
        first = States(work, running.keep_checkpoints).resume(network, stepper.optimiser)
    world.wait()
    if first:
        print(f"resuming from step {first}", flush=True)
    peak = running.peak_tflops * world.size
    now, whole, note = Meter(stepper.device, peak), Meter(stepper.device, peak), ""
    steps, threads = range(first, schedule.steps), _AHEAD if stepper.device.type == "cuda" else 1
    with (
        asked_to_stop() as stop, Progress(label, schedule.steps, "steps", already=first) as bar,
        TrainingLog(log if world.leads else None, first) as told,
        Ahead(lambda step: list(map(stepper.ready, draws_of(step))), steps, threads, depth=threads + 1) as ahead,
    ):  # fmt: skip
        for step in steps:
            began = time.monotonic()
            ready = next(ahead)
            for meter in (now, whole):
                meter.count([one.draw for one in ready], waited=time.monotonic() - began)
            torch.manual_seed(stable_hash(seed, "dropout", step, *world.apart) % 2**63)
            taken, done = stepper.take(step, ready), step + 1
            asked_by = world.highest(stop.asked_by or 0)
            closes_line = done % LOG_EVERY == 0 or done == schedule.steps
            validates = validate is not None and running.validates(done, schedule.steps)
            saves = done % running.checkpoint_every == 0 or asked_by > 0
            state = state_of(network, stepper.optimiser, world.leads) if saves else {}
            if world.leads:
                record.add(taken)
                if closes_line or validates or saves or stepper.device.type == "cpu":
                    record.read()
                if closes_line:
                    note = told.line(record.close_line(), now.read())
                if validates and validate is not None:
                    metrics = _validated(network, stepper, validate)
                    record.add_validation(done, metrics, network.state_dict())
                    told.validation(done, metrics)
                if saves:
                    record.save(done, state)
                bar.update(note=note)
            if asked_by:
                raise StoppedError(label, f"after step {done} of {schedule.steps}", Signals(asked_by))
    last = weights_of(network, world.leads)
    if not world.leads:
        return Trained([], [], None, last)
    if first < schedule.steps:
        print(f"{label}: {in_words(whole.read())}.")
    if log is not None:
        shutil.copyfile(record.losses.path, log / record.losses.path.name)
    record.load_best(network)
    return Trained(record.averaged(), list(record.validation.lines()), record.best_step(), last)


def _validated(network: nn.Module, stepper: Stepper, validate: Validate) -> dict[str, float]:
    network.eval()
    with torch.no_grad(), stepper.autocast():
        return validate()
