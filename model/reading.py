"""The texts that pre-training reads: from Parquet to tokens, which may be kept on the disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sentencepiece

from contract.dataset import Dataset
from contract.hashing import fingerprint, fingerprint_of_code, sha256_of_file
from model.data import Ints, Strings, Texts, encoded, numbered, rows_with_regions, tell_cut, without_empty
from model.noise import Bools
from model.regions import RegionStore
from model.token_store import Made, Tokenised, TokenStore, in_memory
from model.tokenizer import Tokenizer

_CODE = ("contract.text", "model.data", "model.reading", "model.token_store", "model.tokenizer")  # of a text's tokens
_ROWS = 10_000  # read together


def read_captions(
    folder: Path, tokenizer: Tokenizer, store: RegionStore, split: str, languages: Sequence[str] | None, longest: int,
    kept: TokenStore | None = None, what: str = "captions",
) -> Texts:  # fmt: skip
    """The captions of a split whose pictures have regions, tokenised; in some languages, or in all where None.

    Says how many are left out or cut, calling them ``what``. ``kept`` is where tokens are kept; nowhere where None.
    """
    rows = _Rows(Dataset(folder, "captions"), split, languages)
    columns = rows.table("caption_id", "image_id", "lang")
    tokens, cut_N = rows.tokens(tokenizer, longest, kept, what)
    texts = Texts(tokens, _tags(columns), _pictures(columns, store), Strings(columns["caption_id"]))
    return _with_pictures(texts, cut_N, longest, what)


def read_codeswitch(
    folder: Path, tokenizer: Tokenizer, store: RegionStore, longest: int, kept: TokenStore | None = None
) -> Texts:
    """The code-switched training captions whose pictures have regions, tokenised; says how many are left out or cut."""
    what, rows = "code-switched captions", _Rows(Dataset(folder, "codeswitch"), "train", None)
    columns = rows.table("caption_id", "image_id", "variant", "source_text")
    tokens, cut_N = rows.tokens(tokenizer, longest, kept, what)
    keys = pc.binary_join_element_wise(columns["caption_id"], pc.cast(columns["variant"], pa.string()), "#")
    origins = numbered(_values(columns["source_text"]))
    texts = Texts(tokens, ["mul"] * len(keys), _pictures(columns, store), Strings(keys), origins)
    return _with_pictures(texts, cut_N, longest, what)


def read_corpus(
    folder: Path, tokenizer: Tokenizer, split: str, longest: int, kept: TokenStore | None = None
) -> Texts:  # fmt: skip
    """The sentences of a split of the corpus, tokenised; says how many are left out or cut."""
    what, rows = "sentences of plain text", _Rows(Dataset(folder, "corpus"), split, None)
    columns = rows.table("sentence_id", "lang")
    tokens, cut_N = rows.tokens(tokenizer, longest, kept, what)
    no_pictures = np.full(len(columns), -1, np.int64)
    texts = Texts(tokens, _tags(columns), no_pictures, Strings(columns["sentence_id"]))
    return _told(texts, cut_N, longest, what)


@dataclass(frozen=True)
class _Rows:
    """The rows of a split, in some languages or in all, in the order of the dataset."""

    dataset: Dataset
    split: str
    languages: Sequence[str] | None

    def batches(self, *names: str) -> Iterator[pa.RecordBatch]:
        needed = {*names, "split"} | (set() if self.languages is None else {"lang"})
        for batch in self.dataset.batches(sorted(needed), batch_size=_ROWS):
            wanted = pc.equal(batch["split"], self.split)
            if self.languages is not None:
                wanted = pc.and_(wanted, pc.is_in(batch["lang"], pa.array(self.languages, pa.string())))
            yield batch.filter(wanted)

    def table(self, *names: str) -> pa.Table:
        schema = pa.schema([self.dataset.schema.arrow.field(name) for name in names])
        return pa.Table.from_batches((batch.select(names).cast(schema) for batch in self.batches(*names)), schema)

    def tokens(self, tokenizer: Tokenizer, longest: int, kept: TokenStore | None, what: str) -> Tokenised:
        """The tokens of every row, and which were cut."""

        def made() -> Made:
            texts = (text for batch in self.batches("text") for text in _values(batch["text"]))
            return encoded(tokenizer, texts, sum(batch.num_rows for batch in self.batches()), longest, what)

        if kept is None:
            return in_memory(made())
        determined_by = {
            "texts": fingerprint(self.dataset.folder), "split": self.split, "languages": self.languages,
            "tokenizer": sha256_of_file(tokenizer.file), "longest": longest, "code": fingerprint_of_code(_CODE),
            "sentencepiece": sentencepiece.__version__,
        }  # fmt: skip
        return kept.tokens(determined_by, made)


def _values(column: pa.Array | pa.ChunkedArray) -> Iterator[Any]:
    """A column's values as Python's, some at a time."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return (value for chunk in chunks for value in chunk.to_pylist())


def _tags(columns: pa.Table) -> list[str]:
    """The languages, one string for each however often it stands there."""
    return [sys.intern(tag) for tag in _values(columns["lang"])]


def _pictures(columns: pa.Table, store: RegionStore) -> Ints:
    """The rows of pictures in the store; -1 of those without regions."""
    row_of = rows_with_regions(store)
    return np.fromiter((row_of.get(image_id, -1) for image_id in _values(columns["image_id"])), np.int64, len(columns))


def _with_pictures(texts: Texts, cut_N: Bools, longest: int, what: str) -> Texts:
    held = np.flatnonzero(texts.pictures >= 0)
    if len(held) < len(texts):
        without = len(texts) - len(held)
        print(f"{what}: {without:,} of {len(texts):,} are left out: their pictures have no regions.")
        texts, cut_N = texts.of(held.tolist()), cut_N[held]
    return _told(texts, cut_N, longest, what)


def _told(texts: Texts, cut_N: Bools, longest: int, what: str) -> Texts:
    tell_cut(int(cut_N.sum()), len(texts), longest, what)
    return without_empty(texts, what)
