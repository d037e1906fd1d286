"""Where shards wait until all of them are finished.

DVC deletes a stage's outputs before it runs the stage, so finished shards lie in a work folder outside them. The
folder is named by what determines the result; a killed stage that is run again finds it and redoes only what is
missing. A shard found there is trusted only after its checksum matches.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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
        statistics: nested mappings whose leaves are numbers, which are summed over the shards.
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
        temporary.write_text(json.dumps(asdict(record), ensure_ascii=False))
        temporary.replace(self._record_path(index))

    def read_record(self, index: int) -> ShardRecord | None:
        """A finished shard whose files still have their checksums; None where there is no such shard."""
        try:
            values = json.loads(self._record_path(index).read_text())
            record = ShardRecord(**values | {name: Shard(**values[name]) for name in ("shard", "rejects")})
        except (OSError, ValueError, TypeError, KeyError):
            return None  # absent or cut off: the shard is simply made again
        for file in (record.shard, record.rejects):
            path = self.files / file.path
            if not path.is_file() or sha256_of_file(path) != file.sha256:
                return None
        return record

    def finish(self, manifest: Manifest) -> None:
        """Puts the finished files where the dataset belongs, all at once, and removes this folder."""
        manifest.write(self.files)
        put_in_place(self.files, self.out)
        self.discard()

    def discard(self) -> None:
        """Removes this folder."""
        shutil.rmtree(self.path)
        if not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()


def merge_statistics(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Adds up nested mappings of numbers, in a fixed order."""
    merged: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if isinstance(value, dict):
                merged[key] = merge_statistics([merged.get(key, {}), value])
            else:
                merged[key] = merged.get(key, 0) + value
    return {key: merged[key] for key in sorted(merged)}


def total_rejected(records: list[ShardRecord]) -> dict[str, int]:
    """Rejected rows by reason over all shards."""
    total: Counter[str] = Counter()
    for record in records:
        total.update(record.rejected)
    return dict(sorted(total.items()))
