"""Choosing a fine-tuning's weights on held-out texts, by the metric that the task is evaluated by."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from typing import cast

from model.evaluation.measured import Evaluation
from model.task_config import EvaluateConfig, FinetuneConfig
from model.task_inputs import Inputs
from model.training import Validate

METRIC = "missed"  # percent that are missing to a perfect score: the lowest is the best, as of a loss
_SPLIT = "val"


def evaluation_of(task: str) -> Evaluation:
    """The module that evaluates a task."""
    return cast(Evaluation, import_module(f"model.evaluation.{task}"))


def validation(inputs: Inputs, config: FinetuneConfig, parts: Sequence[str]) -> Validate | None:
    """A function that evaluates the network as it is on the split val; None where the settings ask for none.

    Args:
        inputs: the network that is trained, and the data.
        config: the settings.
        parts: the languages or directions that it is trained on, in which it is evaluated.

    Raises:
        InputError: where the split has nothing to evaluate on, which is known before the training.
    """
    if not config.validate_every:
        return None
    asked = EvaluateConfig(
        task=config.task, split=_SPLIT, max_images=config.validate_items, max_pairs=config.validate_items,
        captions_per_image=1, beam=1, samples=0,
    )  # fmt: skip
    module = evaluation_of(config.task)

    def missed() -> dict[str, float]:
        with redirect_stdout(StringIO()):  # it would come between the lines of the training
            return {METRIC: 100 - module.primary(module.measure(inputs, asked, parts))}

    inputs.network.eval()
    missed()  # so that what cannot be evaluated is said now
    return missed
