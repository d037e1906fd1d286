"""The captions and pictures that retrieval and captioning are evaluated on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from model.regions import RegionStore
from model.task_config import EvaluateConfig
from model.task_data import Captions, read_split
from model.task_inputs import Inputs, given


def evaluated(
    inputs: Inputs, config: EvaluateConfig, languages: Sequence[str]
) -> tuple[RegionStore, Captions, dict[str, Any]]:
    """The regions, the captions of the split in some languages, and what the metrics say of them.

    Raises:
        InputError: where captions or regions are not what the checkpoint needs.
    """
    store = inputs.store()
    split = read_split(given(inputs.captions, "captions"), store, config.split, languages)
    sample = split.sample(config.max_images)
    told = {
        "split": config.split, "images": len(sample.images()),
        "images_sampled": sample.by_language != split.by_language,
        "captions_skipped_without_regions": split.without_regions,
    }  # fmt: skip
    return store, sample, told
