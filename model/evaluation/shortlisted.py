"""Retrieval by a shortlist, beside the exact figures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from model import retrieval_metrics
from model.data import Ints
from model.network import UnderstandingNetwork
from model.regions import RegionStore
from model.shortlist import shortlisted
from model.task_config import EvaluateConfig
from model.task_data import Caption


def beside_exact(
    network: UnderstandingNetwork,
    captions: Mapping[str, Sequence[Caption]],
    tokens: Mapping[str, Sequence[Ints]],
    store: RegionStore,
    exact: Mapping[str, dict[str, Any]],
    config: EvaluateConfig,
) -> dict[str, Any]:
    """What a shortlist of the depth that is asked for finds in each language; nothing where none is asked for.

    Args:
        network: in evaluation mode. One without contrastive head has no shortlist, which is said.
        captions: by language, each within the same pictures and captions as in the exact evaluation.
        tokens: of these captions.
        store: the regions.
        exact: what was measured over all pairs of each language.
        config: the settings.
    """
    if not config.shortlist_depth:
        return {}
    if network.contrastive is None:
        print("evaluate: the checkpoint has no contrastive head: no shortlist.")
        return {}
    languages = {}
    for lang, several in captions.items():
        images, began = sorted({caption.image_id for caption in several}), time.monotonic()
        place, ids = {image_id: at for at, image_id in enumerate(images)}, [caption.caption_id for caption in several]
        found = shortlisted(
            network, tokens[lang], ids, store, [store.row_of[one] for one in images], images,
            config.shortlist_depth, config.tokens_per_batch,
        )  # fmt: skip
        seconds = time.monotonic() - began
        truth = [place[caption.image_id] for caption in several]
        measured = retrieval_metrics.measured(retrieval_metrics.ranks(found.order_CP, ids, images, truth))
        passes = {"joint_passes": found.joint_passes, "exact_passes": found.order_CP.size}
        difference = round(exact[lang]["mR"] - measured["mR"], 2)
        languages[lang] = measured | {"exact_mR": exact[lang]["mR"], "difference": difference} | passes
        print(
            f"  {lang}: shortlist of {config.shortlist_depth}: mR {measured['mR']:.2f}, exact {exact[lang]['mR']:.2f}; "
            f"{passes['exact_passes'] / passes['joint_passes']:.1f} times fewer joint passes, {seconds:,.1f} s."
        )
    return {"shortlist": {"depth": config.shortlist_depth, "languages": languages}}


def totals(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The shortlist with its figures over all languages; nothing where there is none."""
    if "shortlist" not in metrics:
        return {}
    languages = metrics["shortlist"]["languages"].values()
    passes = {name: sum(one[name] for one in languages) for name in ("joint_passes", "exact_passes")}
    largest = max((one["difference"] for one in languages), key=abs)
    return {"shortlist": metrics["shortlist"] | passes | {"largest_difference": largest}}
