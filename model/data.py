"""Tokenised texts, padded where a batch needs it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract.progress import progress
from model.regions import RegionStore, Slices
from model.tokenizer import BOS, EOS, PAD, UNK, Tokenizer

Ints = NDArray[np.int64]
_MANY_UNKNOWN = 0.1  # share of texts; in a language that the tokenizer has, it is far less


class Strings(Sequence[str]):
    """Strings as Arrow holds them, in a third of the memory that Python's own take.

    Args:
        values: the strings, an array or chunks of one.
    """

    def __init__(self, values: pa.Array | pa.ChunkedArray) -> None:
        one = values if isinstance(values, pa.Array) else values.cast(pa.large_string()).combine_chunks()
        self._values = one

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        found = self._values[row]
        return found.to_pylist() if isinstance(row, slice) else found.as_py()

    def of(self, rows: Sequence[int]) -> Strings:
        """Some of them."""
        return Strings(self._values.take(pa.array(rows, pa.int64())))


@dataclass(frozen=True)
class Texts:
    """Tokenised texts.

    Attributes:
        tokens: ids with both ends, one array a text; ``Slices`` where there are many.
        languages: BCP 47, one a text.
        pictures: row in the region store, one a text; -1 where a text has no picture.
        keys: caption_id or sentence_id, one a text; ``Strings`` where there are many.
        origins: a number a text, the same where code-switched texts were switched from equal ones; None of others.
    """

    tokens: Sequence[Ints]
    languages: list[str]
    pictures: Ints
    keys: Sequence[str]
    origins: Ints | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def lengths(self) -> Ints:
        """How many ids each text has."""
        return self.tokens.lengths if isinstance(self.tokens, Slices) else np.array([len(one) for one in self.tokens])

    def in_epochs(self, rows: Ints, epochs: Ints) -> Texts:
        """Some of the texts, as these epochs see them: always the same."""
        return self.of(rows.tolist())

    def of(self, rows: Sequence[int]) -> Texts:
        """Some of the texts."""
        tokens = self.tokens.of(rows) if isinstance(self.tokens, Slices) else [self.tokens[i] for i in rows]
        keys = self.keys.of(rows) if isinstance(self.keys, Strings) else [self.keys[i] for i in rows]
        return Texts(
            tokens, [self.languages[i] for i in rows], self.pictures[list(rows)], keys,
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
    """``encode`` of many texts; says how many were cut or, where these are many, hold unknown characters."""
    result = list(encoded(tokenizer, texts, len(texts), longest, what))
    tell_cut(sum(cut for _, cut in result), len(texts), longest, what)
    tell_unknown([tokens for tokens, _ in result], what)
    return [tokens for tokens, _ in result]


def encoded(
    tokenizer: Tokenizer, texts: Iterable[str], count: int, longest: int, what: str
) -> Iterator[tuple[Ints, bool]]:  # fmt: skip
    """``encode`` of so many texts, one after the other, and whether each was cut; shows how far it is."""
    for text in progress(texts, f"tokenising {what}", count, "texts"):
        whole = tokenizer.encode(text)
        kept = _cut(tokenizer, whole, longest)
        yield _with_ends(kept), len(kept) < len(whole)


def tell_cut(cut: int, count: int, longest: int, what: str) -> None:
    """Says how many of the texts were cut, where any was."""
    if cut:
        print(f"{what}: {cut:,} of {count:,} have more than {longest} tokens and are cut, at a word.")


def tell_unknown(texts: Sequence[Ints], what: str) -> None:
    """Says how many of the texts hold characters that the tokenizer does not know, where these are many."""
    unknown = sum(UNK in tokens for tokens in texts)
    if unknown > _MANY_UNKNOWN * len(texts):
        print(f"{what}: {unknown:,} of {len(texts):,} hold characters that the tokenizer does not know.")


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
    held = np.flatnonzero(texts.lengths > 2).tolist()
    if len(held) == len(texts):
        return texts
    print(f"{what}: {len(texts) - len(held):,} of {len(texts):,} are left out: they are empty.")
    return texts.of(held)


def rows_with_regions(store: RegionStore) -> dict[str, int]:
    """The row of each picture, by image_id, that has a region at least; the others show a network nothing."""
    return {image_id: row for image_id, row in store.row_of.items() if len(store.object_ids[row])}


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
