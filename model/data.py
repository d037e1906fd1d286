"""From Parquet to tokenised texts, padded where a batch needs it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
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
from model.tokenizer import BOS, EOS, PAD, UNK, Tokenizer

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Texts:
    """Tokenised texts.

    Attributes:
        tokens: ids with both ends, one array a text.
        languages: BCP 47, one a text.
        pictures: row in the region store, one a text; -1 where a text has no picture.
        keys: caption_id or sentence_id, one a text.
        origins: a number a text, the same where code-switched texts were switched from equal ones; None of others.
    """

    tokens: list[Ints]
    languages: list[str]
    pictures: Ints
    keys: list[str]
    origins: Ints | None = None

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
            None if self.origins is None else self.origins[list(rows)],
        )  # fmt: skip


def encode(tokenizer: Tokenizer, text: str, longest: int) -> Ints:
    """A text as the network reads it: ``<s>`` tokens ``</s>``, cut to ``longest`` ids, at a word where there is one."""
    return _with_ends(_cut(tokenizer, tokenizer.encode(text), longest))


def join_pair(tokenizer: Tokenizer, first: list[int], second: list[int], longest: int) -> Ints:
    """Two texts' ids as one, as XLM-R reads pairs: ``<s>`` first ``</s></s>`` second ``</s>``, cut to ``longest`` ids.

    Where both are long, each keeps half of the room; else the longer one is cut, at a word where there is one.
    """
    room = longest - 4
    kept = max(room - room // 2, room - len(second)), max(room // 2, room - len(first))
    first, second = (_cut(tokenizer, ids, most + 2) for ids, most in zip((first, second), kept, strict=True))
    return np.array([BOS, *first, EOS, EOS, *second, EOS], np.int64)


def tokenise(tokenizer: Tokenizer, texts: Sequence[str], longest: int, what: str) -> list[Ints]:
    """``encode`` of many texts; says how many were cut, calling them ``what``."""
    result, cut = [], 0
    for text in progress(texts, f"tokenising {what}", unit="texts"):
        whole = tokenizer.encode(text)
        kept = _cut(tokenizer, whole, longest)
        cut += len(kept) < len(whole)
        result.append(_with_ends(kept))
    if cut:
        print(f"{what}: {cut:,} of {len(texts):,} have more than {longest} tokens and are cut, at a word.")
    return result


def _with_ends(tokens: list[int]) -> Ints:
    return np.array([BOS, *tokens, EOS], np.int64)


def _cut(tokenizer: Tokenizer, tokens: list[int], longest: int) -> list[int]:
    """The whole words that fit beside both ends.

    Where that would leave half of the room empty, a word is cut in two: so are texts of languages that mark no words.
    An ``<unk>`` stands within a word; what begins one stands before it.
    """
    room = longest - 2
    if len(tokens) <= room:
        return tokens
    ends = (end for end in range(room, room // 2, -1) if tokens[end] != UNK and tokenizer.starts_word(tokens[end]))
    return tokens[: next(ends, room)]


def without_empty(texts: Texts, what: str) -> Texts:
    """The texts that hold a token at all; says how many do not, calling them ``what``."""
    held = [row for row, tokens in enumerate(texts.tokens) if len(tokens) > 2]
    if len(held) == len(texts):
        return texts
    print(f"{what}: {len(texts) - len(held):,} of {len(texts):,} are left out: they are empty.")
    return texts.of(held)


def rows_with_regions(store: RegionStore) -> dict[str, int]:
    """The row of each picture, by image_id, that has a region at least; the others show a network nothing."""
    return {image_id: row for image_id, row in store.row_of.items() if len(store.object_ids[row])}


def read_captions(
    folder: Path, tokenizer: Tokenizer, store: RegionStore, split: str, languages: Sequence[str] | None, longest: int,
    what: str = "captions",
) -> Texts:  # fmt: skip
    """The captions of a split whose pictures have regions, tokenised; in some languages, or in all where None.

    Says how many are left out or cut, calling them ``what``.
    """
    wanted = (
        row
        for row in Dataset(folder, "captions").rows()
        if row["split"] == split and (languages is None or row["lang"] in languages)
    )
    rows, pictures = _of_pictures(wanted, store, what)
    tokens = tokenise(tokenizer, [row["text"] for row in rows], longest, what)
    keys = [row["caption_id"] for row in rows]
    return without_empty(Texts(tokens, [row["lang"] for row in rows], pictures, keys), what)


def read_codeswitch(folder: Path, tokenizer: Tokenizer, store: RegionStore, longest: int) -> Texts:
    """The code-switched training captions whose pictures have regions, tokenised; says how many are left out or cut."""
    what, columns = "code-switched captions", ["caption_id", "image_id", "variant", "text", "source_text", "split"]
    wanted = (row for row in Dataset(folder, "codeswitch").rows(columns) if row["split"] == "train")
    rows, pictures = _of_pictures(wanted, store, what)
    tokens = tokenise(tokenizer, [row["text"] for row in rows], longest, what)
    keys = [f"{row['caption_id']}#{row['variant']}" for row in rows]
    origins = numbered(row["source_text"] for row in rows)
    return without_empty(Texts(tokens, ["mul"] * len(rows), pictures, keys, origins), what)


def read_corpus(folder: Path, tokenizer: Tokenizer, split: str, longest: int) -> Texts:
    """The sentences of a split of the corpus, tokenised; says how many are left out or cut."""
    what = "sentences of plain text"
    rows = [row for row in Dataset(folder, "corpus").rows() if row["split"] == split]
    tokens = tokenise(tokenizer, [row["text"] for row in rows], longest, what)
    languages, keys = [row["lang"] for row in rows], [row["sentence_id"] for row in rows]
    return without_empty(Texts(tokens, languages, np.full(len(rows), -1, np.int64), keys), what)


def _of_pictures(
    wanted: Iterable[dict[str, Any]], store: RegionStore, what: str
) -> tuple[list[dict[str, Any]], Ints]:  # fmt: skip
    """The rows whose pictures have regions, and these pictures; says how many others there are."""
    row_of, rows, without = rows_with_regions(store), [], 0
    for row in wanted:
        if row["image_id"] in row_of:
            rows.append(row)
        else:
            without += 1
    if without:
        print(f"{what}: {without:,} of {without + len(rows):,} are left out: their pictures have no regions.")
    return rows, np.array([row_of[row["image_id"]] for row in rows], np.int64)


def numbered(values: Iterable[Hashable]) -> Ints:
    """A number a value, the same for equal ones."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def pad(tokens: Sequence[Ints]) -> Tensor:
    """Token ids [B, T], padded to the longest."""
    padded = np.full((len(tokens), max(len(one) for one in tokens)), PAD, np.int64)
    for row, one in enumerate(tokens):
        padded[row, : len(one)] = one
    return torch.from_numpy(padded)
