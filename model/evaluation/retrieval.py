"""Retrieval: mean recall both ways, exact over all pairs, and by a shortlist beside it where one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, cast

import numpy as np

from model import retrieval_metrics
from model.data import Ints
from model.evaluation.measured import averages
from model.evaluation.pictures import evaluated
from model.evaluation.shortlisted import beside_exact, totals
from model.network import UnderstandingNetwork
from model.regions import RegionStore
from model.retrieval import score_all_pairs
from model.retrieval_metrics import FIVE_DUPLICATED, UNIQUE
from model.task_config import EvaluateConfig
from model.task_data import Caption
from model.task_inputs import Inputs


def measure(inputs: Inputs, config: EvaluateConfig, parts: Sequence[str]) -> dict[str, Any]:
    """Mean recall and its parts by protocol and language.

    Within a language, the candidates are the pictures that have a caption in it, and all of these captions.
    """
    network = cast(UnderstandingNetwork, inputs.network)
    store, split, told = evaluated(inputs, config, parts)
    chosen = {lang: _first(several, config.captions_per_image) for lang, several in split.by_language.items()}
    every = iter(inputs.tokens_of([caption for several in chosen.values() for caption in several], "captions"))
    tokens = {lang: list(islice(every, len(several))) for lang, several in chosen.items()}
    found: dict[str, dict[str, Any]] = {}
    for images, languages in _with_the_same_pictures(chosen).items():
        captions = {lang: chosen[lang] for lang in languages}
        found |= _by_protocol(network, store, images, captions, tokens, config.tokens_per_batch)
    protocols: dict[str, dict[str, Any]] = {UNIQUE: {}, FIVE_DUPLICATED: {}}
    for lang in chosen:
        for protocol, measured in found[lang].items():
            protocols.setdefault(protocol, {})[lang] = measured
    for lang, one in protocols[UNIQUE].items():
        counted = f"{one['captions']} captions, {one['images']} pictures, chance {one['chance']:.2f}"
        print(f"  {lang}: mR {one['mR']:.2f} ({counted})")
    return told | {
        "captions_per_image": config.captions_per_image or "all", "ties": "stable hash of the candidate's id",
        "reads": inputs.reads, "protocols": protocols,
    } | beside_exact(network, chosen, tokens, store, protocols[UNIQUE], config)  # fmt: skip


def primary(metrics: dict[str, Any]) -> float:
    """The mR of all languages, each caption counted once."""
    return float(np.mean([one["mR"] for one in metrics["protocols"][UNIQUE].values()]))


def summary(metrics: dict[str, Any]) -> dict[str, Any]:
    """Mean recall over the languages, and what the shortlist saved and cost in all of them."""
    return {"averages": {UNIQUE: averages(metrics["protocols"][UNIQUE], "mR")}} | totals(metrics)


def _by_protocol(
    network: UnderstandingNetwork,
    store: RegionStore,
    images: Sequence[str],
    captions: Mapping[str, Sequence[Caption]],
    tokens: Mapping[str, Sequence[Ints]],
    tokens_per_batch: int,
) -> dict[str, dict[str, Any]]:
    """What is measured of languages that have the same pictures, by language and protocol."""
    texts = [one for lang in captions for one in tokens[lang]]
    scores = score_all_pairs(network, texts, store, [store.row_of[one] for one in images], tokens_per_batch)
    print(
        f"evaluate: {', '.join(captions)}: {len(texts):,} captions × {len(images):,} pictures, "
        f"{scores.pairs_per_second:,.0f} pairs/s on {network.device}."
    )
    place = {image_id: position for position, image_id in enumerate(images)}
    ends = np.cumsum([len(several) for several in captions.values()])
    return {
        lang: retrieval_metrics.by_protocol(
            part, [caption.caption_id for caption in several], images, [place[caption.image_id] for caption in several]
        )
        for part, (lang, several) in zip(np.split(scores.matrix, ends[:-1]), captions.items(), strict=True)
    }


def _with_the_same_pictures(captions: Mapping[str, Sequence[Caption]]) -> dict[tuple[str, ...], list[str]]:
    """Languages by the pictures that they have: those of a group are scored together, and no pair that none reads."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for lang, several in captions.items():
        groups.setdefault(tuple(sorted({caption.image_id for caption in several})), []).append(lang)
    return groups


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
