"""Step 4: what the relevance model looks at: text features, image features, and image-text similarity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipelines.triples.matching import Matching
from pipelines.triples.query_filters import Query

FEATURES = (
    "words",  # text: number of words
    "word_length",  # text: characters a word
    "regions",  # image: log of their number
    "mean_score",  # image: mean probability of its regions' classes
    "covered",  # image: share inside any region
    "names_a_class",  # similarity: whether the query names any class of the detector
    "named_mean",  # similarity: mean over the named classes of their best score in the picture
    "named_least",  # similarity: the least of these
    "named_share",  # similarity: share of all classes' best scores in the picture that belongs to named ones
    "matching",  # similarity: a pre-trained checkpoint's matching logit; 0 where none is given
)


class PairFeatures:
    """Features of pairs of queries and pictures of one shard.

    Args:
        queries: all queries of the pairs.
        facts: the pictures, by ``image_facts.FACTS``.
        classes: number of classes of the detector.
        matching: a checkpoint's scores of the pairs.
    """

    def __init__(self, queries: Sequence[Query], facts: pa.Table, classes: int, matching: Matching) -> None:
        self._query_ids, self._image_ids = [query.query_id for query in queries], facts.column("image_id").to_pylist()
        self._matching = matching
        self._text = np.array([[q.words, len(q.text) / max(1, q.words)] for q in queries], np.float32).reshape(-1, 2)
        self._counts = np.array([len(query.named) for query in queries], np.int64)
        self._offsets = np.concatenate([[0], np.cumsum(self._counts)])
        self._named = np.array([number for query in queries for number in query.named], np.int64)
        self._scores = _class_scores(facts, classes)
        self._totals = self._scores.sum(axis=1)
        columns = [facts.column(name).to_numpy(zero_copy_only=False) for name in ("regions", "mean_score", "covered")]
        self._image = np.stack([np.log1p(columns[0].astype(np.float32)), *columns[1:]], axis=1).astype(np.float32)

    def of(self, query: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Features of pairs, float32 [n, len(FEATURES)].

        Args:
            query: numbers of the queries, [n].
            image: numbers of the pictures, [n].
        """
        similarity = self._similarity(query, image)
        matching = self._matching.of(self._image_ids, image, self._query_ids, query)
        columns = [self._text[query], self._image[image], similarity, matching[:, None]]
        return np.concatenate(columns, axis=1).astype(np.float32)

    def _similarity(self, query: np.ndarray, image: np.ndarray) -> np.ndarray:
        out = np.zeros((len(query), 4), np.float32)
        some = np.flatnonzero(self._counts[query])
        if len(some) == 0:
            return out
        counts = self._counts[query[some]]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        places = np.repeat(self._offsets[query[some]] - starts, counts) + np.arange(counts.sum())
        scores = self._scores[np.repeat(image[some], counts), self._named[places]]
        sums, totals = np.add.reduceat(scores, starts), self._totals[image[some]]
        out[some, 0] = 1
        out[some, 1] = sums / counts
        out[some, 2] = np.minimum.reduceat(scores, starts)
        out[some, 3] = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
        return out


def _class_scores(facts: pa.Table, classes: int) -> np.ndarray:
    """Best score of every class in every picture, float32 [images, classes]; 0 where it is not there."""
    scores = np.zeros((len(facts), max(1, classes)), np.float32)
    ids, values = facts.column("class_ids").combine_chunks(), facts.column("class_scores").combine_chunks()
    rows = np.repeat(np.arange(len(facts)), ids.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64))
    numbers = ids.flatten().to_numpy(zero_copy_only=False).astype(np.int64)
    known = (numbers >= 0) & (numbers < classes)
    scores[rows[known], numbers[known]] = values.flatten().to_numpy(zero_copy_only=False)[known]
    return scores
