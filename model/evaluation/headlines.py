"""News titles: BLEU-4 by language, and some headlines to look at."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from model.captioning import BeamSearch, write_texts
from model.data import pad, tokenise
from model.evaluation.written import measured
from model.headlines_data import read_headlines
from model.languages import without_embedding
from model.network import GenerationNetwork
from model.task_config import EvaluateConfig
from model.task_inputs import Inputs, given

_SHOWN = 400  # characters of a body in the samples


def measure(inputs: Inputs, config: EvaluateConfig, parts: Sequence[str]) -> dict[str, Any]:
    """BLEU-4 by language."""
    network = cast(GenerationNetwork, inputs.network)
    news_of = read_headlines(given(inputs.data, "data"), config.split, parts)
    unknown = without_embedding(network.config, ([lang] for lang in news_of))
    how = BeamSearch(config.beam, config.length_penalty, config.max_caption_length)
    languages: dict[str, dict[str, Any]] = {}
    samples: list[dict[str, str]] = []
    for lang, all_news in news_of.items():
        if lang in unknown:
            continue
        news, start = all_news.sample(config.max_images), time.monotonic()
        generated = headlines_of(inputs, news.bodies, lang, how, config.images_per_batch)
        languages[lang] = measured(generated, news.headlines, lang, network.config.languages)
        pace = len(news.rows) / (time.monotonic() - start)
        bleu = languages[lang]["BLEU-4"]
        print(f"  {lang}: BLEU-4 {bleu:.2f} ({len(news.rows)} headlines, {pace:,.1f} headlines/s)")
        samples += [
            {"language": lang, "source": body[:_SHOWN], "reference": headline, "generated": text}
            for body, headline, text in list(zip(news.bodies, news.headlines, generated, strict=True))[: config.samples]
        ]
    return {
        "split": config.split, "beam": config.beam, "length_penalty": config.length_penalty,
        "rows_left_out": {lang: dict(sorted(news.left_out.items())) for lang, news in news_of.items() if news.left_out},
        "languages_left_out": unknown, "languages": languages, "samples": samples,
    }  # fmt: skip


def primary(metrics: dict[str, Any]) -> float:
    """The BLEU-4 of all languages."""
    return float(np.mean([one["BLEU-4"] for one in metrics["languages"].values()]))


def summary(metrics: dict[str, Any]) -> dict[str, Any]:
    """Nothing: BLEU-4 of different languages comes from different tokens, so that its mean means little."""
    return {}


def headlines_of(inputs: Inputs, bodies: Sequence[str], lang: str, how: BeamSearch, at_once: int) -> list[str]:
    """A headline for each body, in its language."""
    network = cast(GenerationNetwork, inputs.network)
    tokens = tokenise(inputs.tokenizer, bodies, inputs.longest, f"bodies of news in {lang}")
    language = network.config.languages.index(lang)

    def encoded(numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
        languages = torch.full((len(numbers),), language, device=network.device)
        return network.encode_text(pad([tokens[number] for number in numbers]).to(network.device), languages)

    return write_texts(
        network, inputs.tokenizer, encoded, [len(one) for one in tokens], lang, how, at_once, f"headlines in {lang}"
    )
