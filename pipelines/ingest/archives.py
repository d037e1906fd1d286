"""What img2dataset writes: webdataset tars, and Parquet with the pictures' bytes.

Nothing is ever unpacked by an archive's own names: a sample's key is checked, and its picture gets a name of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract.files import files_below
from contract.hashing import shard_of
from contract.rejects import Reject
from pipelines.ingest import parquets, tars
from pipelines.ingest.examine import examine, rejected
from pipelines.ingest.sample import Sample
from pipelines.ingest.settings import Config, Sampled
from pipelines.sharded import Tally

PICTURES = "pictures"  # within the scan's folder
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def archives_of(images: Path) -> list[Path]:
    """The archives below a folder, in order."""
    return [path for path in files_below(images) if path.suffix in (".tar", ".parquet")]


def archive_keys(images: Path) -> Iterator[str]:
    """The ids of all pictures in all archives, from their tables of contents."""
    for path in archives_of(images):
        keys = tars.keys(path) if path.suffix == ".tar" else parquets.keys(path)
        yield from (_image_id(path.relative_to(images), key) for key in keys)


def _image_id(archive: Path, key: str) -> str:
    """A sample's id: its key, behind the folders of its archive, since keys begin anew in every folder."""
    return "-".join([*archive.parent.parts, *key.split("/")])


class ArchiveScan:
    """Opens the pictures of one archive, and keeps them in files of their own.

    Args:
        images: the folder of archives.
        config: the stage's settings.
        sample: the pictures to use.
    """

    def __init__(self, images: Path, config: Config, sample: Sample) -> None:
        self._images, self._config, self._sample = images, config, sample

    def setup(self) -> None:
        """Lists the archives, once a process."""
        self._archives = archives_of(self._images)

    def shard(self, index: int, tally: Tally) -> Iterator[dict[str, Any]]:
        """Rows of the scan, of one archive's samples."""
        path = self._archives[index]
        name = path.relative_to(self._images)
        rows: dict[str, dict[str, Any]] = {}
        repeated = []
        read = tars.samples if path.suffix == ".tar" else parquets.samples
        for item in read(path, self._config.max_megabytes):
            key = item.key if isinstance(item, Reject) else _image_id(name, item.key)
            if isinstance(item, Sampled) and not self._sample.has(key):
                tally.count("left_out_by_limit")
                continue
            tally.rows_in += 1
            if key in rows:
                item = Reject(key, str(name), "duplicate_key", "an earlier sample of the archive has this key")
            row = self._row(item, key, name, index, tally.folder)
            rows.setdefault(key, row)
            if row is not rows[key]:
                repeated.append(row)
        yield from sorted([*rows.values(), *repeated], key=lambda row: row["image_id"])

    def _row(self, item: Sampled | Reject, key: str, name: Path, index: int, folder: Path) -> dict[str, Any]:
        shard = shard_of(key, self._config.shards)
        if isinstance(item, Reject):
            return rejected(Reject(key, name.as_posix(), item.reason, item.message), shard)
        if not _SAFE.fullmatch(key):
            message = "letters, digits, '.', '_' and '-', at most 200, make a safe name"
            return rejected(Reject(key, name.as_posix(), "image_unsafe_path", message), shard)
        found = examine(item.picture, key, self._config.max_megabytes)
        source = name.as_posix()
        if isinstance(found, Reject):
            return rejected(Reject(key, source, found.reason, found.message), shard) | {"caption": item.caption}
        uri = f"{PICTURES}/{index:05d}/{key}{item.suffix}"
        _write_whole(folder / uri, item.picture)
        return found | {
            "image_id": key, "shard": shard, "uri": uri, "license": item.license, "source": source,
            "caption": item.caption,
        }  # fmt: skip


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
