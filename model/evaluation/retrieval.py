"""Retrieval: mean recall both ways, exact over all pairs, and by a shortlist beside it where one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from model import retrieval_metrics
from model.evaluation.pictures import evaluated
from model.evaluation.shortlisted import beside_exact, totals
from model.network import UnderstandingNetwork
from model.retrieval import score_all_pairs
from model.retrieval_metrics import FIVE_DUPLICATED, UNIQUE
from model.task_config import EvaluateConfig
from model.task_data import Caption
from model.task_inputs import Inputs


def measure(inputs: Inputs, config: EvaluateConfig, parts: Sequence[str], seed: int) -> dict[str, Any]:
    """Mean recall and its parts by protocol and language.

    Within a language, the candidates are the pictures that have a caption in it, and all of these captions.
    """
    network = cast(UnderstandingNetwork, inputs.network)
    store, split, told = evaluated(inputs, config, parts)
    chosen = {lang: _first(several, config.captions_per_image) for lang, several in split.by_language.items()}
    captions = [caption for several in chosen.values() for caption in several]
    images = split.images()
    tokens = inputs.tokens_of(captions, "captions")
    scores = score_all_pairs(network, tokens, store, [store.row_of[one] for one in images], config.tokens_per_batch)
    print(
        f"evaluate: {len(captions):,} captions × {len(images):,} pictures, {scores.pairs_per_second:,.0f} pairs/s "
        f"on {network.device}."
    )
    protocols: dict[str, dict[str, Any]] = {UNIQUE: {}, FIVE_DUPLICATED: {}}
    column_of = {image_id: column for column, image_id in enumerate(images)}
    start = 0
    for lang, several in chosen.items():
        own = sorted({caption.image_id for caption in several})
        place = {image_id: position for position, image_id in enumerate(own)}
        found = retrieval_metrics.by_protocol(
            scores.matrix[start : start + len(several)][:, [column_of[one] for one in own]],
            [caption.caption_id for caption in several], own, [place[caption.image_id] for caption in several],
        )  # fmt: skip
        for protocol, measured in found.items():
            protocols.setdefault(protocol, {})[lang] = measured
        start += len(several)
    for lang, measured in protocols[UNIQUE].items():
        print(f"  {lang}: mR {measured['mR']:.2f} ({measured['captions']} captions, {measured['images']} pictures)")
    return told | {
        "captions_per_image": config.captions_per_image or "all", "ties": "stable hash of the candidate's id",
        "reads": inputs.reads, "protocols": protocols,
    } | beside_exact(network, chosen, tokens, store, protocols[UNIQUE], config)  # fmt: skip


def primary(metrics: dict[str, Any]) -> float:
    """The mR of all languages, each caption counted once."""
    return float(np.mean([one["mR"] for one in metrics["protocols"][UNIQUE].values()]))


def summary(metrics: dict[str, Any]) -> dict[str, Any]:
    """Mean recall over the languages, and what the shortlist saved and cost in all of them."""
    return {"averages": {UNIQUE: retrieval_metrics.averages(metrics["protocols"][UNIQUE])}} | totals(metrics)


def _first(captions: list[Caption], per_image: int) -> list[Caption]:
    """The first captions of each picture; all where ``per_image`` is 0. They are sorted by picture already."""
    if not per_image:
        return captions
    taken: dict[str, int] = {}
    kept = []
    for caption in captions:
        taken[caption.image_id] = taken.get(caption.image_id, 0) + 1
        if taken[caption.image_id] <= per_image:
            kept.append(caption)
    return kept
