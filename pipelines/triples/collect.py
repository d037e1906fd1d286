"""Steps 1 to 3 for all rows of a shard at once: clicks are merged, and every row that goes gets its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.rejects import Reject
from pipelines.triples.query_filters import STEP_1, Query

_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class ShardRows:
    """The log rows of one shard, encoded.

    Attributes:
        table: by ``prepare.ROWS``, in the order of the log.
        files: the file of every row, [n].
        image: number of every row's picture among the shard's, [n]; -1 where there is none.
        raw: number of every row's query as the log has it, [n].
        raw_queries: these queries and the languages that the log states, empty where it states none.
    """

    table: pa.Table
    files: Sequence[str]
    image: np.ndarray
    raw: np.ndarray
    raw_queries: list[tuple[str, str]]

    def where(self, row: int) -> str:
        """File and position of a row."""
        return f"{self.files[row]}:{self.table.column('position')[row]}"


@dataclass(frozen=True)
class Pairs:
    """Pairs of a query and a picture, each once.

    Attributes:
        query: number of the query among ``unique_queries``, [n].
        image: number of the picture, [n].
        clicks: of all rows of the pair, [n].
        first: the pair's first row, [n].
        context: title of the page with the most clicks, [n]; None where no page has one.
    """

    query: np.ndarray
    image: np.ndarray
    clicks: np.ndarray
    first: np.ndarray
    context: np.ndarray

    def keep(self, chosen: np.ndarray) -> Pairs:
        """The pairs that a mask chooses."""
        return Pairs(*(values[chosen] for values in (self.query, self.image, self.clicks, self.first, self.context)))


def encode_rows(table: pa.Table, files: Sequence[str], image_ids: Sequence[str]) -> ShardRows:
    """Rows with their queries and pictures as numbers."""
    number_of = {image_id: number for number, image_id in enumerate(image_ids)}
    ids, images = _encoded(table.column("image_id"))
    known = np.array([number_of.get(image_id, -1) for image_id in images], np.int64)
    keys = pc.binary_join_element_wise(pc.fill_null(table.column("lang"), ""), table.column("query"), _SEPARATOR)
    raw, raw_keys = _encoded(keys)
    raw_queries = [(query, lang) for lang, _, query in (key.partition(_SEPARATOR) for key in raw_keys)]
    return ShardRows(table, files, known[ids] if len(known) else ids, raw, raw_queries)


def unique_queries(queries: Sequence[Query]) -> tuple[list[Query], np.ndarray]:
    """Queries of which each id occurs once, and where each of the given ones is among them."""
    numbers: dict[str, int] = {}
    places = np.array([numbers.setdefault(query.query_id, len(numbers)) for query in queries], np.int64)
    first = np.unique(places, return_index=True)[1]
    return [queries[place] for place in first], places


def collect(
    rows: ShardRows, queries: Sequence[Query], places: np.ndarray, image_faults: Sequence[tuple[str, str]]
) -> tuple[Pairs, list[Reject]]:
    """Merges clicks, and leaves out what does not pass steps 1 to 3.

    Args:
        rows: a shard's.
        queries: its ``unique_queries``.
        places: which of them each of ``rows.raw_queries`` is.
        image_faults: reason and message for each picture, empty where it passes step 2.

    Returns:
        The pairs that pass, and a reject for every other row.
    """
    query = places[rows.raw]
    rejects = list(_unreadable(rows, queries, query))
    unread = np.array([one.reason in STEP_1 for one in queries], bool)
    good = pc.equal(rows.table.column("reason"), "").to_numpy().astype(bool) & (rows.image >= 0) & ~unread[query]
    pairs, merged = _merge(rows, query, np.flatnonzero(good))
    rejects += merged
    passes = np.ones(len(pairs.first), bool)
    for number, row in enumerate(pairs.first.tolist()):
        fault = image_faults[pairs.image[number]]
        if not fault[0]:
            fault = (queries[pairs.query[number]].reason, queries[pairs.query[number]].message)
        if fault[0]:
            passes[number] = False
            rejects.append(_reject(rows, row, queries[pairs.query[number]], *fault))
    return pairs.keep(passes), rejects


def _unreadable(rows: ShardRows, queries: Sequence[Query], query: np.ndarray) -> Iterator[Reject]:
    """Rejects of step 1 but for merged rows: the row itself, its query, or its picture."""
    columns = (rows.table.column("reason").to_pylist(), query.tolist(), rows.image.tolist())
    for row, (reason, number, image) in enumerate(zip(*columns, strict=True)):
        if reason:
            yield Reject(rows.where(row), rows.where(row), reason, rows.table.column("message")[row].as_py())
        elif queries[number].reason in STEP_1:
            yield _reject(rows, row, queries[number], queries[number].reason, queries[number].message)
        elif image < 0:
            yield _reject(rows, row, queries[number], "image_unknown", "the images table holds no such picture")


def _merge(rows: ShardRows, query: np.ndarray, chosen: np.ndarray) -> tuple[Pairs, list[Reject]]:
    pictures = 1 + int(rows.image.max(initial=0))
    codes, first, group = np.unique(
        query[chosen] * pictures + rows.image[chosen], return_index=True, return_inverse=True
    )
    clicks = np.zeros(len(codes), np.int64)
    row_clicks = rows.table.column("clicks").to_numpy()[chosen]
    np.add.at(clicks, group, row_clicks)
    context = _contexts(rows.table.column("title").take(pa.array(chosen)), group, row_clicks, len(codes))
    pairs = Pairs(codes // pictures, codes % pictures, clicks, chosen[first], context)
    later = np.setdiff1d(np.arange(len(chosen)), first)
    merged = [
        Reject(
            f"{rows.table.column('image_id')[row]}/{rows.table.column('query')[row]}", rows.where(row),
            "clicks_merged", f"merged into {rows.where(into)}",
        )
        for row, into in zip(chosen[later].tolist(), pairs.first[group[later]].tolist(), strict=True)
    ]  # fmt: skip
    return pairs, merged


def _contexts(titles: pa.ChunkedArray, group: np.ndarray, clicks: np.ndarray, groups: int) -> np.ndarray:
    """A title for each group: that with the most clicks, of equals the first in the order of code points."""
    out = np.full(groups, None, object)
    numbers, texts = _encoded(pc.fill_null(titles, ""))
    if not texts:
        return out
    codes, place = np.unique(group * len(texts) + numbers, return_inverse=True)
    total = np.zeros(len(codes), np.int64)
    np.add.at(total, place, clicks)
    rank = np.argsort(np.argsort(np.array(texts, object)))
    of_group, title = codes // len(texts), codes % len(texts)
    order = np.lexsort((rank[title], -total, of_group))
    order = order[np.array(texts, object)[title[order]] != ""]
    best = order[np.unique(of_group[order], return_index=True)[1]]
    out[of_group[best]] = np.array(texts, object)[title[best]]
    return out


def _reject(rows: ShardRows, row: int, query: Query, reason: str, message: str) -> Reject:
    key = f"{rows.table.column('image_id')[row]}/{query.query_id}"
    return Reject(key, rows.where(row), reason, message)


def _encoded(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()
