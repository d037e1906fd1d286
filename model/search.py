"""Pictures by what is asked for in words, from a checkpoint that was trained for retrieval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from contract.errors import InputError, UsageError
from model.checkpoint import Checkpoint
from model.data import rows_with_regions, tokenise
from model.network import UnderstandingNetwork
from model.regions import RegionStore
from model.retrieval import score_all_pairs
from model.retrieval_metrics import check_finite, order_of_ties
from model.shortlist import DEPTH, Floats, similarities
from model.task_config import EvaluateConfig
from model.tokenizer import UNK

TOKENS_PER_BATCH = EvaluateConfig().tokens_per_batch
_AT_ONCE = 2000  # pictures that are held in memory


@dataclass(frozen=True)
class Hit:
    """A picture that was found, and its matching logit, the higher the better."""

    image_id: str
    score: float


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        hits: the best pictures, from the best.
        pictures: how many were looked through.
        scored: how many of them the full network has read together with the query.
    """

    hits: list[Hit]
    pictures: int
    scored: int


def search(opened: Checkpoint, store: RegionStore, query: str, image_ids: Sequence[str] | None, top: int) -> Found:
    """The pictures that fit a query best.

    With a contrastive head the full network orders the candidates that it picks; without one, all pictures. Ties are
    broken as in evaluation.

    Args:
        opened: a checkpoint of the understanding network.
        store: the regions, which fit the network.
        query: words in any of its languages.
        image_ids: the pictures that are looked through, of which those without regions are left out; all where None.
        top: how many are wanted.

    Raises:
        UsageError: where the query is empty, or holds nothing that the tokenizer knows.
        InputError: where no picture has regions, or a score is not finite.
    """
    network = cast(UnderstandingNetwork, opened.network)
    (tokens,) = tokenise(opened.tokenizer, [query], network.config.max_text_length, "the query")
    if len(tokens) <= 2:
        raise UsageError("The query is empty.", "words to look for.")
    if not opened.tokenizer.decode([int(token) for token in tokens[1:-1] if token != UNK]).strip():
        raise UsageError("The tokenizer knows nothing of the query.", "words in a language of the checkpoint.")
    row_of = rows_with_regions(store)
    names = sorted(row_of if image_ids is None else row_of.keys() & set(image_ids))
    if not names:
        raise InputError("None of the pictures has regions.", "one at least.", "extract the regions of these pictures.")

    def checked(scores: Floats, image_ids: Sequence[str]) -> Floats:
        check_finite(scores[None], ["the query"], image_ids)
        return scores

    def likeness(rows: Sequence[int]) -> Floats:
        return similarities(network, [tokens], store, rows, TOKENS_PER_BATCH)[0]

    def matching(rows: Sequence[int]) -> Floats:
        return score_all_pairs(network, [tokens], store, rows, TOKENS_PER_BATCH).matrix[0]

    candidates = names
    if network.contrastive is not None:
        likenesses = checked(_in_parts(likeness, [row_of[name] for name in names]), names)
        candidates = _best(names, likenesses, max(DEPTH, top))
    scores = checked(_in_parts(matching, [row_of[name] for name in candidates]), candidates)
    score_of = dict(zip(candidates, scores.tolist(), strict=True))
    hits = [Hit(name, score_of[name]) for name in _best(candidates, scores, top)]
    return Found(hits, len(names), len(candidates))


def _in_parts(score: Callable[[Sequence[int]], Floats], rows: Sequence[int]) -> Floats:
    """The scores [P] of pictures, some of which are held in memory at a time."""
    return np.concatenate([score(rows[start : start + _AT_ONCE]) for start in range(0, len(rows), _AT_ONCE)])


def _best(names: Sequence[str], scores: Floats, most: int) -> list[str]:
    return [names[place] for place in np.lexsort((order_of_ties(names), -scores))[:most]]
