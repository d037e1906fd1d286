"""Captioning: the caption from the regions, token after token, in the language that is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from model import objectives
from model.data import pad
from model.finetuning.captions import languages_of, read_texts
from model.finetuning.lesson import Lesson
from model.languages import rows_of_languages
from model.order import Order
from model.prepared import Captioned
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs
from model.training_step import Draw
from model.work import work_of


def parts(inputs: Inputs) -> Sequence[str]:
    """The languages of the training captions."""
    return languages_of(inputs)


def lesson(inputs: Inputs, config: FinetuneConfig, setting: str, seed: int) -> Lesson:
    """Captions of a language, or of all."""
    store = inputs.store()
    texts, counts = read_texts(inputs, store, setting)
    rows, order = (
        rows_of_languages(inputs.network.config, texts.languages),
        Order(len(texts), seed, "finetune", "captioning"),
    )

    def draws(step: int) -> list[Draw]:
        chosen = texts.of(order.batch(step, config.batch_size).tolist())
        tokens, languages = pad(chosen.tokens), torch.tensor([rows[lang] for lang in chosen.languages])
        batch = Captioned(
            tuple(chosen.keys), tokens, store.batch(chosen.pictures), languages, objectives.next_tokens(tokens)
        )
        return [Draw("captioning", batch, work_of(batch, inputs.network.config))]

    return Lesson(counts, config.steps, draws, [texts], list(counts))
