"""Where shards wait until all of them are finished.

DVC deletes a stage's outputs before it runs the stage, so finished shards lie in a work folder outside them. The
folder is named by what determines the result; a killed stage that is run again finds it and redoes only what is
missing. A shard found there is trusted only after its checksum matches.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import orjson  # code-switching counts words by the ten thousand, over which json is slow

from contract.card import write_finished
from contract.hashing import sha256_of_file, sha256_of_json
from contract.manifest import Manifest, Shard
from contract.outputs import put_in_place


@dataclass(frozen=True)
class ShardRecord:
    """What one finished shard adds to the manifest.

    Attributes:
        shard: its data file.
        rejects: its file of rejected rows.
        rows_in: rows that it was given.
        rejected: rejected rows by reason.
        statistics: nested mappings whose leaves are summed over the shards: numbers, or lists, which are joined.
    """

    shard: Shard
    rejects: Shard
    rows_in: int
    rejected: dict[str, int]
    statistics: dict[str, Any]


class WorkFolder:
    """The unfinished form of one dataset.

    Args:
        out: where the dataset will lie.
        determined_by: everything that the result depends on: code, parameters, seed, inputs, number of shards.

    Attributes:
        path: the work folder.
        files: the dataset as it grows, within the work folder; it becomes ``out`` as a whole.
    """

    def __init__(self, out: Path, determined_by: Mapping[str, Any]) -> None:
        self.out = out
        self.path = out.parent / ".work" / f"{out.name}-{sha256_of_json(determined_by)[:16]}"
        self.files = self.path / "files"
        self.files.mkdir(parents=True, exist_ok=True)

    def _record_path(self, index: int) -> Path:
        return self.path / f"record-{index:05d}.json"

    def write_record(self, index: int, record: ShardRecord) -> None:
        """Marks a shard as finished."""
        temporary = self._record_path(index).with_suffix(".tmp")
        values = vars(record) | {name: vars(getattr(record, name)) for name in ("shard", "rejects")}
        temporary.write_bytes(orjson.dumps(values))
        temporary.replace(self._record_path(index))

    def read_record(self, index: int) -> ShardRecord | None:
        """A finished shard; None where there is none."""
        try:
            values = orjson.loads(self._record_path(index).read_bytes())
            return ShardRecord(**values | {name: Shard(**values[name]) for name in ("shard", "rejects")})
        except (OSError, ValueError, TypeError, KeyError):
            return None  # absent or cut off: the shard is simply made again

    def is_finished(self, index: int) -> bool:
        """Whether there is a finished shard whose files still have their checksums."""
        record = self.read_record(index)
        return record is not None and all(map(self._is_whole, (record.shard, record.rejects)))

    def _is_whole(self, file: Shard) -> bool:
        path = self.files / file.path
        return path.is_file() and sha256_of_file(path) == file.sha256

    def finish(self, manifest: Manifest) -> None:
        """Puts the finished files where the dataset belongs, all at once, and removes this folder."""
        write_finished(manifest, self.files)
        put_in_place(self.files, self.out)
        self.discard()

    def discard(self) -> None:
        """Removes this folder."""
        shutil.rmtree(self.path)
        if not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()


def merge_statistics(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Adds up nested mappings of numbers, and joins lists; in a fixed order."""
    values: dict[str, list[Any]] = {}
    for part in parts:
        for key, value in part.items():
            values.setdefault(key, []).append(value)
    return {key: _merged(values[key]) for key in sorted(values)}


def _merged(values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        return merge_statistics(values)
    return list(chain.from_iterable(values)) if isinstance(values[0], list) else sum(values)


def total_rejected(records: list[ShardRecord]) -> dict[str, int]:
    """Rejected rows by reason over all shards."""
    total: Counter[str] = Counter()
    for record in records:
        total.update(record.rejected)
    return dict(sorted(total.items()))
