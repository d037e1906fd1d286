"""From Parquet to batches: regions, tokenised texts, and an order that depends on the seed alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract.dataset import Dataset
from contract.errors import InputError
from contract.progress import progress
from model.network import Regions
from model.tokenizer import BOS, EOS, PAD, Tokenizer

Ints = NDArray[np.int64]


class RegionStore:
    """The regions of a dataset, by picture.

    Args:
        folder: the regions dataset.

    Attributes:
        row_of: row by image_id.
        feature_dim: width of a feature.
        detector: the detector's name as the rows state it.
    """

    def __init__(self, folder: Path) -> None:
        table = Dataset(folder, "regions").table()
        if table.num_rows == 0:
            raise InputError(f"{folder} holds no regions.", "at least one picture with regions.")
        self.row_of = {image_id: row for row, image_id in enumerate(table["image_id"].to_pylist())}
        self.feature_dim = int(table["feature_dim"][0].as_py())
        self.detector = str(table["detector"][0].as_py())
        if table["feature_dim"].unique().to_pylist() != [self.feature_dim]:
            raise InputError(f"{folder} has features of several widths.", "one.", "make the regions anew.")
        self._ends = np.cumsum(table["num_regions"].to_numpy(), dtype=np.int64)
        self._features = _views(table["features"], "<f2")
        self._locations = _locations(table, self._ends)
        self._objects = table["object_ids"]

    def __len__(self) -> int:
        return len(self.row_of)

    @cached_property
    def object_ids(self) -> list[Ints]:
        """The detector's classes of each picture's regions."""
        return [np.asarray(ids, dtype=np.int64) for ids in self._objects.to_pylist()]

    def one(self, row: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        """Features float16 [R, F], straight from Parquet's buffers, and locations float32 [R, 5] of a picture."""
        start = self._ends[row - 1] if row else 0
        return self._features[row].reshape(-1, self.feature_dim), self._locations[start : self._ends[row]]

    def batch(self, rows: Iterable[int]) -> Regions:
        """The regions of pictures, padded to the longest."""
        rows = list(rows)
        length = max(len(self.object_ids[row]) for row in rows)
        features = np.zeros((len(rows), length, self.feature_dim), np.float32)
        locations = np.zeros((len(rows), length, 5), np.float32)
        mask = np.zeros((len(rows), length), bool)
        ids = np.zeros((len(rows), length), np.int64)
        for place, row in enumerate(rows):
            one_features, one_locations = self.one(row)
            count = len(one_features)
            features[place, :count], locations[place, :count] = one_features, one_locations
            mask[place, :count], ids[place, :count] = True, self.object_ids[row]
        return Regions(*(torch.from_numpy(array) for array in (features, locations, mask, ids)))


def _views(column: pa.ChunkedArray, kind: str) -> list[NDArray[Any]]:
    """Each value of a binary column as an array over Parquet's own bytes."""
    views = []
    for chunk in column.chunks:
        _, offsets, data = chunk.buffers()
        ends = np.frombuffer(offsets, "<i4")[chunk.offset : chunk.offset + len(chunk) + 1].tolist()
        view = memoryview(data)
        views += [np.frombuffer(view[start:end], kind) for start, end in pairwise(ends)]
    return views


def _locations(table: pa.Table, ends: Ints) -> NDArray[np.float32]:
    """Float32 [all regions, 5]: corners and area as shares of the picture (the paper's spatial vector)."""
    boxes = np.concatenate(_views(table["boxes"], "<f4")).reshape(-1, 4)
    sizes = np.stack([table["width"].to_numpy(), table["height"].to_numpy()], axis=1).astype(np.float32)
    corners = boxes / np.tile(sizes, 2).repeat(np.diff(ends, prepend=0), axis=0)
    area = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    return np.concatenate([corners, area[:, None]], axis=1)


@dataclass(frozen=True)
class Texts:
    """Tokenised texts.

    Attributes:
        tokens: ids with both ends, one array a text.
        languages: BCP 47, one a text.
        pictures: row in the region store, one a text; -1 where a text has no picture.
        keys: caption_id or sentence_id, one a text.
    """

    tokens: list[Ints]
    languages: list[str]
    pictures: Ints
    keys: list[str]

    def __len__(self) -> int:
        return len(self.tokens)

    def of(self, rows: Sequence[int]) -> Texts:
        """Some of the texts."""
        return Texts(
            [self.tokens[i] for i in rows], [self.languages[i] for i in rows],
            self.pictures[list(rows)], [self.keys[i] for i in rows],
        )  # fmt: skip


def with_ends(tokens: list[int], longest: int) -> Ints:
    """``<s>`` tokens ``</s>``, cut to ``longest`` ids."""
    return np.array([BOS, *tokens[: longest - 2], EOS], np.int64)


def read_captions(
    folder: Path, tokenizer: Tokenizer, store: RegionStore, split: str, languages: Sequence[str] | None, longest: int
) -> Texts:
    """The captions of a split whose pictures have regions, tokenised; in some languages, or in all where None."""
    rows = [
        row
        for row in Dataset(folder, "captions").rows()
        if row["split"] == split and row["image_id"] in store.row_of and (languages is None or row["lang"] in languages)
    ]
    return Texts(
        _tokenised(rows, "captions", tokenizer, longest),
        [row["lang"] for row in rows],
        np.array([store.row_of[row["image_id"]] for row in rows], np.int64),
        [row["caption_id"] for row in rows],
    )


def read_codeswitch(folder: Path, tokenizer: Tokenizer, store: RegionStore, longest: int) -> Texts:
    """The code-switched training captions whose pictures have regions, tokenised."""
    rows = [
        row
        for row in Dataset(folder, "codeswitch").rows(["caption_id", "image_id", "variant", "text", "split"])
        if row["split"] == "train" and row["image_id"] in store.row_of
    ]
    return Texts(
        _tokenised(rows, "code-switched captions", tokenizer, longest),
        ["mul"] * len(rows),
        np.array([store.row_of[row["image_id"]] for row in rows], np.int64),
        [f"{row['caption_id']}#{row['variant']}" for row in rows],
    )


def read_corpus(folder: Path, tokenizer: Tokenizer, split: str, longest: int) -> Texts:
    """The sentences of a split of the corpus, tokenised."""
    rows = [row for row in Dataset(folder, "corpus").rows() if row["split"] == split]
    return Texts(
        _tokenised(rows, "plain text", tokenizer, longest),
        [row["lang"] for row in rows],
        np.full(len(rows), -1, np.int64),
        [row["sentence_id"] for row in rows],
    )


def _tokenised(rows: list[dict[str, Any]], what: str, tokenizer: Tokenizer, longest: int) -> list[Ints]:
    return [
        with_ends(tokenizer.encode(row["text"]), longest) for row in progress(rows, f"tokenising {what}", unit="texts")
    ]


def pad(tokens: Sequence[Ints]) -> Tensor:
    """Token ids [B, T], padded to the longest."""
    padded = np.full((len(tokens), max(len(one) for one in tokens)), PAD, np.int64)
    for row, one in enumerate(tokens):
        padded[row, : len(one)] = one
    return torch.from_numpy(padded)
