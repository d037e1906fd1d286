"""From Parquet to tokenised texts, padded where a batch needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract.dataset import Dataset
from contract.progress import progress
from model.regions import RegionStore
from model.tokenizer import BOS, EOS, PAD, Tokenizer

Ints = NDArray[np.int64]


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

    def in_epochs(self, rows: Ints, epochs: Ints) -> Texts:
        """Some of the texts, as these epochs see them: always the same."""
        return self.of(rows.tolist())

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
