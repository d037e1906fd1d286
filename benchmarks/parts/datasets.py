"""Finished datasets that a benchmark's stage reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from contract.card import write_finished
from contract.manifest import Manifest, Shard
from contract.schemas import REJECTS, DatasetSchema
from contract.shards import REJECTS_FOLDER, ShardWriter, shard_name


def write_dataset(
    folder: Path, schema: DatasetSchema, shards: int, batches: Iterable[pa.RecordBatch],
    statistics: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Writes a dataset, a batch a shard; what its manifest states of its rows is asked for by ``--verify`` alone."""
    written, rejects = list[Shard](), list[Shard]()
    for index, batch in enumerate(batches):
        with ShardWriter(folder, shard_name(index, shards), schema) as writer:
            writer.write(batch)
        with ShardWriter(folder, f"{REJECTS_FOLDER}/{shard_name(index, shards)}", REJECTS) as rejected:
            pass
        written.append(writer.shard())
        rejects.append(rejected.shard())
    total = sum(shard.rows for shard in written)
    manifest = Manifest(
        schema.name, schema.version, "benchmark", {}, 0, {}, written, rejects, total, total, {}, dict(statistics or {})
    )
    write_finished(manifest, folder)
