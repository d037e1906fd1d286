"""The third pass: steps 4 and 5 for one shard, and its triples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from contract.rejects import REASONS, Reject
from contract.schemas import TRIPLES
from pipelines.sharded import Tally
from pipelines.triples.candidates import REJECTS_FILE
from pipelines.triples.prepare import read_batch
from pipelines.triples.sample import Quotas, Scored, Scorer, rank_queries


class Triples:
    """The triples of one shard.

    Args:
        folders: the second pass's, by shard.
        scorer: step 4.
        quotas: step 5, with all shards counted.
    """

    def __init__(self, folders: list[Path], scorer: Scorer, quotas: Quotas) -> None:
        self._folders, self._scorer, self._quotas = folders, scorer, quotas

    def setup(self) -> None:
        """Nothing is needed."""

    def shard(self, index: int, tally: Tally) -> Iterator[pa.RecordBatch | Reject]:
        """Yields the rejects of all steps, and then the triples."""
        for row in read_batch(self._folders[index] / REJECTS_FILE).to_pylist():
            tally.rows_in += 1
            yield _counted(Reject(**row), tally)
        scored = self._scorer.score(self._folders[index])
        tally.rows_in += len(scored.table)
        faults = self._faults(scored)
        for row, (reason, message) in enumerate(faults):
            if reason:
                yield _counted(_reject(scored.table, row, reason, message), tally)
        chosen = np.array([not reason for reason, _ in faults], bool)
        _describe(scored.table.filter(pa.array(chosen)), tally)
        yield _triples(scored, chosen)

    def _faults(self, scored: Scored) -> list[tuple[str, str]]:
        columns = (scored.table.column(name).to_pylist() for name in ("split", "lang", "image_id"))
        values = zip(*columns, scored.relevance.tolist(), scored.rank.tolist(), strict=True)
        return [self._fault(*of_row) for of_row in values]

    def _fault(self, split: str, lang: str, image_id: str, relevance: float, rank: int) -> tuple[str, str]:
        if rank == 0:
            return "query_irrelevant", f"relevance {relevance:.3f}, expected {self._scorer.least_relevance}"
        if rank > self._scorer.queries_an_image:
            return "query_over_five", f"rank {rank}, kept are {self._scorer.queries_an_image}"
        if not self._quotas.admits(split, lang, image_id):
            return "over_quota", f"{lang} is full in {split}"
        return "", ""


def _reject(table: pa.Table, row: int, reason: str, message: str) -> Reject:
    image_id, query_id, source = (table.column(name)[row].as_py() for name in ("image_id", "query_id", "source"))
    return Reject(f"{image_id}/{query_id}", source, reason, message)


def _triples(scored: Scored, chosen: np.ndarray) -> pa.RecordBatch:
    """The chosen candidates by the schema, in its order, ranked anew since quotas may have taken some away."""
    table, relevance = scored.table.filter(pa.array(chosen)), scored.relevance[chosen]
    image, query_id = (np.array(table.column(name).to_pylist(), np.str_) for name in ("image_id", "query_id"))
    rank = rank_queries(image, relevance, table.column("clicks").to_numpy(), query_id)
    table = table.append_column("relevance", pa.array(relevance, pa.float32()))
    table = table.append_column("rank", pa.array(rank, pa.int8())).select(TRIPLES.arrow.names)
    table = table.sort_by([(name, "ascending") for name in TRIPLES.key]).cast(TRIPLES.arrow)
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=TRIPLES.arrow)


def _counted(reject: Reject, tally: Tally) -> Reject:
    said = REASONS[reject.reason]
    tally.count("rejects_by_step", said[5] if said.startswith("step ") else "1", reject.reason)
    return reject


def _describe(table: pa.Table, tally: Tally) -> None:
    """Counts what the statistics are made of."""
    columns = (table.column(name).to_pylist() for name in ("lang", "split", "image_id", "words", "context"))
    pictures = set()
    for lang, split, image_id, words, context in zip(*columns, strict=True):
        pictures.add((lang, split, image_id))
        tally.count("triples", lang, split)
        tally.count("words", lang, by=words)
        tally.count("with_context", lang, by=int(context is not None))
    for lang, split, _ in sorted(pictures):
        tally.count("images", lang, split)
