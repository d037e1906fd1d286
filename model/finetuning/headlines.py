"""News titles: the headline from the body of a piece of news, in its language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch

from model.data import Texts, pad, tokenise
from model.finetuning.lesson import ALL, Lesson
from model.headlines_data import languages_of, read_headlines
from model.languages import rows_of_languages
from model.objectives import next_tokens
from model.order import Order
from model.prepared import Titled
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs, given
from model.training_step import Draw
from model.work import work_of

_SPLIT = "train"


def parts(inputs: Inputs) -> Sequence[str]:
    """The languages of the training news."""
    return languages_of(given(inputs.data, "data"), _SPLIT)


def lesson(inputs: Inputs, config: FinetuneConfig, setting: str, seed: int) -> Lesson:
    """News of a language, or of all."""
    headlines, bodies = _texts(inputs, setting)
    number_of = rows_of_languages(inputs.network.config, headlines.languages)
    order = Order(len(headlines), seed, "finetune", "headlines")

    def draws(step: int) -> list[Draw]:
        rows = order.batch(step, config.batch_size).tolist()
        chosen = headlines.of(rows)
        tokens, languages = pad(chosen.tokens), torch.tensor([number_of[lang] for lang in chosen.languages])
        batch = Titled(tuple(chosen.keys), tokens, pad(bodies.of(rows).tokens), languages, next_tokens(tokens))
        return [Draw("headlines", batch, work_of(batch, inputs.network.config))]

    counts = dict(sorted(Counter(headlines.languages).items()))
    return Lesson(counts, config.steps, draws, [headlines, bodies], list(counts))


def _texts(inputs: Inputs, setting: str) -> tuple[Texts, Texts]:
    """Headlines and bodies of a setting, tokenised, where both hold a token."""
    found = read_headlines(given(inputs.data, "data"), _SPLIT, () if setting == ALL else (setting,))
    languages = [lang for lang, news in found.items() for _ in news.rows]
    keys = [f"{lang}-{row}" for lang, news in found.items() for row in news.rows]
    nowhere = np.full(len(keys), -1, np.int64)

    def tokenised(texts: list[str], what: str) -> Texts:
        return Texts(tokenise(inputs.tokenizer, texts, inputs.longest, what), languages, nowhere, keys)

    headlines = tokenised([text for news in found.values() for text in news.headlines], "headlines")
    bodies = tokenised([text for news in found.values() for text in news.bodies], "bodies of news")
    pairs = zip(headlines.tokens, bodies.tokens, strict=True)
    held = [row for row, pair in enumerate(pairs) if min(map(len, pair)) > 2]
    return headlines.of(held), bodies.of(held)
