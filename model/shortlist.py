"""Candidates for the full network: captions and pictures that fit well when each is read apart.

The contrastive head compares every caption with every picture, from one pass a caption and one a picture. For each
caption the best pictures are candidates, and for each picture the best captions; the full network scores the pairs that
either way has chosen. Candidates stand before all others, in the order of these scores; the others follow in the order
of their similarity.

Shape suffixes: C captions, P pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from contract.progress import Progress
from model.data import Ints, pad
from model.network import UnderstandingNetwork
from model.regions import RegionStore
from model.retrieval import by_size, score_chosen_pairs
from model.retrieval_metrics import order_of_ties
from model.similarity import Embedded, similarity

DEPTH = 40  # 1,000 pictures and 5,000 captions then need 240,000 joint passes at most, of 5,000,000
_COMPARED_AT_ONCE = 1 << 24  # cosines of words and regions that are held together: 64 MiB

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Shortlist:
    """Scores by which a shortlist orders.

    Attributes:
        order_CP: float64, the higher the better: of candidates the matching logits, and below these the others.
        joint_passes: how many pairs the full network has scored.
    """

    order_CP: NDArray[np.float64]
    joint_passes: int


def shortlisted(
    network: UnderstandingNetwork,
    captions: Sequence[Ints],
    caption_ids: Sequence[str],
    store: RegionStore,
    pictures: Sequence[int],
    image_ids: Sequence[str],
    depth: int,
    tokens_per_batch: int,
) -> Shortlist:
    """Orders captions and pictures by a shortlist.

    Args:
        network: in evaluation mode, with its contrastive head.
        captions: token ids with both ends.
        caption_ids: of the captions, by which ties are broken.
        store: the regions.
        pictures: rows in the store.
        image_ids: of the pictures, by which ties are broken.
        depth: candidates of each caption, and of each picture.
        tokens_per_batch: text tokens and regions that go through the network at once.

    Raises:
        InputError: where the network has no contrastive head.
    """
    similarity_CP = similarities(network, captions, store, pictures, tokens_per_batch)
    chosen_CP = candidates(similarity_CP, caption_ids, image_ids, depth)
    scores = score_chosen_pairs(network, captions, store, pictures, chosen_CP, tokens_per_batch)
    return Shortlist(candidates_first(scores.matrix, similarity_CP, chosen_CP), int(chosen_CP.sum()))


def candidates(similarity_CP: Floats, caption_ids: Sequence[str], image_ids: Sequence[str], depth: int) -> Bools:
    """Which pairs are candidates: those among the best ``depth`` of their caption or of their picture."""
    of_captions = _best(similarity_CP, order_of_ties(image_ids), depth)
    return of_captions | _best(similarity_CP.T, order_of_ties(caption_ids), depth).T


def _best(scores: Floats, order: Ints, depth: int) -> Bools:
    """The best of each row, in the place where they stand; ties are broken by ``order``."""
    found, depth = np.zeros(scores.shape, bool), min(depth, scores.shape[1])
    for row, chosen in zip(scores, found, strict=True):
        least = np.partition(row, -depth)[-depth]
        among = np.flatnonzero(~(row < least))  # so that what is no number stays, and becomes an error
        chosen[among[np.lexsort((order[among], -row[among]))[:depth]]] = True
    return found


def candidates_first(joint_CP: Floats, similarity_CP: Floats, chosen_CP: Bools) -> NDArray[np.float64]:
    """One order of candidates by their joint scores and, below the lowest of these, of all others by similarity."""
    # In float64: what is apart stays apart when it is moved below.
    floor = np.min(joint_CP, initial=0.0, where=chosen_CP & np.isfinite(joint_CP)).astype(np.float64)
    moved_CP = similarity_CP.astype(np.float64) - (np.max(similarity_CP, initial=0.0) + 1.0)
    return np.where(chosen_CP, joint_CP.astype(np.float64), floor + moved_CP)


@torch.inference_mode()
def similarities(
    network: UnderstandingNetwork,
    captions: Sequence[Ints],
    store: RegionStore,
    pictures: Sequence[int],
    tokens_per_batch: int,
) -> Floats:
    """Similarities float32 [C, P] of every caption with every picture, each of them read once; arguments as above."""
    matrix = np.full((len(captions), len(pictures)), np.nan, np.float32)
    parts = [
        (columns, network.embedded_pictures(store.batch([pictures[column] for column in columns]).to(network.device)))
        for columns in _batches([len(store.object_ids[row]) for row in pictures], tokens_per_batch)
    ]
    with Progress("shortlist", matrix.size, "pairs") as bar:
        for rows in _batches([len(tokens) for tokens in captions], tokens_per_batch):
            text = network.embedded_texts(pad([captions[row] for row in rows]).to(network.device))
            for columns, picture in parts:
                matrix[np.ix_(rows, columns)] = _compared(text, picture)
                bar.update(len(rows) * len(columns))
    return matrix


def _batches(sizes: Sequence[int], tokens_per_batch: int) -> list[list[int]]:
    """Indices of equal sizes together, so that there is no padding, as many as go through the network at once."""
    return [
        alike[start : start + max(1, tokens_per_batch // size)]
        for size, alike in by_size(sizes).items()
        for start in range(0, len(alike), max(1, tokens_per_batch // size))
    ]


def _compared(text: Embedded, picture: Embedded) -> Floats:
    cosines = text.mask_BL.shape[1] * picture.mask_BL.numel()  # of one caption with all of these pictures
    size = max(1, _COMPARED_AT_ONCE // cosines)
    starts = range(0, len(text.mask_BL), size)
    return np.concatenate([similarity(text[start : start + size], picture).float().cpu().numpy() for start in starts])
