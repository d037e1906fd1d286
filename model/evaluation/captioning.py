"""Captioning: BLEU-4 and CIDEr by language against all of a picture's captions, and some captions to look at."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from model.bootstrap import interval, interval_of_mean, resampled_sums
from model.caption_metrics import bleu4_of, bleu_statistics, cider_scores
from model.caption_tokens import caption_tokens, tokenizer_name
from model.captioning import BeamSearch, caption_pictures
from model.evaluation.pictures import evaluated
from model.languages import without_embedding
from model.network import GenerationNetwork
from model.task_config import EvaluateConfig
from model.task_inputs import Inputs
from model.told_language import shares_in_language


def measure(inputs: Inputs, config: EvaluateConfig, parts: Sequence[str]) -> dict[str, Any]:
    """BLEU-4 and CIDEr by language. The language of a caption is the one that is asked for."""
    network = cast(GenerationNetwork, inputs.network)
    store, split, told = evaluated(inputs, config, parts)
    unknown = without_embedding(network.config, ([lang] for lang in split.by_language))
    how = BeamSearch(config.beam, config.length_penalty, config.max_caption_length)
    languages: dict[str, dict[str, Any]] = {}
    samples: list[dict[str, str]] = []
    for lang, several in split.by_language.items():
        if lang in unknown:
            continue
        references: dict[str, list[str]] = {}
        for caption in several:
            references.setdefault(caption.image_id, []).append(caption.text)
        rows = [store.row_of[image_id] for image_id in references]
        start = time.monotonic()
        generated = caption_pictures(network, inputs.tokenizer, store, rows, lang, how, config.images_per_batch)
        languages[lang] = _measured(generated, list(references.values()), lang)
        every = [text for several in references.values() for text in several]
        languages[lang] |= shares_in_language(generated, every, lang, network.config.languages)
        print(f"  {lang}: BLEU-4 {languages[lang]['BLEU-4']:.2f}, CIDEr {languages[lang]['CIDEr']:.2f} "
              f"({len(rows)} pictures, {len(rows) / (time.monotonic() - start):,.1f} pictures/s)")  # fmt: skip
        samples += [
            {"image_id": image_id, "language": lang, "reference": texts[0], "generated": text}
            for (image_id, texts), text in list(zip(references.items(), generated, strict=True))[: config.samples]
        ]
    return told | {
        "beam": config.beam, "length_penalty": config.length_penalty, "languages_left_out": unknown,
        "languages": languages, "samples": samples,
    }  # fmt: skip


def primary(metrics: dict[str, Any]) -> float:
    """The BLEU-4 of all languages."""
    return float(np.mean([one["BLEU-4"] for one in metrics["languages"].values()]))


def summary(metrics: dict[str, Any]) -> dict[str, Any]:
    """Nothing: the languages' scores come from different tokens, so that their mean means little."""
    return {}


def _measured(generated: list[str], references: list[list[str]], lang: str) -> dict[str, Any]:
    hypotheses = [caption_tokens(text, lang) for text in generated]
    targets = [[caption_tokens(text, lang) for text in several] for several in references]
    statistics = np.array([bleu_statistics(*pair) for pair in zip(hypotheses, targets, strict=True)])
    ciders = 100 * np.array(cider_scores(hypotheses, targets))
    return {
        "BLEU-4": round(100 * bleu4_of(statistics.sum(axis=0)), 2),
        "BLEU-4_interval": interval([100 * bleu4_of(sums) for sums in resampled_sums(statistics)]),
        "CIDEr": round(float(ciders.mean()), 2),
        "CIDEr_interval": interval_of_mean(ciders),
        "items": len(generated),
        "references": sum(map(len, references)),
        "empty": sum(not tokens for tokens in hypotheses),
        "tokenizer": tokenizer_name(lang),
    }
