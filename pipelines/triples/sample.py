"""Steps 4 and 5 on scored candidates: the best queries of each picture, and the quotas of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from contract.hashing import stable_hash
from pipelines.triples.arrow_files import read_table
from pipelines.triples.candidates import CANDIDATES_FILE, features_of
from pipelines.triples.logistic import Logistic


def rank_queries(image: np.ndarray, relevance: np.ndarray, clicks: np.ndarray, query_id: np.ndarray) -> np.ndarray:
    """Ranks of the queries of each picture from 1, by relevance, then clicks, then the query's id.

    Args:
        image: [n], anything that tells pictures apart.
        relevance: [n].
        clicks: [n].
        query_id: [n].

    Returns:
        int64 [n].
    """
    order = np.lexsort((query_id, -clicks, -relevance.astype(np.float64), image))
    begins = np.ones(len(order), bool)
    begins[1:] = image[order][1:] != image[order][:-1]
    places = np.arange(len(order))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = places - np.maximum.accumulate(np.where(begins, places, 0)) + 1
    return ranks


@dataclass(frozen=True)
class Scored:
    """The candidates of one shard with what step 4 says of them.

    Attributes:
        table: by ``candidates.CANDIDATES``.
        relevance: float32 [n].
        relevant: whether it is relevant enough, [n].
        rank: among the relevant queries of its picture, from 1, [n]; 0 for one that is not relevant.
    """

    table: pa.Table
    relevance: np.ndarray
    relevant: np.ndarray
    rank: np.ndarray


@dataclass(frozen=True)
class Scorer:
    """Step 4: scores, and ranks within each picture.

    Attributes:
        model: the relevance model.
        least_relevance: less is irrelevant.
        queries_an_image: queries that a picture keeps, at most.
    """

    model: Logistic
    least_relevance: float
    queries_an_image: int

    def score(self, folder: Path) -> Scored:
        """The candidates that the second pass left in a folder."""
        table = read_table(folder / CANDIDATES_FILE)
        relevance = self.model.probability(features_of(table))
        relevant = relevance >= np.float32(self.least_relevance)
        rank = np.zeros(len(table), np.int64)
        image, query_id = (np.array(table.column(name).to_pylist(), np.str_) for name in ("image_id", "query_id"))
        clicks = table.column("clicks").to_numpy()
        rank[relevant] = rank_queries(image[relevant], relevance[relevant], clicks[relevant], query_id[relevant])
        return Scored(table, relevance, relevant, rank)

    def kept(self, scored: Scored) -> np.ndarray:
        """Which candidates step 4 keeps, bool [n]."""
        return scored.relevant & (scored.rank <= self.queries_an_image)


class Quotas:
    """Step 5: how many pictures each language has in each split; those with the smallest hashes are taken.

    A picture counts in every language in which it has a query.

    Args:
        quotas: split → language → pictures; a language that is not named there is not limited.
        seed: the job's.
    """

    def __init__(self, quotas: Mapping[str, Mapping[str, int]], seed: int) -> None:
        self._seed = seed
        self._quota = {(split, lang): count for split, of in quotas.items() for lang, count in of.items()}
        self._smallest = {place: np.empty(0, np.uint64) for place in self._quota}

    def count(self, table: pa.Table) -> None:
        """Takes the pictures of kept candidates into account; all shards, once each, before anything is admitted."""
        pictures = table.select(["split", "lang", "image_id"]).group_by(["split", "lang", "image_id"]).aggregate([])
        drawn: dict[tuple[str, str], list[int]] = {}
        for split, lang, image_id in zip(*(column.to_pylist() for column in pictures.columns), strict=True):
            if (split, lang) in self._quota:
                drawn.setdefault((split, lang), []).append(self._draw(lang, image_id))
        for place, numbers in drawn.items():
            together = np.sort(np.concatenate([self._smallest[place], np.array(numbers, np.uint64)]))
            self._smallest[place] = together[: self._quota[place] + 1]  # one more shows that the quota is passed

    def admits(self, split: str, lang: str, image_id: str) -> bool:
        """Whether a picture is within the quota of a language and split."""
        quota = self._quota.get((split, lang))
        if quota is None or len(self._smallest[split, lang]) <= quota:
            return True
        return self._draw(lang, image_id) < int(self._smallest[split, lang][quota])

    def _draw(self, lang: str, image_id: str) -> int:
        return stable_hash(self._seed, "sample", lang, image_id)
