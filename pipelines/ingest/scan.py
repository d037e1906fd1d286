"""The first pass as a whole: tables of what every picture is, in a work folder of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from contract.config import as_parameters
from contract.files import identities
from contract.hashing import fingerprint_of_code
from contract.workfolder import WorkFolder, merge_statistics
from pipelines.ingest.archives import ArchiveScan, archive_keys, archives_of
from pipelines.ingest.examine import SCAN
from pipelines.ingest.folder import Candidate, FolderScan, candidates
from pipelines.ingest.sample import Sample, sample_of
from pipelines.ingest.settings import Config
from pipelines.sharded import ShardProcess, run_shards

CODE = ("contract.pictures", "contract.text", "contract.lines", "pipelines.ingest", "pipelines.sharded")


@dataclass(frozen=True)
class Scan:
    """The finished first pass.

    Attributes:
        tables: its Parquet files, in order.
        folder: what the uris of pictures from archives are relative to.
        seal: a file that holds the tables' checksums and so stands for everything that was read.
        sample: the pictures used.
        left_out: pictures that ``limit`` left out.
    """

    tables: tuple[Path, ...]
    folder: Path
    seal: Path
    sample: Sample
    left_out: int

    def rows(self, shard: int, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
        """The rows that go to one shard of the datasets, in the order of the tables."""
        for path in self.tables:
            yield from pq.read_table(path, columns=columns, filters=[("shard", "=", shard)]).to_pylist()


def scan_pictures(images: Path, captions: Path, config: Config, work: WorkFolder, workers: int) -> Scan:
    """Opens every picture, or those that an earlier run had not yet opened."""
    process: ShardProcess
    if config.layout == "img2dataset":
        sample = sample_of(archive_keys(images), config.limit) if config.limit else Sample()
        process, shards, total = ArchiveScan(images, config, sample), len(archives_of(images)), None
    else:
        found = candidates(images, captions, config)
        there = (item.image_id for item in found if isinstance(item, Candidate) and item.uri)
        sample = sample_of(there, config.limit)
        process, shards, total = FolderScan(images, captions, config, sample), config.shards, len(found)
    records = run_shards("ingest: opening pictures", SCAN, shards, work, process, workers, total)
    seal = work.path / "scan.json"
    seal.write_text(json.dumps([asdict(record.shard) for record in records]))
    left_out = merge_statistics([record.statistics for record in records]).get("left_out_by_limit", 0)
    tables = tuple(work.files / record.shard.path for record in records)
    return Scan(tables, work.files, seal, sample, left_out)


def scan_folder(images: Path, captions: Path, out: Path, config: Config, seed: int) -> WorkFolder:
    """The work folder of a scan, named by what determines it.

    Pictures are named by size and time of change instead of their content: the scan itself is what reads them.
    """
    determined_by = {
        "code": fingerprint_of_code(CODE), "parameters": as_parameters(config), "seed": seed,
        "files": {str(folder): identities(folder) for folder in (images, captions)},
    }  # fmt: skip
    return WorkFolder(out.parent / "ingest-scan", determined_by)
