"""The second pass over the pictures: from the scan's notes to the dataset ``images``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from contract.hashing import stable_hash
from contract.pictures import FILES_FOLDER
from contract.rejects import Reject
from pipelines.ingest.perceptual import CROPS
from pipelines.ingest.scan import Scan
from pipelines.ingest.settings import Config
from pipelines.ingest.splits import decide_splits
from pipelines.sharded import Tally

_COLUMNS = ["image_id", "shard", "uri", "width", "height", "sha256", "license", "source", "reason", "message"]


def write_decisions(scan: Scan, config: Config, seed: int, path: Path) -> None:
    """Decides the split of every picture of a scan and writes the decisions as Parquet.

    Of pictures with one id the first counts; the others become rejects when the dataset is written.
    """
    first: dict[str, tuple[int, str | None, bytes]] = {}
    for table in scan.tables:
        for batch in pq.ParquetFile(table).iter_batches(columns=["image_id", "shard", "split", "hashes"]):
            for image_id, shard, split, hashes in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if hashes is not None:
                    first.setdefault(image_id, (shard, split, hashes))
    image_ids = sorted(first)
    hashes = np.frombuffer(b"".join(first[image_id][2] for image_id in image_ids), np.uint64).reshape(-1, len(CROPS))
    decisions = decide_splits(image_ids, [first[image_id][1] for image_id in image_ids], hashes, config, seed)
    columns = {
        "image_id": pa.array(image_ids, pa.string()),
        "shard": pa.array([first[image_id][0] for image_id in image_ids], pa.int32()),
        "split": pa.array([decision.split for decision in decisions], pa.string()),
        "conflict": pa.array([decision.conflict for decision in decisions], pa.string()),
        "near": pa.array([decision.near for decision in decisions], pa.bool_()),
        "group": pa.array([decision.group for decision in decisions], pa.string()),
    }
    pq.write_table(pa.table(columns), path)


class ImagesProcess:
    """Writes one shard of ``images``.

    Args:
        scan: the first pass.
        decisions: what ``write_decisions`` wrote.
        own_files: whether the pictures become files of the dataset, since they come from archives.
    """

    def __init__(self, scan: Scan, decisions: Path, own_files: bool) -> None:
        self._scan, self._decisions, self._own_files = scan, decisions, own_files

    def setup(self) -> None:
        """Loads nothing."""

    def shard(self, index: int, tally: Tally) -> Iterator[dict[str, Any] | Reject]:
        """Yields the pictures of a shard, sorted, and its rejects."""
        decided = pq.read_table(self._decisions, filters=[("shard", "=", index)]).to_pylist()
        decisions = {row["image_id"]: row for row in decided}
        last = None
        for row in sorted(self._scan.rows(index, _COLUMNS), key=lambda row: row["image_id"]):
            tally.rows_in += 1
            image_id, source = row["image_id"], row["source"]
            if row["reason"]:
                yield Reject(image_id, source, row["reason"], row["message"])
            elif image_id == last:
                yield Reject(image_id, source, "duplicate_key", "an earlier picture has this id")
            else:
                last = image_id
                yield self._finish(row, decisions[image_id], tally)

    def _finish(self, row: dict[str, Any], decision: dict[str, Any], tally: Tally) -> dict[str, Any] | Reject:
        if decision["conflict"]:
            return Reject(row["image_id"], row["source"], "split_conflict", decision["conflict"])
        tally.count("splits", decision["split"])
        tally.count("sources", row["source"])
        if decision["near"]:
            tally.count("with_near_duplicates")
        uri = self._own_file(row, tally.folder) if self._own_files else row["uri"]
        kept = {name: row[name] for name in ("image_id", "width", "height", "sha256", "license", "source")}
        return kept | {"split": decision["split"], "uri": uri, "duplicate_group": decision["group"]}

    def _own_file(self, row: dict[str, Any], folder: Path) -> str:
        """Gives the dataset its own copy of a picture, without copying where the disk can link."""
        found = PurePosixPath(row["uri"])
        uri = f"{FILES_FOLDER}/{stable_hash(row['image_id']) & 255:02x}/{found.name}"
        target = folder / uri
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(self._scan.folder / found, target)
        except OSError:
            shutil.copyfile(self._scan.folder / found, target)
        return uri
