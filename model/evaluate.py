"""Evaluation of a checkpoint on a split of a task's data, in every language that it has.

    python -m model.evaluate --checkpoint DIR --captions DIR --regions DIR --out METRICS.json

The task is the one that the checkpoint was fine-tuned for; of a pre-trained checkpoint it is named, ``--task``. A
folder with a checkpoint for each language is evaluated as one, each in its own language.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from contract.command import Call, PathOption, run_stage
from contract.device import choose_device, use_threads
from contract.errors import InputError
from contract.outputs import METRICS
from model import checkpoint
from model.bootstrap import LEVEL, RESAMPLES
from model.choosing import evaluation_of
from model.evaluation.measured import is_asked, together
from model.left_out import why_left_out
from model.task_config import FINETUNED, QUERY, QUERY_CONTEXT, EvaluateConfig
from model.task_inputs import Inputs


def evaluate(call: Call[EvaluateConfig]) -> None:
    """The stage: loads the checkpoint, evaluates it, writes the metrics.

    Where nobody brought data for the task, the metrics say that.

    Raises:
        InputError: where the data is not what the checkpoint needs.
    """
    use_threads(call.config.threads)
    folder, parts = call.path("checkpoint"), checkpoint.read_index(call.path("checkpoint"))
    why = why_left_out(call.paths["data"], call.paths["captions"])
    if why:
        task = call.config.task or checkpoint.task_of(folder) or "the task"
        print(f"{task} is left out: {why}")
        _write(call, {"task": task, "left_out": why})
        return
    wanted = [part for part in parts if is_asked(part, call.config.languages)]
    if parts and not wanted:
        raise InputError(
            f"{folder} holds checkpoints for {', '.join(parts)}.", "one for a language that is to be evaluated."
        )
    task = task_of(call)
    _check_network(task, _first_of(folder))
    module = evaluation_of(task)
    metrics = together(
        [module.measure(_inputs(call, folder / part), call.config, [part]) for part in wanted]
        or [module.measure(_inputs(call, folder), call.config, call.config.languages)]
    )
    head = {"task": task, "weights": _weights(folder), "resamples": RESAMPLES, "interval_level": LEVEL}
    _write(call, head | metrics | module.summary(metrics))


def _write(call: Call[EvaluateConfig], metrics: dict[str, Any]) -> None:
    head = {"task": metrics["task"], "checkpoint": call.path("checkpoint").name, "seed": _seed(call)}
    out = call.path("out")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(head | metrics, indent=2, ensure_ascii=False) + "\n")


def _seed(call: Call[EvaluateConfig]) -> int:
    """The seed that the checkpoint says it was trained with; where it says none, that of the call."""
    seed = checkpoint.seed_of(call.path("checkpoint"))
    return call.seed if seed is None else seed


def _weights(folder: Path) -> str:
    """Which of a training's weights a checkpoint, or the first of a folder, holds."""
    return "last" if checkpoint.best_step_of(_first_of(folder)) is None else "best on val"


def task_of(call: Call[EvaluateConfig]) -> str:
    """The task that is named or, where none is, that a checkpoint was fine-tuned for, or its network's first one.

    Raises:
        InputError: where the folder is no checkpoint.
    """
    folder = _first_of(call.path("checkpoint"))
    task = call.config.task or checkpoint.task_of(folder)
    if task and task not in FINETUNED:
        raise InputError(
            f"{folder} was fine-tuned for {task!r}.", f"one of {', '.join(FINETUNED)}.", "name it: --task."
        )
    if task:
        return task
    network, _ = checkpoint.read_config(folder)
    return next(name for name, kind in FINETUNED.items() if kind == network.network)


def _first_of(folder: Path) -> Path:
    """The first checkpoint of a folder that holds one for each of several languages; otherwise the folder itself."""
    parts = checkpoint.read_index(folder)
    return folder / parts[0] if parts else folder


def _check_network(task: str, folder: Path) -> None:
    network, _ = checkpoint.read_config(folder)
    if FINETUNED.get(task) != network.network:
        raise InputError(
            f"{folder} is a checkpoint of the {network.network} network.",
            f"one of the {FINETUNED.get(task)} network, which {task} needs.",
        )


def _inputs(call: Call[EvaluateConfig], folder: Path) -> Inputs:
    loaded = checkpoint.load(folder, choose_device(call.config.device))
    paths, trained = call.paths, QUERY_CONTEXT if checkpoint.reads_of(folder) == QUERY_CONTEXT else QUERY
    reads = call.config.reads or trained
    return Inputs(loaded.network, loaded.tokenizer, paths["captions"], paths["regions"], paths["data"], reads)


PATHS = (
    PathOption("checkpoint", "folder of a checkpoint, or of a checkpoint for each language"),
    PathOption("captions", "dataset of captions, or of triples", required=False),
    PathOption("regions", "dataset of regions", required=False),
    PathOption("data", "folder of the task's own text files: translation, entailment, headlines", required=False),
    PathOption("out", "JSON file for the metrics", replaces=METRICS),
)


def main() -> int:
    """The stage's command line."""
    return run_stage(
        "evaluate", EvaluateConfig, PATHS, evaluate, "Evaluate a checkpoint, in every language.", task_of=task_of
    )


if __name__ == "__main__":
    sys.exit(main())
