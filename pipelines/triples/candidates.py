"""The second pass: the log's rows go to the shards of their pictures; steps 1 to 3, and what step 4 will look at."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from contract.errors import PassingError
from contract.hashing import stable_hash
from contract.schemas import REJECTS
from pipelines.triples.arrow_files import from_block, read_table, write_table
from pipelines.triples.class_names import ClassNames
from pipelines.triples.collect import Pairs, collect, encode_rows, unique_queries
from pipelines.triples.image_facts import FACTS_FILE
from pipelines.triples.image_filters import ImageFilter
from pipelines.triples.log_files import LogChunk
from pipelines.triples.log_table import ROWS, LogReader
from pipelines.triples.matching import Matching
from pipelines.triples.pair_features import FEATURES, PairFeatures
from pipelines.triples.query_filters import Query, QueryReader
from pipelines.triples.relevance import PairLabel, weak_negatives

CANDIDATES_FILE, REJECTS_FILE, EXAMPLES_FILE = "candidates.arrow", "rejects.arrow", "examples.arrow"
_FEATURES = pa.list_(pa.float32(), len(FEATURES))
CANDIDATES = pa.schema(
    {
        "image_id": pa.string(), "query_id": pa.string(), "lang": pa.string(), "query": pa.string(),
        "context": pa.string(), "clicks": pa.int64(), "split": pa.string(), "source": pa.string(),
        "words": pa.int32(), "features": _FEATURES,
    }
)  # fmt: skip
EXAMPLES = pa.schema(
    {
        "image_id": pa.string(), "query_id": pa.string(), "lang": pa.string(), "query": pa.string(),
        "label": pa.bool_(), "features": _FEATURES,
    }
)  # fmt: skip


@dataclass
class Candidates:
    """The work of the second pass; a piece of its input is a chunk of the log, an element a shard.

    Attributes:
        chunks: the log's.
        images: folder of the images dataset.
        counts: folder for the numbers of rows of each chunk.
        fact_folders: the first pass's.
        languages: those wanted.
        language_confidence: see ``LanguageIdentifier``.
        fewest_words: of a query.
        word_lists: sensitive words and phrases by language.
        class_names: how classes of the detector are called.
        classes: their number.
        image_filter: step 2.
        labels: judged pairs; weak ones are made of clicks where there are none.
        matching: the dataset of a checkpoint's scores; None where there is none.
        weak_pairs: clicked pairs of a shard that serve as weak labels, at most.
        seed: the job's.
    """

    chunks: list[LogChunk]
    images: Path
    counts: Path
    fact_folders: list[Path]
    languages: tuple[str, ...]
    language_confidence: float
    fewest_words: int
    word_lists: dict[str, list[str]]
    class_names: ClassNames
    classes: int
    image_filter: ImageFilter
    labels: list[PairLabel]
    matching: Path | None
    weak_pairs: int
    seed: int

    def setup(self) -> None:
        """Prepares reading and making; what is heavy is loaded when it is first needed."""
        self._log = LogReader(self.images, len(self.fact_folders))
        self._reader = QueryReader(
            self.languages, self.language_confidence, self.fewest_words, self.word_lists, self.class_names
        )

    def spread(self, piece: int, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Reads a chunk into blocks of rows, by shard, and leaves word of how many there are for each."""
        counts = [0] * len(self.fact_folders)
        for shard, rows, block in self._log.blocks(piece, self.chunks[piece], wanted):
            counts[shard] += rows
            yield shard, block
        unfinished = self.counts / f"{piece:05d}-{os.getpid()}.tmp"
        unfinished.write_text(json.dumps(counts))
        unfinished.replace(self.counts / f"{piece:05d}.json")

    def make(self, element: int, blocks: Sequence[bytes], folder: Path) -> int:
        """Writes a shard's candidates, rejects and examples."""
        facts = read_table(self.fact_folders[element] / FACTS_FILE)
        tables = sorted((from_block(block) for block in blocks), key=_place)
        files, image_ids = [chunk.name for chunk in self.chunks], facts.column("image_id").to_pylist()
        self._check(element, sum(map(len, tables)))
        rows = encode_rows(pa.concat_tables([ROWS.empty_table(), *tables]), files, image_ids)
        queries, places = unique_queries([self._reader.read(*raw) for raw in rows.raw_queries])
        pairs, rejects = collect(rows, queries, places, self.image_filter.faults(facts))
        matching = Matching(self.matching, element)
        features = PairFeatures(queries, facts, self.classes, matching).of(pairs.query, pairs.image)
        sources = rows.where.take(pa.array(pairs.first))
        write_table(folder / CANDIDATES_FILE, CANDIDATES, _candidates(pairs, queries, facts, features, sources))
        write_table(folder / REJECTS_FILE, REJECTS.arrow, rejects)
        if self.labels:
            examples = self._judged(queries, facts, matching)
        else:
            examples = self._weak(pairs, queries, facts, features, matching)
        write_table(folder / EXAMPLES_FILE, EXAMPLES, examples)
        return len(rows.table)

    def _check(self, shard: int, rows: int) -> None:
        """Holds the rows that came against those that were sent.

        Raises:
            PassingError: where the shuffle lost or doubled some.
        """
        pieces = [json.loads((self.counts / f"{piece:05d}.json").read_text()) for piece in range(len(self.chunks))]
        sent = sum(counts[shard] for counts in pieces)
        if rows != sent:
            raise PassingError(f"{rows:,} rows of shard {shard} came of {sent:,} that were read.", "each row once.")

    def _judged(self, of_log: Sequence[Query], facts: pa.Table, matching: Matching) -> pa.Table:
        """Examples out of judged pairs, for those queries that step 3 lets through."""
        number_of = {image_id: number for number, image_id in enumerate(facts.column("image_id").to_pylist())}
        known = {query.text: query for query in of_log}  # whose language the log may state
        labels = [label for label in self.labels if label.image_id in number_of]
        read = [known.get(label.query) or self._reader.read(label.query, label.lang) for label in labels]
        chosen = [row for row, query in enumerate(read) if not query.reason]
        queries = [read[row] for row in chosen]
        image = np.array([number_of[labels[row].image_id] for row in chosen], np.int64)
        query = np.arange(len(chosen))
        features = PairFeatures(queries, facts, self.classes, matching).of(query, image)
        return _examples(queries, query, image, [labels[row].label for row in chosen], facts, features)

    def _weak(
        self, pairs: Pairs, queries: Sequence[Query], facts: pa.Table, features: np.ndarray, matching: Matching
    ) -> pa.Table:
        """Examples out of clicks: clicked pairs match, their queries beside other pictures do not."""
        image_ids, query_ids = facts.column("image_id").to_pylist(), [query.query_id for query in queries]
        numbers = zip(pairs.query.tolist(), pairs.image.tolist(), strict=True)
        drawn = np.array([stable_hash(self.seed, "weak", query_ids[q], image_ids[i]) for q, i in numbers], np.uint64)
        chosen = np.sort(np.argsort(drawn, kind="stable")[: self.weak_pairs])
        clicked = set(zip(pairs.query.tolist(), pairs.image.tolist(), strict=True))
        others = weak_negatives(pairs.query[chosen], pairs.image[chosen], clicked, image_ids, query_ids, self.seed)
        drawn_ones = others >= 0
        query = np.concatenate([pairs.query[chosen], pairs.query[chosen][drawn_ones]])
        image = np.concatenate([pairs.image[chosen], others[drawn_ones]])
        count = len(chosen)
        negatives = PairFeatures(queries, facts, self.classes, matching).of(query[count:], image[count:])
        labels = [True] * count + [False] * len(negatives)
        return _examples(queries, query, image, labels, facts, np.concatenate([features[chosen], negatives]))


def _place(block: pa.Table) -> tuple[int, int]:
    """Where a block's rows begin in the log."""
    return block.column("chunk")[0].as_py(), block.column("position")[0].as_py()


def _candidates(
    pairs: Pairs, queries: Sequence[Query], facts: pa.Table, features: np.ndarray, sources: pa.Array
) -> pa.Table:
    image = pa.array(pairs.image)
    columns = _of_queries(queries, pairs.query, ("query_id", "lang", "query", "words")) | {
        "image_id": facts.column("image_id").take(image), "split": facts.column("split").take(image),
        "context": pa.array(pairs.context.tolist(), pa.string()), "clicks": pairs.clicks, "source": sources,
        "features": _as_lists(features),
    }  # fmt: skip
    return pa.table({name: columns[name] for name in CANDIDATES.names}, schema=CANDIDATES)


def _examples(
    queries: Sequence[Query], query: np.ndarray, image: np.ndarray, labels: list[bool], facts: pa.Table,
    features: np.ndarray,
) -> pa.Table:  # fmt: skip
    columns = _of_queries(queries, query, ("query_id", "lang", "query")) | {
        "image_id": facts.column("image_id").take(pa.array(image)), "label": pa.array(labels, pa.bool_()),
        "features": _as_lists(features),
    }  # fmt: skip
    return pa.table({name: columns[name] for name in EXAMPLES.names}, schema=EXAMPLES)


def _of_queries(queries: Sequence[Query], numbers: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """Columns of what is known of queries, by their numbers."""
    attributes = {"query": "text"}
    values = {name: [getattr(one, attributes.get(name, name)) for one in queries] for name in names}
    kinds = {name: CANDIDATES.field(name).type for name in names}
    return {name: pa.array(of, kinds[name]).take(pa.array(numbers)) for name, of in values.items()}


def _as_lists(features: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(features.ravel(), pa.float32()), type=_FEATURES)


def features_of(table: pa.Table) -> np.ndarray:
    """The features of candidates or examples, float32 [n, len(FEATURES)]."""
    column = table.column("features").combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.flatten().to_numpy(zero_copy_only=False).reshape(-1, len(FEATURES))
