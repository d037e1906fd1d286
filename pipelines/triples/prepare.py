"""The first pass: log rows go to the shards of their pictures, and the facts of each picture are read.

An element is a chunk of the log or a shard of the pictures. A chunk's file holds a record batch a shard, so that the
second pass reads just its own batch of every chunk: a shuffle by files, in batches, that can be resumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from contract.dataset import Dataset
from contract.hashing import shard_of
from pipelines.triples.image_facts import FACTS, ImageFacts
from pipelines.triples.log_files import LogChunk
from pipelines.triples.log_rows import LogRow, read_chunk

ROWS_FILE, FACTS_FILE = "rows.arrow", "facts.arrow"
ROWS = pa.schema(
    {
        "position": pa.int64(), "query": pa.string(), "image_id": pa.string(), "lang": pa.string(),
        "clicks": pa.int64(), "title": pa.string(), "reason": pa.string(), "message": pa.string(),
    }
)  # fmt: skip


@dataclass
class Prepare:
    """The work of the first pass: elements below ``len(chunks)`` are chunks, the others shards of pictures.

    Attributes:
        chunks: the log's.
        images: folder of the images dataset.
        regions: folder of the regions dataset.
        shards: number of shards of both.
        sharp: whether to measure the pictures' sharpness.
        sensitive: whether to run the classifier of sensitive pictures.
    """

    chunks: list[LogChunk]
    images: Path
    regions: Path
    shards: int
    sharp: bool
    sensitive: bool

    def setup(self) -> None:
        """Nothing until an element asks for it: a process may meet elements of one kind only."""
        self._facts: ImageFacts | None = None
        self._addresses: dict[str, str] | None = None

    def make(self, element: int, folder: Path) -> int:
        """Writes a chunk's rows or a shard's facts."""
        if element < len(self.chunks):
            return self._make_rows(self.chunks[element], folder / ROWS_FILE)
        if self._facts is None:
            self._facts = ImageFacts(self.images, self.regions, self.sharp, self.sensitive)
        table = self._facts.shard(element - len(self.chunks))
        write_batches(folder / FACTS_FILE, FACTS, [table])
        return len(table)

    def _make_rows(self, chunk: LogChunk, path: Path) -> int:
        of_shard: list[list[LogRow]] = [[] for _ in range(self.shards)]
        count = 0
        for row in read_chunk(chunk):
            if not row.image_id and row.image_url:
                row = row._replace(image_id=self._image_at(row.image_url))
            of_shard[shard_of(row.image_id or f"{chunk.name}:{row.position}", self.shards)].append(row)
            count += 1
        write_batches(path, ROWS, (_table(rows) for rows in of_shard))
        return count

    def _image_at(self, address: str) -> str:
        """The picture at an address; the address itself where the images table has no such uri."""
        if self._addresses is None:
            images = Dataset(self.images, "images").rows(["image_id", "uri"])
            self._addresses = {row["uri"]: row["image_id"] for row in images}
        return self._addresses.get(address, address)


def _table(rows: list[LogRow]) -> pa.Table:
    columns = {name: [getattr(row, name) for row in rows] for name in ROWS.names}
    return pa.table({name: pa.array(columns[name], ROWS.field(name).type) for name in ROWS.names}, schema=ROWS)


def write_batches(path: Path, schema: pa.Schema, tables: Iterator[pa.Table] | list[pa.Table]) -> None:
    """Writes an Arrow file with exactly one record batch a table, empty ones too."""
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
        for table in tables:
            batches = table.combine_chunks().to_batches()
            writer.write_batch(batches[0] if batches else pa.RecordBatch.from_pylist([], schema=schema))


def read_batch(path: Path, number: int = 0) -> pa.Table:
    """One record batch of an Arrow file, as a table."""
    with pa.memory_map(str(path)) as source:
        return pa.Table.from_batches([pa.ipc.open_file(source).get_batch(number)])
