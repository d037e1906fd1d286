"""Scores of all pairs of captions and pictures, without padding and without doing anything twice.

Captions of one length meet pictures of one number of regions, so that no position is padding and no mask is needed.
What depends on one side alone — embeddings, and the first layer's queries, keys and values — is computed once a caption
and once a picture, never once a pair. The last layer is computed for ``<s>`` only, which is all that the score reads.
In the layout m3p-compat a picture stands first and its first region is what the score reads; a word's position depends
on the number of regions there, so that a caption is computed once for each such number.

Shape suffixes: C captions, P pictures, T text tokens, R regions, L = T + R, D width, H heads.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from contract.progress import Progress
from model.data import Ints
from model.network import Layer, UnderstandingNetwork
from model.regions import RegionStore


@dataclass(frozen=True)
class Scores:
    """Scores of all pairs.

    Attributes:
        matrix: float32 [captions, pictures], matching logits.
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


@torch.inference_mode()
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
    matrix = np.full((len(captions), len(pictures)), np.nan, np.float32)
    start = time.monotonic()
    longest = max(map(len, captions), default=0)
    sides = [(columns, _picture_side(network, store, rows, longest)) for columns, rows in _blocks(store, pictures)]
    with Progress("evaluate: retrieval", matrix.size, "pairs") as bar:
        for length, same_length in _by_size([len(tokens) for tokens in captions]).items():
            for rows in _chunks(same_length, tokens_per_batch // length):
                tokens, text = np.stack([captions[row] for row in rows]), None
                for columns, picture in sides:
                    if text is None or network.config.compat:  # there a word's position depends on the regions
                        text = _text_side(network, tokens, picture.vectors.shape[1])
                    matrix[np.ix_(rows, columns)] = _score(network, text, picture, tokens_per_batch)
                    bar.update(len(rows) * len(columns))
    return Scores(matrix, matrix.size / (time.monotonic() - start))


def _by_size(sizes: Sequence[int]) -> dict[int, list[int]]:
    """Indices by size, the smallest first."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for index, size in enumerate(sizes):
        found[size].append(index)
    return dict(sorted(found.items()))


def _chunks(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    size = max(1, size)
    return (items[start : start + size] for start in range(0, len(items), size))


def _blocks(store: RegionStore, pictures: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Columns of the matrix and rows of the store, of pictures that have equally many regions."""
    for columns in _by_size([len(store.object_ids[row]) for row in pictures]).values():
        yield columns, [pictures[column] for column in columns]


def _picture_side(network: UnderstandingNetwork, store: RegionStore, rows: Sequence[int], longest: int) -> _Side:
    regions = store.batch(rows).to(network.device)
    scaled_PRF = network.embeddings.scaled(regions.features)
    x_PRD = network.embeddings.regions(scaled_PRF, regions.locations)
    return _side(network, network.embeddings.beside_text(x_PRD, longest))


def _text_side(network: UnderstandingNetwork, tokens: NDArray[np.int64], regions: int) -> _Side:
    return _side(network, network.embeddings.text_beside(torch.from_numpy(tokens).to(network.device), regions))


def _side(network: UnderstandingNetwork, x_NLD: Tensor) -> _Side:
    attention = _layers(network)[0].self_attention
    projections = (attention.split(project(x_NLD)) for project in (attention.query, attention.key, attention.value))
    return _Side(x_NLD, *projections)


def _layers(network: UnderstandingNetwork) -> list[Layer]:
    return list(network.layers)  # type: ignore[arg-type]  # torch types every item of a ModuleList as Module


def _score(network: UnderstandingNetwork, text: _Side, picture: _Side, tokens_per_batch: int) -> NDArray[Any]:
    """Logits [C, P] of captions of one length with pictures of one number of regions."""
    pairs = max(1, tokens_per_batch // (text.vectors.shape[1] + picture.vectors.shape[1]))
    wide = min(pairs, len(picture.vectors))
    return np.concatenate([
        np.concatenate([
            _score_batch(network, _part(text, row, pairs // wide), _part(picture, column, wide)).float().cpu().numpy()
            for column in range(0, len(picture.vectors), wide)
        ], axis=1)
        for row in range(0, len(text.vectors), pairs // wide)
    ])  # fmt: skip


def _part(side: _Side, start: int, count: int) -> _Side:
    rows = slice(start, start + count)
    return _Side(side.vectors[rows], side.query[rows], side.key[rows], side.value[rows])


def _score_batch(network: UnderstandingNetwork, text: _Side, picture: _Side) -> Tensor:
    first, *rest = _layers(network)
    picture_first = network.config.compat
    x_NLD = _every_pair(text.vectors, picture.vectors, 1, picture_first)
    query, key, value = (
        _every_pair(getattr(text, name), getattr(picture, name), 2, picture_first) for name in ("query", "key", "value")
    )
    if not rest:
        x_NLD, query = x_NLD[:, :1], query[:, :, :1]
    x_NLD = _after_attention(first, x_NLD, F.scaled_dot_product_attention(query, key, value))
    for layer in rest:
        attention = layer.self_attention
        asking_NQD = x_NLD[:, :1] if layer is rest[-1] else x_NLD
        attended_NHQd = F.scaled_dot_product_attention(
            attention.split(attention.query(asking_NQD)),
            attention.split(attention.key(x_NLD)),
            attention.split(attention.value(x_NLD)),
        )
        x_NLD = _after_attention(layer, asking_NQD, attended_NHQd)
    return network.matching_logits(x_NLD).unflatten(0, (len(text.vectors), len(picture.vectors)))


def _every_pair(text: Tensor, picture: Tensor, length_axis: int, picture_first: bool) -> Tensor:
    """Each caption joined with each picture along the length: [C, …, T, …] and [P, …, R, …] to [C · P, …, L, …]."""
    captions, pictures = len(text), len(picture)
    text = text[:, None].expand(captions, pictures, *text.shape[1:])
    picture = picture[None].expand(captions, pictures, *picture.shape[1:])
    parts = [picture, text] if picture_first else [text, picture]
    return torch.cat(parts, dim=length_axis + 1).flatten(0, 1)


def _after_attention(layer: Layer, x_NQD: Tensor, attended_NHQd: Tensor) -> Tensor:
    """The rest of a layer, for the positions that asked."""
    attended_NQD = attended_NHQd.transpose(1, 2).flatten(2)
    x_NQD = layer.self_norm(x_NQD + layer.self_attention.out(attended_NQD))
    return layer.feed_norm(x_NQD + layer.contract(F.gelu(layer.expand(x_NQD))))
