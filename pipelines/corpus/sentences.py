"""The second pass: one of each sentence, sampled by language where there is a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contract.hashing import stable_hash
from contract.rejects import Reject
from pipelines.corpus.sampling import quotas, smoothed, split_quota
from pipelines.corpus.settings import Config
from pipelines.sharded import Tally

Plan = Mapping[int, Mapping[str, int]]  # sentences to take by shard and language


class SentencesProcess:
    """Writes one shard of ``corpus``.

    Args:
        tables: what the first pass wrote, in order.
        config: the stage's settings.
        seed: the job's seed.
        plan: sentences to take by shard and language; None takes all.
    """

    def __init__(self, tables: tuple[Path, ...], config: Config, seed: int, plan: Plan | None) -> None:
        self._tables, self._config, self._seed, self._plan = tables, config, seed, plan

    def setup(self) -> None:
        """Loads nothing."""

    def shard(self, index: int, tally: Tally) -> Iterator[dict[str, Any] | Reject]:
        """Yields the sentences of a shard, sorted, and its rejects."""
        rows: dict[str, dict[str, Any]] = {}
        for row in _rows(self._tables, index):
            tally.rows_in += 1
            if row["reason"]:
                yield Reject(row["key"], row["source"], row["reason"], row["message"])
            elif row["key"] in rows:
                yield Reject(row["key"], row["source"], "sentence_duplicate", _quoted(row))
            else:
                rows[row["key"]] = row
                tally.count("languages", row["lang"], "available")
        taken, left_out = self._sample(list(rows.values()), index)
        for row in left_out:
            yield Reject(row["key"], row["source"], "not_sampled", _quoted(row))
        for row in sorted(taken, key=lambda row: (row["lang"], row["key"])):
            yield self._finish(row, tally)

    def _sample(self, rows: list[dict[str, Any]], index: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What is taken and what is left out: of each language those with the smallest hashes."""
        if self._plan is None:
            return rows, []
        left = dict(self._plan.get(index, {}))
        taken: list[dict[str, Any]] = []
        left_out: list[dict[str, Any]] = []
        for row in sorted(rows, key=lambda row: (stable_hash(self._seed, "sample", row["key"]), row["key"])):
            (taken if left.get(row["lang"], 0) > 0 else left_out).append(row)
            left[row["lang"]] = left.get(row["lang"], 0) - 1
        return taken, left_out

    def _finish(self, row: dict[str, Any], tally: Tally) -> dict[str, Any]:
        lang, text = row["lang"], row["text"]
        place = stable_hash(self._seed, "split", row["key"]) / 2**64
        split = "val" if place < self._config.val_fraction else "train"
        tally.count("languages", lang, "sentences")
        tally.count("languages", lang, "characters", by=len(text))
        tally.count("splits", split)
        return {"sentence_id": row["key"], "lang": lang, "text": text, "split": split}


def plan_budget(tables: tuple[Path, ...], config: Config) -> Plan | None:
    """How many sentences each shard takes of each language; None where there is no budget."""
    if not config.max_sentences:
        return None
    held: dict[str, dict[int, int]] = {}
    for shard in range(config.shards):
        for lang, count in _distinct(tables, shard).items():
            held.setdefault(lang, {})[shard] = count
    wanted = quotas({lang: sum(counts.values()) for lang, counts in held.items()}, config.max_sentences, config.alpha)
    plan: dict[int, dict[str, int]] = {}
    for lang, quota in sorted(wanted.items()):
        for shard, part in split_quota(quota, held[lang]).items():
            plan.setdefault(shard, {})[lang] = part
    return plan


def summarise(statistics: dict[str, Any], alpha: float) -> dict[str, Any]:
    """Adds the probability with which training draws each language, from the sentences that were available."""
    languages = statistics.get("languages", {})
    probabilities = smoothed({lang: counts["available"] for lang, counts in languages.items()}, alpha)
    empty = {"sentences": 0, "characters": 0}
    with_probability = {
        lang: empty | counts | {"probability": round(probabilities[lang], 9)} for lang, counts in languages.items()
    }
    return {"splits": {}} | statistics | {"languages": with_probability}


def _rows(tables: tuple[Path, ...], shard: int, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    for path in tables:
        yield from pq.read_table(path, columns=columns, filters=[("shard", "=", shard)]).to_pylist()


def _distinct(tables: tuple[Path, ...], shard: int) -> dict[str, int]:
    """Different sentences of each language in one shard."""
    chosen = [("shard", "=", shard), ("reason", "=", "")]
    parts = [pq.read_table(path, columns=["lang", "key"], filters=chosen) for path in tables]
    if not parts:
        return {}
    counts = pa.concat_tables(parts).group_by("lang").aggregate([("key", "count_distinct", pc.CountOptions())])
    return dict(zip(counts["lang"].to_pylist(), counts["key_count_distinct"].to_pylist(), strict=True))


def _quoted(row: dict[str, Any]) -> str:
    return f"{row['lang']}: {row['text'][:80]!r}"
