"""A sharded job: from a pure function of one shard to a finished dataset.

A stage gives a ``ShardProcess``; this module gives it work folder, resume, workers, rejects, checks and manifest.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from contract.config import as_parameters
from contract.hashing import fingerprint, fingerprint_of_code
from contract.manifest import Manifest
from contract.progress import Progress
from contract.rejects import Reject, Rejects
from contract.schemas import REJECTS, SCHEMAS, DatasetSchema
from contract.shards import REJECTS_FOLDER, ShardWriter, shard_name
from contract.workfolder import ShardRecord, WorkFolder, merge_statistics, total_rejected
from pipelines.beam_runner import run_elements

Row = Mapping[str, Any]
_CODE = ("contract.encoded", "contract.schemas", "contract.shards", "pipelines.sharded")  # of every dataset
_BUFFER_ROWS, _BUFFER_VECTORS = 1_000, 64  # rows handed to the writer at once; those with vectors are large
_SAY_SECONDS = 0.5  # how often a worker says how far it is


@dataclass
class Tally:
    """What a shard's function counts while it runs.

    Attributes:
        rows_in: rows that it was given, in the unit in which it gives and rejects rows.
        statistics: nested mappings whose leaves are numbers, or lists; they are summed over the shards.
        folder: the dataset's folder as it grows, for a stage that writes files of its own beside the shards.
    """

    rows_in: int = 0
    statistics: dict[str, Any] = field(default_factory=dict)
    folder: Path = Path()

    def count(self, *path: str, by: float = 1) -> None:
        """Adds to the number at a path: ``tally.count("languages", "de")``."""
        *groups, leaf = path
        place = self.statistics
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = place.get(leaf, 0) + by


class ShardProcess(Protocol):
    """The stage's own work. Picklable; an instance of a module-level class with plain attributes."""

    def setup(self) -> None:
        """Loads what every shard needs, once a process."""

    def shard(self, index: int, tally: Tally) -> Iterator[Row | pa.RecordBatch | Reject]:
        """Yields the rows of one shard in the order of the dataset's key, and rejects in any order.

        Rejects may also come as record batches of their schema, where a Python object each is too slow.

        Counts the rows that it was given into ``tally.rows_in``: rows in = rows out + rejects.
        """


@dataclass(frozen=True)
class Job:
    """Which dataset is made, where, from what, and how.

    Attributes:
        stage: the stage's name.
        dataset: the dataset's name in contract.schemas.
        out: its folder.
        shards: number of shards.
        config: the stage's configuration, all of which goes into the manifest.
        seed: the job's seed.
        inputs: named inputs, each fingerprinted.
        code: names of the modules whose source the result depends on.
        parameters: further manifest parameters, such as ``picture_root``.
        environment: variables of the workers' processes; they change nothing in the result.
    """

    stage: str
    dataset: str
    out: Path
    shards: int
    config: Any
    seed: int
    inputs: Mapping[str, Path]
    code: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def run_sharded(
    job: Job,
    process: ShardProcess,
    workers: int,
    total_rows: int | None = None,
    summarise: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Manifest:
    """Makes a dataset shard by shard, resuming whatever an earlier run has finished.

    Args:
        job: which dataset, where, from what.
        process: the function of one shard.
        workers: processes.
        total_rows: rows that all shards will be given, where that is known; for the progress bar.
        summarise: turns the summed statistics into those of the manifest (means, shares).

    Returns:
        The manifest, which is also written.

    Raises:
        M3PError: what a shard's function raised, or rows in ≠ rows out + rejected.
    """
    inputs = {name: fingerprint(path) for name, path in sorted(job.inputs.items())}
    parameters = as_parameters(job.config) | dict(job.parameters)
    determined_by = {
        "code": fingerprint_of_code((*_CODE, *job.code)),
        "parameters": parameters, "seed": job.seed, "inputs": inputs, "shards": job.shards, "dataset": job.dataset,
    }  # fmt: skip
    work = WorkFolder(job.out, determined_by)
    label = f"{job.stage}: {job.dataset}"
    records = run_shards(label, SCHEMAS[job.dataset], job.shards, work, process, workers, total_rows, job.environment)
    statistics = merge_statistics([record.statistics for record in records])
    manifest = Manifest(
        dataset=job.dataset, version=SCHEMAS[job.dataset].version, stage=job.stage, parameters=parameters,
        seed=job.seed, inputs=inputs,
        shards=[record.shard for record in records], rejects=[record.rejects for record in records],
        rows_in=sum(record.rows_in for record in records),
        rows_out=sum(record.shard.rows for record in records),
        rejected=total_rejected(records),
        statistics=summarise(statistics) if summarise else statistics,
    )  # fmt: skip
    work.finish(manifest)
    rejected = ", ".join(f"{reason} {count:,}" for reason, count in manifest.rejected.items()) or "none"
    print(f"{job.stage}: {job.dataset}: {manifest.rows_in:,} rows in, {manifest.rows_out:,} out; rejected: {rejected}.")
    return manifest


def run_shards(
    label: str,
    schema: DatasetSchema,
    shards: int,
    work: WorkFolder,
    process: ShardProcess,
    workers: int,
    total_rows: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[ShardRecord]:
    """Makes those shards of a table that its work folder does not hold yet, and leaves all of them there.

    ``run_sharded`` makes a dataset from them; a stage that needs a first pass over its input reads them.

    Args:
        label: what the progress bar says.
        schema: the table's columns.
        shards: number of shards.
        work: where they lie.
        process: the function of one shard.
        workers: processes.
        total_rows: rows that all shards will be given, where that is known; for the progress bar.
        environment: variables of the workers' processes.

    Returns:
        What each shard holds, in order.
    """
    missing = [index for index in range(shards) if not work.is_finished(index)]
    if 0 < len(missing) < shards:
        print(f"{label}: {shards - len(missing)} of {shards} shards are finished already.")
    if missing:
        with Progress(label, total_rows, "rows") as bar:
            run_elements(
                _ShardWork(schema, shards, work, process), missing, workers, work.path,
                lambda: _rows_done(work.path), bar, environment,
            )  # fmt: skip
    return [_finished(work, index) for index in range(shards)]


def _finished(work: WorkFolder, index: int) -> ShardRecord:
    record = work.read_record(index)
    if record is None:
        raise RuntimeError(f"shard {index} of {work.out} is not whole after its job has ended")
    return record


def _rows_done(folder: Path) -> int:
    total = 0
    for path in folder.glob("rows-*"):
        text = path.read_text()
        total += int(text) if text.isdigit() else 0  # empty for an instant while it is written
    return total


class _ShardWork:
    """Writes the shards of one table, in whichever process."""

    def __init__(self, schema: DatasetSchema, shards: int, work: WorkFolder, process: ShardProcess) -> None:
        self._schema, self._shards, self._work, self._process = schema, shards, work, process

    def setup(self) -> None:
        self._process.setup()
        gc.freeze()  # what is loaded once is not looked through whenever garbage is collected

    def do(self, index: int) -> None:
        name, files = shard_name(index, self._shards), self._work.files
        tally, rejects = Tally(folder=files), Rejects()
        rows: list[Row] = []
        buffer_rows = _BUFFER_VECTORS if self._schema.vectors else _BUFFER_ROWS
        done, last_said = self._work.path / f"rows-{index:05d}", time.monotonic()
        with ExitStack() as stack:
            writer = stack.enter_context(ShardWriter(files, name, self._schema))
            for item in self._process.shard(index, tally):
                if time.monotonic() - last_said > _SAY_SECONDS:
                    done.write_text(str(tally.rows_in))
                    last_said = time.monotonic()
                if isinstance(item, Reject) or (isinstance(item, pa.RecordBatch) and item.schema == REJECTS.arrow):
                    rejects.add(item)
                    continue
                if isinstance(item, pa.RecordBatch):
                    writer.write(rows)
                    writer.write(item)
                    rows = []
                else:
                    rows.append(item)
                if len(rows) >= buffer_rows:
                    writer.write(rows)
                    rows = []
            writer.write(rows)
        with ShardWriter(files, f"{REJECTS_FOLDER}/{name}", REJECTS) as rejects_writer:
            for batch in rejects.in_order():
                rejects_writer.write(batch)
        done.write_text(str(tally.rows_in))
        self._work.write_record(
            index,
            ShardRecord(writer.shard(), rejects_writer.shard(), tally.rows_in, rejects.by_reason(), tally.statistics),
        )
