"""Scores of all pairs of captions and pictures, or of chosen ones, without padding and without doing anything twice.

Captions of one length meet pictures of one number of regions, so that no position is padding and no mask is needed.
What depends on one side alone — embeddings, and the first layer's queries, keys and values — is computed once a caption
and once a picture, never once a pair. The last layer is computed for ``<s>`` only, which is all that the score reads,
and without the keys and values of what it attends to.
In the layout m3p-compat a picture stands first and its first region is what the score reads; a word's position depends
on the number of regions there, so that a caption is computed once for each such number.

Shape suffixes: C captions, P pictures, T text tokens, R regions, L = T + R, D width, H heads.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from contract.progress import Progress
from model.data import Ints
from model.network import Attention, Layer, UnderstandingNetwork, padded
from model.regions import RegionStore


@dataclass(frozen=True)
class Scores:
    """Scores of pairs.

    Attributes:
        matrix: float32 [captions, pictures], matching logits; NaN of pairs that were not asked for.
        pairs_per_second: how fast they were computed.
    """

    matrix: NDArray[np.float32]
    pairs_per_second: float


@dataclass(frozen=True)
class _Side:
    """What one side brings to every pair: its vectors [N, L, D], and the first layer's [N, H, L, D / H]."""

    vectors: Tensor
    query: Tensor
    key: Tensor
    value: Tensor

    def part(self, start: int, count: int) -> _Side:
        """Some of it, from one on."""
        rows = slice(start, start + count)
        return _Side(self.vectors[rows], self.query[rows], self.key[rows], self.value[rows])

    def joined(self, other: _Side, join: Callable[[Tensor, Tensor, int], Tensor]) -> _Side:
        """Each of its tensors with the other's, joined by a function that is told the axis of the length."""
        return _Side(
            join(self.vectors, other.vectors, 1), join(self.query, other.query, 2), join(self.key, other.key, 2),
            join(self.value, other.value, 2),
        )  # fmt: skip


def score_all_pairs(
    network: UnderstandingNetwork,
    captions: Sequence[Ints],
    store: RegionStore,
    pictures: Sequence[int],
    tokens_per_batch: int,
) -> Scores:
    """Matching logits of every caption with every picture.

    Args:
        network: in evaluation mode, on the device that is to be used.
        captions: token ids with both ends.
        store: the regions.
        pictures: rows in the store.
        tokens_per_batch: text tokens and regions that are scored at once.
    """
    return _scored(network, captions, store, pictures, None, tokens_per_batch)


def score_chosen_pairs(
    network: UnderstandingNetwork,
    captions: Sequence[Ints],
    store: RegionStore,
    pictures: Sequence[int],
    chosen_CP: NDArray[np.bool_],
    tokens_per_batch: int,
) -> Scores:
    """Matching logits of some captions with some pictures, those that are True; other arguments as of all pairs."""
    return _scored(network, captions, store, pictures, chosen_CP, tokens_per_batch)


@torch.inference_mode()
def _scored(
    network: UnderstandingNetwork,
    captions: Sequence[Ints],
    store: RegionStore,
    pictures: Sequence[int],
    chosen_CP: NDArray[np.bool_] | None,
    tokens_per_batch: int,
) -> Scores:
    matrix = np.full((len(captions), len(pictures)), np.nan, np.float32)
    total = matrix.size if chosen_CP is None else int(chosen_CP.sum())
    start = time.monotonic()
    longest = max(map(len, captions), default=0)
    sides = [
        (np.array(columns), _picture_side(network, store, [pictures[column] for column in columns], longest))
        for columns in by_size([len(store.object_ids[row]) for row in pictures]).values()
    ]
    with Progress("retrieval", total, "pairs") as bar:
        for length, same_length in by_size([len(tokens) for tokens in captions]).items():
            for rows in _chunks(np.array(same_length), tokens_per_batch // length):
                tokens, text = np.stack([captions[row] for row in rows]), None
                for columns, picture in sides:
                    if text is None or network.config.compat:  # there a word's position depends on the regions
                        text = _text_side(network, tokens, picture.vectors.shape[1])
                    block = np.ix_(rows, columns)
                    if chosen_CP is None:
                        matrix[block] = _score_every(network, text, picture, tokens_per_batch)
                        bar.update(matrix[block].size)
                    else:
                        row_N, column_N = np.nonzero(chosen_CP[block])
                        scores_N = _score_chosen(network, text, picture, row_N, column_N, tokens_per_batch)
                        matrix[rows[row_N], columns[column_N]] = scores_N
                        bar.update(len(scores_N))
    return Scores(matrix, total / (time.monotonic() - start))


def by_size(sizes: Sequence[int]) -> dict[int, list[int]]:
    """Indices by size, the smallest first."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for index, size in enumerate(sizes):
        found[size].append(index)
    return dict(sorted(found.items()))


def _chunks(items: Ints, size: int) -> Iterator[Ints]:
    size = max(1, size)
    return (items[start : start + size] for start in range(0, len(items), size))


def _picture_side(network: UnderstandingNetwork, store: RegionStore, rows: Sequence[int], longest: int) -> _Side:
    x_PRD = network.embeddings.regions(store.batch(rows).to(network.device))
    return _side(network, network.embeddings.beside_text(x_PRD, longest))


def _text_side(network: UnderstandingNetwork, tokens: NDArray[np.int64], regions: int) -> _Side:
    return _side(network, network.embeddings.text_beside(torch.from_numpy(tokens).to(network.device), regions))


def _side(network: UnderstandingNetwork, x_NLD: Tensor) -> _Side:
    attention = _layers(network)[0].self_attention
    projections = (attention.split(project(x_NLD)) for project in (attention.query, attention.key, attention.value))
    return _Side(x_NLD, *projections)


def _layers(network: UnderstandingNetwork) -> list[Layer]:
    return list(network.layers)  # type: ignore[arg-type]  # torch types every item of a ModuleList as Module


def _pairs_at_once(text: _Side, picture: _Side, tokens_per_batch: int) -> int:
    return max(1, tokens_per_batch // (text.vectors.shape[1] + picture.vectors.shape[1]))


def _score_every(network: UnderstandingNetwork, text: _Side, picture: _Side, tokens_per_batch: int) -> NDArray[Any]:
    """Logits [C, P] of captions of one length with pictures of one number of regions."""
    pairs = _pairs_at_once(text, picture, tokens_per_batch)
    wide = min(pairs, len(picture.vectors))
    return np.concatenate([
        np.concatenate([
            _score_rectangle(network, text.part(row, pairs // wide), picture.part(column, wide))
            for column in range(0, len(picture.vectors), wide)
        ], axis=1)
        for row in range(0, len(text.vectors), pairs // wide)
    ])  # fmt: skip


def _score_rectangle(network: UnderstandingNetwork, text: _Side, picture: _Side) -> NDArray[Any]:
    captions, pictures = len(text.vectors), len(picture.vectors)

    def joined(text: Tensor, picture: Tensor, length_axis: int) -> Tensor:
        """Each caption with each picture: [C, …, T, …] and [P, …, R, …] to [C · P, …, L, …]."""
        text = text[:, None].expand(captions, pictures, *text.shape[1:])
        picture = picture[None].expand(captions, pictures, *picture.shape[1:])
        return _joined(network, text, picture, length_axis + 1).flatten(0, 1)

    return _score_pairs(network, text.joined(picture, joined)).reshape(captions, pictures)


def _score_chosen(
    network: UnderstandingNetwork, text: _Side, picture: _Side, row_N: Ints, column_N: Ints, tokens_per_batch: int
) -> NDArray[Any]:
    """Logits [N] of captions and pictures, likewise, by their places in the two."""
    found = [np.empty(0, np.float32)]
    size = _pairs_at_once(text, picture, tokens_per_batch)
    for rows, columns in zip(_chunks(row_N, size), _chunks(column_N, size), strict=True):
        places = [torch.from_numpy(places).to(network.device) for places in (rows, columns)]

        def joined(text: Tensor, picture: Tensor, length_axis: int, places: list[Tensor] = places) -> Tensor:
            text, picture = text.index_select(0, places[0]), picture.index_select(0, places[1])
            return _joined(network, text, picture, length_axis)

        found.append(_score_pairs(network, text.joined(picture, joined)))
    return np.concatenate(found)


def _joined(network: UnderstandingNetwork, text: Tensor, picture: Tensor, length_axis: int) -> Tensor:
    return torch.cat([picture, text] if network.config.compat else [text, picture], dim=length_axis)


def _score_pairs(network: UnderstandingNetwork, pairs: _Side) -> NDArray[Any]:
    """Logits [N] of pairs whose sides are joined."""
    first, *rest = _layers(network)
    x_NLD, query = pairs.vectors, pairs.query
    if not rest:
        x_NLD, query = x_NLD[:, :1], query[:, :, :1]
    x_NLD = _after_attention(first, x_NLD, F.scaled_dot_product_attention(query, pairs.key, pairs.value))
    for layer in rest[:-1]:
        x_NLD = layer(x_NLD, padded(None))
    for layer in rest[-1:]:
        first_N1D = x_NLD[:, :1]
        x_NLD = _after_attention(layer, first_N1D, _attended_by_one(layer.self_attention, first_N1D, x_NLD))
    return network.matching_logits(x_NLD).float().cpu().numpy()


def _attended_by_one(attention: Attention, asking_N1D: Tensor, x_NLD: Tensor) -> Tensor:
    """What one position attends to, [N, H, 1, D / H], without keys and values of the others.

    Keys' and values' weights are applied to the one query and to the one mean of vectors: q · (K x) is (Kᵀ q) · x. The
    keys' bias adds the same to all of a query's scores, and changes nothing.
    """
    heads = attention.heads
    key_HdD, value_HdD = (linear.weight.unflatten(0, (heads, -1)) for linear in (attention.key, attention.value))
    asking_HNd = attention.query(asking_N1D).unflatten(-1, (heads, -1))[:, 0].transpose(0, 1)
    asking_NHD = (asking_HNd @ key_HdD).transpose(0, 1)
    seen_NHD = F.scaled_dot_product_attention(asking_NHD, x_NLD, x_NLD, scale=key_HdD.shape[1] ** -0.5)
    attended_HNd = seen_NHD.transpose(0, 1) @ value_HdD.transpose(1, 2) + attention.value.bias.view(heads, 1, -1)
    return attended_HNd.transpose(0, 1)[:, :, None]


def _after_attention(layer: Layer, x_NQD: Tensor, attended_NHQd: Tensor) -> Tensor:
    """The rest of a layer, for the positions that asked."""
    return layer.finish(layer.self_attention.out, layer.self_norm, x_NQD, attended_NHQd.transpose(1, 2).flatten(2))
