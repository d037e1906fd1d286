"""Multimodal translation: the sentence in another language from a sentence and the regions of its picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from contract.errors import InputError
from model.data import Texts, pad, tokenise
from model.finetuning.lesson import ALL, Lesson
from model.languages import rows_of_languages
from model.objectives import next_tokens
from model.order import Order
from model.prepared import Translated
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs, given
from model.training_step import Draw
from model.translation_data import Direction, read_parallel
from model.work import work_of

_SPLIT = "train"


def parts(inputs: Inputs) -> Sequence[str]:
    """The directions between English and every other language of the data, both ways."""
    return [one.name for one in read_parallel(given(inputs.data, "data"), _SPLIT, inputs.store()).directions]


def lesson(inputs: Inputs, config: FinetuneConfig, setting: str, seed: int) -> Lesson:
    """Sentences in the directions of a setting: ``all``, those out of a language such as ``en``, or one, ``en-de``."""
    store = inputs.store()
    parallel = read_parallel(given(inputs.data, "data"), _SPLIT, store)
    directions = _chosen(parallel.directions, setting)
    languages = sorted({lang for direction in directions for lang in direction})
    number_of = rows_of_languages(inputs.network.config, languages)
    texts = {
        lang: Texts(
            tokenise(inputs.tokenizer, parallel.sentences[lang], inputs.longest, f"sentences in {lang}"),
            [lang] * len(parallel.pictures), parallel.pictures, parallel.image_ids,
        )
        for lang in languages
    }  # fmt: skip
    rows = [
        (number, row)
        for number, direction in enumerate(directions)
        for row in parallel.rows(direction)
        if all(len(texts[lang].tokens[row]) > 2 for lang in direction)
    ]
    counts = np.bincount([number for number, _ in rows], minlength=len(directions)).tolist()
    order = Order(len(rows), seed, "finetune", "translation")

    def draws(step: int) -> list[Draw]:
        numbered = [rows[place] for place in order.batch(step, config.batch_size).tolist()]
        taken = [(directions[number], row) for number, row in numbered]
        tokens = pad([texts[direction.target].tokens[row] for direction, row in taken])
        batch = Translated(
            tuple(f"{parallel.image_ids[row]} {direction.name}" for direction, row in taken),
            pad([texts[direction.source].tokens[row] for direction, row in taken]),
            torch.tensor([number_of[direction.source] for direction, _ in taken]),
            store.batch(parallel.pictures[[row for _, row in taken]]),
            tokens, torch.tensor([number_of[direction.target] for direction, _ in taken]), next_tokens(tokens),
        )  # fmt: skip
        return [Draw("translation", batch, work_of(batch, inputs.network.config))]

    told = {direction.name: count for direction, count in zip(directions, counts, strict=True)}
    written = sorted({direction.target for direction in directions})
    return Lesson(told, config.steps, draws, list(texts.values()), written)


def _chosen(directions: Sequence[Direction], setting: str) -> list[Direction]:
    found = [one for one in directions if setting in (ALL, one.source, one.name)]
    if not found:
        there = ", ".join(one.name for one in directions)
        raise InputError(f"There is nothing to translate in the setting {setting!r}.", f"{ALL}, or one of {there}.")
    return found
