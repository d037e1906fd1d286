"""The third pass: steps 4 and 5 for one shard, and its triples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.rejects import REASONS
from contract.schemas import REJECTS, TRIPLES
from pipelines.sharded import Tally
from pipelines.triples.arrow_files import read_table
from pipelines.triples.candidates import REJECTS_FILE
from pipelines.triples.entities import EntityTaggers
from pipelines.triples.judged import RowLabel, count_judged
from pipelines.triples.sample import Quotas, Scored, Scorer, rank_queries
from pipelines.triples.steps import rows_read


class Triples:
    """The triples of one shard.

    Args:
        folders: the second pass's, by shard.
        scorer: step 4.
        quotas: step 5, with all shards counted.
        labels: judged rows, by which the filters are measured.
        entity_models: see ``EntityTaggers``.
    """

    def __init__(
        self,
        folders: list[Path],
        scorer: Scorer,
        quotas: Quotas,
        labels: dict[str, RowLabel],
        entity_models: Mapping[str, str],
    ) -> None:
        self._folders, self._scorer, self._quotas = folders, scorer, quotas
        self._labels, self._entity_models = labels, entity_models

    def setup(self) -> None:
        """Loads the models that look for entities, where there are any."""
        self._entities = EntityTaggers(self._entity_models)
        self._entities.load()

    def shard(self, index: int, tally: Tally) -> Iterator[pa.RecordBatch]:
        """Yields the rejects of all steps, and then the triples."""
        earlier = read_table(self._folders[index] / REJECTS_FILE)
        scored = self._scorer.score(self._folders[index])
        tally.rows_in += rows_read([self._folders[index]])
        count_judged(self._labels, earlier, scored.table, tally)
        reason, message = self._faults(scored)
        passes = reason == ""
        rejects = pa.concat_tables([earlier, _rejects(scored.table, reason, message, ~passes)])
        for code, count in _counts(rejects, ["reason"]):
            said = REASONS[code]
            tally.count("rejects_by_step", said[5] if said.startswith("step ") else "1", code, by=count)
        yield from rejects.to_batches()
        _describe(scored.table.filter(pa.array(passes)), tally)
        self._entities.count(scored.table.filter(pa.array(passes)), tally)
        yield _triples(scored, passes)

    def _faults(self, scored: Scored) -> tuple[np.ndarray, np.ndarray]:
        """Reason and message of every candidate; empty where it passes steps 4 and 5."""
        reason, message = np.full(len(scored.table), "", object), np.full(len(scored.table), "", object)
        for row in np.flatnonzero(scored.rank == 0).tolist():
            reason[row] = "query_irrelevant"
            message[row] = f"relevance {scored.relevance[row]:.3f}, expected {self._scorer.least_relevance}"
        for row in np.flatnonzero(scored.rank > self._scorer.queries_an_image).tolist():
            reason[row] = "query_over_five"
            message[row] = f"rank {scored.rank[row]}, kept are {self._scorer.queries_an_image}"
        left = np.flatnonzero(reason == "")
        columns = (scored.table.column(name).take(pa.array(left)).to_pylist() for name in ("split", "lang", "image_id"))
        for row, split, lang, image_id in zip(left.tolist(), *columns, strict=True):
            if not self._quotas.admits(split, lang, image_id):
                reason[row], message[row] = "over_quota", f"{lang} is full in {split}"
        return reason, message


def _rejects(table: pa.Table, reason: np.ndarray, message: np.ndarray, chosen: np.ndarray) -> pa.Table:
    table = table.filter(pa.array(chosen))
    key = pc.binary_join_element_wise(table.column("image_id"), table.column("query_id"), "/")
    said = [pa.array(values[chosen], pa.string()) for values in (reason, message)]
    return pa.table([key, table.column("source"), *said], schema=REJECTS.arrow)


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


def _describe(table: pa.Table, tally: Tally) -> None:
    """Counts what the statistics are made of."""
    table = table.append_column("with_context", pc.is_valid(table.column("context")).cast(pa.int64()))
    for lang, split, count in _counts(table, ["lang", "split"]):
        tally.count("triples", lang, split, by=count)
    sums = table.group_by("lang").aggregate([("words", "sum"), ("with_context", "sum")]).to_pylist()
    for of_lang in sorted(sums, key=lambda row: str(row["lang"])):
        tally.count("words", of_lang["lang"], by=of_lang["words_sum"])
        tally.count("with_context", of_lang["lang"], by=of_lang["with_context_sum"])
    pictures = table.group_by(["lang", "split", "image_id"]).aggregate([])
    for lang, split, count in _counts(pictures, ["lang", "split"]):
        tally.count("images", lang, split, by=count)


def _counts(table: pa.Table, names: list[str]) -> list[tuple[Any, ...]]:
    """How many rows there are of each combination of values, in their order."""
    counted = table.group_by(names).aggregate([([], "count_all")]).to_pylist()
    return sorted((*(row[name] for name in names), row["count_all"]) for row in counted)
