"""The captions that retrieval and captioning train on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from model.data import Texts, without_empty
from model.finetuning.lesson import ALL
from model.regions import RegionStore
from model.task_data import read_split
from model.task_inputs import Inputs, given

_SPLIT = "train"


def languages_of(inputs: Inputs) -> Sequence[str]:
    """The languages of the training captions whose pictures have regions."""
    return list(read_split(given(inputs.captions, "captions"), inputs.store(), _SPLIT).by_language)


def read_texts(inputs: Inputs, store: RegionStore, setting: str) -> tuple[Texts, dict[str, int]]:
    """The training captions of a setting, tokenised, in the order of language, picture and caption, and their counts.

    Args:
        inputs: what the fine-tuning starts from.
        store: the regions.
        setting: a language, or ``all``.
    """
    split = read_split(given(inputs.captions, "captions"), store, _SPLIT, () if setting == ALL else (setting,))
    captions = [caption for several in split.by_language.values() for caption in several]
    texts = Texts(
        inputs.tokens_of(captions, "captions"),
        [caption.lang for caption in captions],
        np.array([store.row_of[caption.image_id] for caption in captions], np.int64),
        [caption.caption_id for caption in captions],
    )
    texts = without_empty(texts, "captions")
    return texts, dict(sorted(Counter(texts.languages).items()))
