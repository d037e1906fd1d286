"""From Parquet to batches: regions, tokenised texts, and an order that depends on the seed alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
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
        self._table = table.combine_chunks()

    def __len__(self) -> int:
        return len(self.row_of)

    @cached_property
    def object_ids(self) -> list[Ints]:
        """The detector's classes of each picture's regions."""
        return [np.asarray(ids, dtype=np.int64) for ids in self._table["object_ids"].to_pylist()]

    def one(self, row: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        """Features float16 [R, F] and locations float32 [R, 5] of a picture, straight from Parquet's buffers."""
        count = self._table["num_regions"][row].as_py()
        features = np.frombuffer(self._table["features"][row].as_buffer(), "<f2").reshape(count, self.feature_dim)
        boxes = np.frombuffer(self._table["boxes"][row].as_buffer(), "<f4").reshape(count, 4)
        size = np.array([self._table["width"][row].as_py(), self._table["height"][row].as_py()], np.float32)
        corners = boxes / np.tile(size, 2)
        area = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
        return features, np.concatenate([corners, area[:, None]], axis=1)

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
