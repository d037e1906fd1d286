"""Reading a dataset: a folder of Parquet shards with a manifest."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from contract.errors import InputError
from contract.hashing import shard_of
from contract.manifest import MEND, Manifest, Shard, read_manifest
from contract.schemas import REJECTS, SCHEMAS, DatasetSchema, check_version

_MOST_AHEAD = 8  # row groups in memory before they are asked for


class Dataset:
    """A finished dataset, opened for reading.

    Args:
        folder: where it lies.
        name: which dataset is expected there.

    Raises:
        InputError: where the folder is unfinished, holds another dataset or another major version, or where its first
            shard has not the bytes, rows and columns that manifest and schema state. The others are checked when read.
    """

    def __init__(self, folder: Path | str, name: str) -> None:
        self.folder = Path(folder)
        self.manifest: Manifest = read_manifest(self.folder)
        self.schema: DatasetSchema = SCHEMAS[name]
        if not self.manifest.shards or self.manifest.dataset != name:
            raise InputError(
                f"{self.folder} holds the dataset {self.manifest.dataset!r} in {self.num_shards} shards.",
                f"the dataset {name!r} in one shard at least.", "give the folder that the stage of that name wrote.",
            )  # fmt: skip
        self._open(self.manifest.shards[0], self.schema).close()

    @property
    def num_shards(self) -> int:
        """Number of shards; the row of a key lies in ``shard_of(key, num_shards)``."""
        return len(self.manifest.shards)

    def __len__(self) -> int:
        return self.manifest.rows_out

    def _open(self, shard: Shard, schema: DatasetSchema) -> pq.ParquetFile:
        path = self.folder / shard.path
        try:
            file = pq.ParquetFile(path, memory_map=True)
        except (OSError, ValueError, pa.ArrowException) as error:  # ValueError: a name that is no UTF-8
            raise self._broken(path, f"cannot be read ({error})", f"the {shard.bytes} bytes") from error
        check_version(file.schema_arrow, schema, str(path))
        found = f"has {path.stat().st_size:,} bytes and {file.metadata.num_rows:,} rows"
        if (path.stat().st_size, file.metadata.num_rows) != (shard.bytes, shard.rows):
            raise self._broken(path, found, f"the {shard.bytes:,} bytes and {shard.rows:,} rows")
        return file

    def _broken(self, path: Path, found: str, expected: str) -> InputError:
        return InputError(f"{path} {found}.", f"{expected} that the manifest states.", MEND)

    def _batches(
        self, shard: Shard, schema: DatasetSchema, columns: Sequence[str] | None, batch_size: int
    ) -> Iterator[pa.RecordBatch]:  # fmt: skip
        names = list(columns or schema.arrow.names)
        with self._open(shard, schema) as file, self._reading(shard):
            for batch in file.iter_batches(batch_size, columns=_there(file, names)):
                yield schema.completed(batch, names)

    @contextmanager
    def _reading(self, shard: Shard) -> Iterator[None]:
        """Turns what pyarrow says of damaged bytes into a message of ours."""
        try:
            yield
        except (OSError, ValueError, pa.ArrowException) as error:
            path = self.folder / shard.path
            raise self._broken(path, f"is damaged ({error})", f"the sha256 {shard.sha256}") from error

    def batches(
        self, columns: Sequence[str] | None = None, shard: int | None = None, batch_size: int = 1024
    ) -> Iterator[pa.RecordBatch]:
        """Record batches of all shards in order, or of one shard."""
        shards = self.manifest.shards if shard is None else [self.manifest.shards[shard]]
        for one in shards:
            yield from self._batches(one, self.schema, columns, batch_size)

    def rows(self, columns: Sequence[str] | None = None, shard: int | None = None) -> Iterator[dict[str, Any]]:
        """Rows as dictionaries, of all shards in order or of one shard."""
        for batch in self.batches(columns, shard):
            yield from batch.to_pylist()

    def tables(self, columns: Sequence[str] | None = None, shard: int | None = None) -> Iterator[pa.Table]:
        """A table a row group, of all shards in order or of one shard; threads read some ahead of the caller.

        The fastest way through a dataset, as long as each table is let go before many others come: its memory is then
        taken again for those that follow.
        """
        names = list(columns or self.schema.arrow.names)
        chosen = self.manifest.shards if shard is None else [self.manifest.shards[shard]]
        ahead = min(_MOST_AHEAD, os.cpu_count() or 1)
        with ThreadPoolExecutor(ahead) as threads:
            waiting: deque[Future[pa.Table]] = deque()
            for one in chosen:
                with self._open(one, self.schema) as file:
                    groups = file.num_row_groups
                for group in range(groups):
                    waiting.append(threads.submit(self.row_group, names, one, group))
                    if len(waiting) > ahead:
                        yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def row_group(self, names: list[str], shard: Shard, group: int) -> pa.Table:
        """Some columns of one row group of a shard."""
        with self._open(shard, self.schema) as file, self._reading(shard):
            table = file.read_row_group(group, _there(file, names), use_threads=False)
            return self.schema.completed(table, names).replace_schema_metadata(None)

    def table(self, columns: Sequence[str] | None = None, shard: int | None = None) -> pa.Table:
        """All rows, or one shard's, in memory."""
        names = list(columns or self.schema.arrow.names)
        empty = pa.schema([self.schema.arrow.field(name) for name in names]).empty_table()
        return pa.concat_tables([empty, *self.tables(names, shard)])

    def rejects(self, shard: int | None = None) -> Iterator[dict[str, Any]]:
        """Rejected rows: key, source, reason, message."""
        for one in self.manifest.rejects if shard is None else [self.manifest.rejects[shard]]:
            for batch in self._batches(one, REJECTS, None, 1024):
                yield from batch.to_pylist()

    def require_shards_like(self, other: Dataset) -> None:
        """Checks that two datasets can be joined shard by shard.

        Raises:
            InputError: where their numbers of shards differ.
        """
        if self.num_shards != other.num_shards:
            raise InputError(
                f"{self.folder} has {self.num_shards} shards and {other.folder} has {other.num_shards}.",
                "the same number, since rows are joined shard by shard.",
                "rebuild one of them with the other's number of shards.",
            )

    def shard_of(self, key: str) -> int:
        """The shard in which the row of a shard key lies."""
        return shard_of(key, self.num_shards)


def _there(file: pq.ParquetFile, names: list[str]) -> list[str]:
    """Those of the columns that the file has; one of an older minor version may lack some."""
    return [name for name in names if name in file.schema_arrow.names]
