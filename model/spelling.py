"""Which tokens each language is written with, so that a text comes out in the language that is asked for.

A decoder that was fine-tuned on English alone answers in English, whatever language's embedding it is given. The beam
search therefore takes only tokens that occur in texts of the wanted language, which pre-training and fine-tuning count
here. Languages of one script share many pieces: this is a filter of tokens, and no proof that a sentence is German.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from model.config import NetworkConfig
from model.data import Ints, Texts
from model.network import GenerationNetwork
from model.tokenizer import Tokenizer

_AT_ONCE = 1 << 17  # texts that are counted together: tokens of large corpora lie on the disk
_RAREST = 1e-6  # share of a language's tokens; in large corpora what is rarer stands in foreign names and quotations


def learn_spelling(network: GenerationNetwork, tokenizer: Tokenizer, several: Iterable[Texts]) -> None:
    """Adds to what a network knows of each language the tokens that its texts are written with.

    A token is a language's where it is at least one in a million of the tokens of these texts. What writes no letter,
    such as digits and punctuation, is every language's. A language of which no text was seen yet may be written with
    all tokens. A network of an older checkpoint, which knows nothing of this, stays so.

    Args:
        network: its table is changed in place.
        tokenizer: the network's.
        several: texts in the network's languages; others, such as code-switched ones, are passed over.
    """
    table_LV = network.spelling_LV
    if table_LV is None:
        return
    none_LV = np.zeros(table_LV.shape, np.int64)
    counts_LV = torch.from_numpy(sum((_counts(texts, network.config) for texts in several), none_LV))
    shared_V = torch.tensor([not tokenizer.writes_letters(token) for token in range(tokenizer.vocabulary)])
    for known_V, counts_V in zip(table_LV, counts_LV, strict=True):
        if counts_V.any():
            own_V = ((counts_V > _RAREST * counts_V.sum()) | shared_V).to(known_V.device)
            known_V.copy_(own_V if bool(known_V.all()) else known_V | own_V)


def _counts(texts: Texts, network: NetworkConfig) -> Ints:
    """How often each token stands in the texts of each of the network's languages, [L, V]."""
    shape = (len(network.languages), network.vocabulary)
    number_of = {lang: number for number, lang in enumerate(network.languages)}
    counts = np.zeros(shape[0] * shape[1], np.int64)
    for start in range(0, len(texts), _AT_ONCE):
        languages = texts.languages[start : start + _AT_ONCE]
        pairs = zip(languages, texts.tokens[start : start + _AT_ONCE], strict=True)
        own = [(number_of[lang], tokens) for lang, tokens in pairs if lang in number_of]
        if own:
            of_token = np.repeat([number for number, _ in own], [len(tokens) for _, tokens in own])
            together = np.concatenate([tokens for _, tokens in own])
            counts += np.bincount(of_token * network.vocabulary + together, minlength=len(counts))
    return counts.reshape(shape)
