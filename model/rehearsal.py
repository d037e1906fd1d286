"""Plain text that is rebuilt from noise beside a fine-tuning, so that the network does not forget its other languages.

A few hundred steps in English are enough for a decoder to give up what it wrote in German; the embedding of a language
then turns it no longer. So each step also has a batch of xDAE, as in pre-training, in the languages that the
fine-tuning does not write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from contract.hashing import stable_hash
from model.data import pad
from model.languages import rows_of_languages
from model.noise import noised, word_starts
from model.objectives import next_tokens
from model.prepared import NoisedText
from model.reading import read_corpus
from model.task_inputs import Inputs
from model.token_store import TokenStore
from model.training import DrawsOfStep
from model.training_step import Draw
from model.work import work_of


def rehearsed(
    draws: DrawsOfStep, written: Iterable[str], inputs: Inputs, corpus: Path, size: int, seed: int,
    kept: TokenStore | None = None,
) -> DrawsOfStep:  # fmt: skip
    """What a step draws, and a batch of plain text beside it.

    Args:
        draws: of the fine-tuning.
        written: the languages that it writes, which need no rehearsal.
        inputs: network and tokenizer.
        corpus: the dataset of plain text.
        size: sentences a step, whose languages are drawn alike.
        seed: the job's.
        kept: where tokens of the plain text are kept; nowhere where None.
    """
    network, tokenizer = inputs.network.config, inputs.tokenizer
    texts = read_corpus(corpus, tokenizer, "train", inputs.longest, kept)
    others = sorted(set(texts.languages) & set(network.languages) - set(written))
    if not others:
        return draws
    number_of, starts = rows_of_languages(network, others), word_starts(tokenizer)
    rows_of = {lang: [row for row, one in enumerate(texts.languages) if one == lang] for lang in others}
    print(f"rehearsing {sum(map(len, rows_of.values())):,} sentences of plain text in {', '.join(others)}.")

    def with_plain_text(step: int) -> list[Draw]:
        draw = np.random.default_rng(stable_hash(seed, "rehearsal", step))
        languages = draw.choice(others, size).tolist()
        chosen = texts.of([rows_of[lang][int(draw.integers(len(rows_of[lang])))] for lang in languages])
        tokens = pad(chosen.tokens)
        batch = NoisedText(
            tuple(chosen.keys), tokens, pad(noised(chosen, starts, tokenizer.mask, inputs.longest, draw)),
            torch.tensor([number_of[lang] for lang in languages]), next_tokens(tokens),
        )  # fmt: skip
        return [*draws(step), Draw("xDAE", batch, work_of(batch, network))]

    return with_plain_text
