"""A picture in words, from a checkpoint that was trained for captioning."""

from __future__ import annotations

from typing import cast

from contract.errors import InputError
from model.captioning import BeamSearch, caption_pictures
from model.checkpoint import Checkpoint
from model.languages import rows_of_languages
from model.network import GenerationNetwork
from model.regions import RegionStore
from model.task_config import EvaluateConfig

_EVALUATION = EvaluateConfig()  # whose defaults a caption is written with


def describe(opened: Checkpoint, store: RegionStore, image_id: str, lang: str, beam: int) -> str:
    """A caption of a picture.

    Args:
        opened: a checkpoint of the generation network.
        store: the regions, which fit the network.
        image_id: the picture.
        lang: one of the network's languages.
        beam: hypotheses kept.

    Raises:
        InputError: where the picture has no regions, or the network no such language.
    """
    network = cast(GenerationNetwork, opened.network)
    rows_of_languages(network.config, [lang])
    row = store.row_of.get(image_id)
    if row is None:
        few = ", ".join(sorted(store.row_of)[:3])
        raise InputError(
            f"The regions are of {len(store):,} pictures, and none is {image_id!r}.", f"one of them, such as {few}.",
            "give one of these, or a picture's file and the detector's folder (--detector).",
        )  # fmt: skip
    if not len(store.object_ids[row]):
        raise InputError(f"The picture {image_id!r} has no region.", "one at least.", "extract its regions again.")
    how = BeamSearch(beam, _EVALUATION.length_penalty, _EVALUATION.max_caption_length)
    return caption_pictures(network, opened.tokenizer, store, [row], lang, how, 1)[0]
