"""Steps 1 to 3 for all rows of a shard at once: clicks are merged, and every row that goes gets its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.schemas import REJECTS
from pipelines.triples.query_filters import STEP_1, Query

_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class ShardRows:
    """The log rows of one shard, encoded.

    Attributes:
        table: by ``log_table.ROWS``, in the order of the log.
        where: file and position of every row, [n].
        image: number of every row's picture among the shard's, [n]; -1 where there is none.
        raw: number of every row's query as the log has it, [n].
        raw_queries: these queries and the languages that the log states, empty where it states none.
    """

    table: pa.Table
    where: pa.Array
    image: np.ndarray
    raw: np.ndarray
    raw_queries: list[tuple[str, str]]


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
    """Rows with their queries and pictures as numbers.

    Args:
        table: by ``log_table.ROWS``.
        files: what rejects call the file of each of the log's chunks.
        image_ids: the shard's pictures.
    """
    table = table.combine_chunks()
    file = pa.array(files, pa.string()).take(_array(table, "chunk"))
    where = pc.binary_join_element_wise(file, pc.cast(_array(table, "position"), pa.string()), ":")
    number_of = {image_id: number for number, image_id in enumerate(image_ids)}
    ids, images = _encoded(_array(table, "image_id"))
    known = np.array([number_of.get(image_id, -1) for image_id in images], np.int64)
    lang = pc.replace_substring(pc.fill_null(_array(table, "lang"), ""), _SEPARATOR, " ")
    keys = pc.binary_join_element_wise(lang, _array(table, "query"), _SEPARATOR)
    raw, raw_keys = _encoded(keys)
    raw_queries = [(query, lang) for lang, _, query in (key.partition(_SEPARATOR) for key in raw_keys)]
    return ShardRows(table, where, known[ids] if len(known) else ids, raw, raw_queries)


def unique_queries(queries: Sequence[Query]) -> tuple[list[Query], np.ndarray]:
    """Queries of which each id occurs once, and where each of the given ones is among them."""
    numbers: dict[str, int] = {}
    places = np.array([numbers.setdefault(query.query_id, len(numbers)) for query in queries], np.int64)
    first = np.unique(places, return_index=True)[1]
    return [queries[place] for place in first], places


def collect(
    rows: ShardRows, queries: Sequence[Query], places: np.ndarray, image_faults: Sequence[tuple[str, str]]
) -> tuple[Pairs, pa.Table]:
    """Merges clicks, and leaves out what does not pass steps 1 to 3.

    Args:
        rows: a shard's.
        queries: its ``unique_queries``.
        places: which of them each of ``rows.raw_queries`` is.
        image_faults: reason and message for each picture, empty where it passes step 2.

    Returns:
        The pairs that pass, and the rejects, one for every other row.
    """
    query = places[rows.raw]
    query_faults = [(one.reason, one.message) for one in queries]
    said = _Rejects(rows, query, queries)
    broken = ~pc.equal(_array(rows.table, "reason"), "").to_numpy(zero_copy_only=False)
    unread = ~broken & np.array([one.reason in STEP_1 for one in queries], bool)[query]
    unknown = ~broken & ~unread & (rows.image < 0)
    said.add_broken(np.flatnonzero(broken))
    said.add(np.flatnonzero(unread), *_take(query_faults, query[unread]))
    said.add(np.flatnonzero(unknown), pa.scalar("image_unknown"), pa.scalar("the images table holds no such picture"))
    pairs = _merge(rows, query, np.flatnonzero(~broken & ~unread & ~unknown), said)
    faults, place = _joined_faults(pairs, image_faults, query_faults)
    passes = np.array([not reason for reason, _ in faults], bool)[place]
    said.add(pairs.first[~passes], *_take(faults, place[~passes]))
    return pairs.keep(passes), said.table()


class _Rejects:
    """Gathers the rejects of a shard's rows."""

    def __init__(self, rows: ShardRows, query: np.ndarray, queries: Sequence[Query]) -> None:
        self._rows, self._query = rows, query
        self._query_ids = pa.array([one.query_id for one in queries], pa.string())
        self._tables = [REJECTS.arrow.empty_table()]

    def add_broken(self, chosen: np.ndarray) -> None:
        """Rows of which reading said what is wrong; their place is their key."""
        where, table = self._rows.where.take(pa.array(chosen)), self._rows.table.take(pa.array(chosen))
        self._append(where, where, table.column("reason"), table.column("message"))

    def add(self, chosen: np.ndarray, reason: pa.Array | pa.Scalar, message: pa.Array | pa.Scalar) -> None:
        """Rows by the picture and the query's id."""
        self._add(chosen, self._query_ids.take(pa.array(self._query[chosen])), reason, message)

    def add_merged(self, chosen: np.ndarray, into: np.ndarray) -> None:
        """Rows by the picture and the query as the log has it, each merged into another."""
        message = pc.binary_join_element_wise("merged into", self._rows.where.take(pa.array(into)), " ")
        raw = _array(self._rows.table, "query").take(pa.array(chosen))
        self._add(chosen, raw, pa.scalar("clicks_merged"), message)

    def _add(
        self, chosen: np.ndarray, query: pa.Array, reason: pa.Array | pa.Scalar, message: pa.Array | pa.Scalar
    ) -> None:  # fmt: skip
        image_id = _array(self._rows.table, "image_id").take(pa.array(chosen))
        key = pc.binary_join_element_wise(image_id, query, "/")
        self._append(key, self._rows.where.take(pa.array(chosen)), reason, message)

    def _append(self, key: pa.Array, *others: pa.Array | pa.Scalar) -> None:
        columns = [pa.repeat(one, len(key)) if isinstance(one, pa.Scalar) else one for one in others]
        self._tables.append(pa.table([key, *columns], schema=REJECTS.arrow))

    def table(self) -> pa.Table:
        """All of them."""
        return pa.concat_tables(self._tables)


def _take(faults: Sequence[tuple[str, str]], numbers: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Reasons and messages by their numbers."""
    reasons, messages = (pa.array([fault[part] for fault in faults], pa.string()) for part in (0, 1))
    return reasons.take(pa.array(numbers)), messages.take(pa.array(numbers))


def _joined_faults(
    pairs: Pairs, image_faults: Sequence[tuple[str, str]], query_faults: Sequence[tuple[str, str]]
) -> tuple[list[tuple[str, str]], np.ndarray]:
    """The faults of pictures and queries in one list, and which of them each pair has: the picture's goes first."""
    faulty = np.array([bool(reason) for reason, _ in image_faults], bool)
    place = np.where(faulty[pairs.image], pairs.image, len(image_faults) + pairs.query)
    return [*image_faults, *query_faults], place


def _merge(rows: ShardRows, query: np.ndarray, chosen: np.ndarray, said: _Rejects) -> Pairs:
    pictures = 1 + int(rows.image.max(initial=0))
    codes, first, group = np.unique(
        query[chosen] * pictures + rows.image[chosen], return_index=True, return_inverse=True
    )
    clicks = np.zeros(len(codes), np.int64)
    row_clicks = _array(rows.table, "clicks").to_numpy()[chosen]
    np.add.at(clicks, group, row_clicks)
    context = _contexts(_array(rows.table, "title").take(pa.array(chosen)), group, row_clicks, len(codes))
    pairs = Pairs(codes // pictures, codes % pictures, clicks, chosen[first], context)
    later = np.ones(len(chosen), bool)
    later[first] = False
    said.add_merged(chosen[later], pairs.first[group[later]])
    return pairs


def _contexts(titles: pa.Array, group: np.ndarray, clicks: np.ndarray, groups: int) -> np.ndarray:
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


def _array(table: pa.Table, name: str) -> pa.Array:
    """A column in one piece."""
    column = table.column(name).combine_chunks()
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _encoded(array: pa.Array) -> tuple[np.ndarray, list[str]]:
    encoded = array.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()
