"""Entailment: whether a hypothesis follows from a premise, contradicts it, or neither; a classifier over both texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch

from model.data import pad
from model.entailment_data import read_examples, read_judged
from model.finetuning.lesson import ALL, Lesson
from model.order import Order
from model.prepared import Classified
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs, given
from model.training_step import Draw
from model.work import work_of

_SPLIT = "train"


def parts(inputs: Inputs) -> Sequence[str]:
    """The languages of the training pairs."""
    examples = read_examples(given(inputs.data, "data"), _SPLIT, (), Counter())
    return sorted({example.lang for example in examples})


def lesson(inputs: Inputs, config: FinetuneConfig, setting: str, seed: int) -> Lesson:
    """Pairs of a language, or of all."""
    languages = () if setting == ALL else (setting,)
    pairs = read_judged(given(inputs.data, "data"), _SPLIT, languages, inputs.tokenizer, inputs.longest)
    order = Order(len(pairs), seed, "finetune", "entailment")

    def draws(step: int) -> list[Draw]:
        rows = order.batch(step, config.batch_size).tolist()
        batch = Classified(
            tuple(pairs.keys[row] for row in rows), pad([pairs.tokens[row] for row in rows]),
            torch.tensor([pairs.labels[row] for row in rows]),
        )  # fmt: skip
        return [Draw("entailment", batch, work_of(batch, inputs.network.config))]

    return Lesson(dict(sorted(Counter(pairs.languages).items())), config.steps, draws)
