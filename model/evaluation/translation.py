"""Multimodal translation: BLEU-4 by direction, and some translations to look at."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from contract.errors import InputError
from model.captioning import BeamSearch, write_texts
from model.data import pad, tokenise
from model.evaluation.measured import is_asked
from model.evaluation.written import measured
from model.languages import without_embedding
from model.network import GenerationNetwork
from model.regions import RegionStore
from model.task_config import EvaluateConfig
from model.task_inputs import Inputs, given
from model.translation_data import Direction, Parallel, read_parallel


def measure(inputs: Inputs, config: EvaluateConfig, parts: Sequence[str]) -> dict[str, Any]:
    """BLEU-4 by direction. A part is a direction, or one of the languages of those that are measured."""
    network, store = cast(GenerationNetwork, inputs.network), inputs.store()
    parallel = read_parallel(given(inputs.data, "data"), config.split, store).of_images(config.max_images)
    directions = [one for one in parallel.directions if is_asked(one.name, parts) and parallel.rows(one)]
    missing = [part for part in parts if not any(part == one.name or part in one for one in directions)]
    if missing or not directions:
        there = ", ".join(one.name for one in parallel.directions if parallel.rows(one)) or "none"
        what = missing[0] if missing else "any language"
        raise InputError(
            f"There is nothing to translate in {what} in the split {config.split!r}.",
            f"some of its directions: {there}.",
        )
    unknown = without_embedding(network.config, directions)
    how = BeamSearch(config.beam, config.length_penalty, config.max_translation_length)
    found: dict[str, dict[str, Any]] = {}
    samples: list[dict[str, str]] = []
    for direction in directions:
        if set(direction) & set(unknown):
            continue
        rows, start = parallel.rows(direction), time.monotonic()
        sources, references = ([parallel.sentences[lang][row] for row in rows] for lang in direction)
        generated = translate(inputs, store, parallel, rows, direction, how, config.images_per_batch)
        found[direction.name] = measured(generated, references, direction.target, network.config.languages)
        print(f"  {direction.name}: BLEU-4 {found[direction.name]['BLEU-4']:.2f} "
              f"({len(rows)} sentences, {len(rows) / (time.monotonic() - start):,.1f} sentences/s)")  # fmt: skip
        samples += [
            {"direction": direction.name, "source": source, "reference": reference, "generated": text}
            for source, reference, text in list(zip(sources, references, generated, strict=True))[: config.samples]
        ]
    return {
        "split": config.split, "images": len(set(parallel.image_ids)), "rows_left_out": parallel.left_out,
        "beam": config.beam, "length_penalty": config.length_penalty, "languages_left_out": unknown,
        "directions": found, "samples": samples,
    }  # fmt: skip


def primary(metrics: dict[str, Any]) -> float:
    """The BLEU-4 of all directions."""
    return float(np.mean([one["BLEU-4"] for one in metrics["directions"].values()]))


def summary(metrics: dict[str, Any]) -> dict[str, Any]:
    """Nothing: BLEU-4 of different languages comes from different tokens, so that its mean means little."""
    return {}


def translate(
    inputs: Inputs, store: RegionStore, parallel: Parallel, rows: Sequence[int], direction: Direction, how: BeamSearch,
    at_once: int,
) -> list[str]:  # fmt: skip
    """The translation of each of some rows, from the sentence and its picture's regions."""
    network = cast(GenerationNetwork, inputs.network)
    sentences = [parallel.sentences[direction.source][row] for row in rows]
    tokens = tokenise(inputs.tokenizer, sentences, inputs.longest, f"sentences in {direction.source}")
    pictures, source = parallel.pictures[list(rows)], network.config.languages.index(direction.source)

    def encoded(numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
        languages = torch.full((len(numbers),), source, device=network.device)
        regions = store.batch(pictures[list(numbers)]).to(network.device)
        return network.encode_joint(pad([tokens[number] for number in numbers]).to(network.device), languages, regions)

    return write_texts(
        network, inputs.tokenizer, encoded, [len(one) for one in tokens], direction.target, how, at_once,
        f"translations {direction.name}",
    )  # fmt: skip
