"""The second pass: steps 1 to 3 for one shard, and what step 4 will look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from contract.hashing import stable_hash
from contract.rejects import Reject
from pipelines.triples.class_names import ClassNames
from pipelines.triples.collect import Pairs, collect, encode_rows, unique_queries
from pipelines.triples.image_filters import ImageFilter
from pipelines.triples.pair_features import FEATURES, PairFeatures
from pipelines.triples.prepare import FACTS_FILE, ROWS, ROWS_FILE, read_batch, write_batches
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
REJECTS = pa.schema({name: pa.string() for name in ("key", "source", "reason", "message")})
EXAMPLES = pa.schema({"image_id": pa.string(), "label": pa.bool_(), "features": _FEATURES})


@dataclass
class Candidates:
    """The work of the second pass; an element is a shard.

    Attributes:
        chunk_folders: the first pass's, of the log's chunks.
        chunk_names: what rejects call their files.
        fact_folders: the first pass's, of the pictures' shards.
        languages: those wanted.
        language_confidence: see ``LanguageIdentifier``.
        fewest_words: of a query.
        word_lists: sensitive words and phrases by language.
        class_names: how classes of the detector are called.
        classes: their number.
        image_filter: step 2.
        labels: judged pairs; weak ones are made of clicks where there are none.
        weak_pairs: clicked pairs of a shard that serve as weak labels, at most.
        seed: the job's.
    """

    chunk_folders: list[Path]
    chunk_names: list[str]
    fact_folders: list[Path]
    languages: tuple[str, ...]
    language_confidence: float
    fewest_words: int
    word_lists: dict[str, list[str]]
    class_names: ClassNames
    classes: int
    image_filter: ImageFilter
    labels: list[PairLabel]
    weak_pairs: int
    seed: int

    def setup(self) -> None:
        """Loads what reading queries takes."""
        self._reader = QueryReader(
            self.languages, self.language_confidence, self.fewest_words, self.word_lists, self.class_names
        )

    def make(self, element: int, folder: Path) -> int:
        """Writes a shard's candidates, rejects and examples."""
        facts = read_batch(self.fact_folders[element] / FACTS_FILE)
        image_ids = facts.column("image_id").to_pylist()
        tables = [read_batch(chunk / ROWS_FILE, element) for chunk in self.chunk_folders]
        files = [name for name, table in zip(self.chunk_names, tables, strict=True) for _ in range(len(table))]
        rows = encode_rows(pa.concat_tables([ROWS.empty_table(), *tables]), files, image_ids)
        queries, places = unique_queries([self._reader.read(*raw) for raw in rows.raw_queries])
        pairs, rejects = collect(rows, queries, places, self.image_filter.faults(facts))
        features = PairFeatures(queries, facts, self.classes).of(pairs.query, pairs.image)
        sources = [rows.where(row) for row in pairs.first.tolist()]
        write_batches(folder / CANDIDATES_FILE, CANDIDATES, [_candidates(pairs, queries, facts, features, sources)])
        write_batches(folder / REJECTS_FILE, REJECTS, [_rejects(rejects)])
        examples = self._judged(queries, facts) if self.labels else self._weak(pairs, queries, facts, features)
        write_batches(folder / EXAMPLES_FILE, EXAMPLES, [examples])
        return len(files)

    def _judged(self, of_log: Sequence[Query], facts: pa.Table) -> pa.Table:
        """Examples out of judged pairs, for those queries that step 3 lets through."""
        number_of = {image_id: number for number, image_id in enumerate(facts.column("image_id").to_pylist())}
        known = {query.text: query for query in of_log}  # whose language the log may state
        labels = [label for label in self.labels if label.image_id in number_of]
        read = [known.get(label.query) or self._reader.read(label.query, label.lang) for label in labels]
        chosen = [row for row, query in enumerate(read) if not query.reason]
        queries = [read[row] for row in chosen]
        image = np.array([number_of[labels[row].image_id] for row in chosen], np.int64)
        features = PairFeatures(queries, facts, self.classes).of(np.arange(len(chosen)), image)
        return _examples(image, [labels[row].label for row in chosen], facts, features)

    def _weak(self, pairs: Pairs, queries: Sequence[Query], facts: pa.Table, features: np.ndarray) -> pa.Table:
        """Examples out of clicks: clicked pairs match, their queries beside other pictures do not."""
        image_ids, query_ids = facts.column("image_id").to_pylist(), [query.query_id for query in queries]
        numbers = zip(pairs.query.tolist(), pairs.image.tolist(), strict=True)
        drawn = np.array([stable_hash(self.seed, "weak", query_ids[q], image_ids[i]) for q, i in numbers], np.uint64)
        chosen = np.sort(np.argsort(drawn, kind="stable")[: self.weak_pairs])
        others = weak_negatives(pairs.query[chosen], pairs.image[chosen], image_ids, query_ids, self.seed)
        drawn_ones = others >= 0
        image = np.concatenate([pairs.image[chosen], others[drawn_ones]])
        negatives = PairFeatures(queries, facts, self.classes).of(pairs.query[chosen][drawn_ones], others[drawn_ones])
        labels = [True] * len(chosen) + [False] * len(negatives)
        return _examples(image, labels, facts, np.concatenate([features[chosen], negatives]))


def _candidates(
    pairs: Pairs, queries: Sequence[Query], facts: pa.Table, features: np.ndarray, sources: list[str]
) -> pa.Table:
    image, chosen = pa.array(pairs.image), [queries[number] for number in pairs.query.tolist()]
    columns = {
        "image_id": facts.column("image_id").take(image), "split": facts.column("split").take(image),
        "query_id": [query.query_id for query in chosen], "lang": [query.lang for query in chosen],
        "query": [query.text for query in chosen], "words": pa.array([query.words for query in chosen], pa.int32()),
        "context": pa.array(pairs.context.tolist(), pa.string()), "clicks": pairs.clicks, "source": sources,
        "features": _as_lists(features),
    }  # fmt: skip
    return pa.table({name: columns[name] for name in CANDIDATES.names}, schema=CANDIDATES)


def _examples(image: np.ndarray, labels: list[bool], facts: pa.Table, features: np.ndarray) -> pa.Table:
    image_id = facts.column("image_id").take(pa.array(image))
    return pa.table([image_id, pa.array(labels, pa.bool_()), _as_lists(features)], schema=EXAMPLES)


def _rejects(rejects: Sequence[Reject]) -> pa.Table:
    return pa.Table.from_pylist([asdict(reject) for reject in rejects], schema=REJECTS)


def _as_lists(features: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(features.ravel(), pa.float32()), type=_FEATURES)


def features_of(table: pa.Table) -> np.ndarray:
    """The features of candidates or examples, float32 [n, len(FEATURES)]."""
    column = table.column("features").combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.flatten().to_numpy(zero_copy_only=False).reshape(-1, len(FEATURES))
