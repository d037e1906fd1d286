"""A folder of pictures beside lists that name them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from contract.files import files_below
from contract.hashing import shard_of
from contract.rejects import Reject
from pipelines.ingest.examine import examine, rejected
from pipelines.ingest.lists import image_id_of, listed_pictures
from pipelines.ingest.sample import Sample
from pipelines.ingest.settings import PICTURE_SUFFIXES, SPLITS, Config, Listed
from pipelines.sharded import Tally


@dataclass(frozen=True)
class Candidate:
    """A picture that may enter the dataset.

    Attributes:
        image_id: its file's name without folder and suffix.
        uri: its file below raw/images; None where there is none.
        split: what a list states, or None.
        license: as the source states it.
        source: the list that names it, or ``images``.
    """

    image_id: str
    uri: str | None
    split: str | None
    license: str | None
    source: str


def candidates(images: Path, captions: Path, config: Config) -> list[Candidate | Reject]:
    """Every picture that a list names or that lies in the folder, each once, and what cannot be one."""
    files, rejects = _files(images)
    named: dict[str, Listed] = {}
    for listed in listed_pictures(captions, config):
        fault = _fault(listed, named.get(image_id_of(listed)))
        if fault:
            rejects.append(fault)
        if not fault or fault.reason == "split_conflict":
            named[image_id_of(listed)] = _of_higher_split(listed, named.get(image_id_of(listed)))
    chosen = [Candidate(i, files.get(i), listed.split, listed.license, listed.source) for i, listed in named.items()]
    chosen += [Candidate(i, uri, None, None, "images") for i, uri in files.items() if i not in named]
    return sorted([*chosen, *rejects], key=key_of)


def key_of(item: Candidate | Reject) -> str:
    """The key by which an item is sharded and sorted."""
    return item.key if isinstance(item, Reject) else item.image_id


def _files(images: Path) -> tuple[dict[str, str], list[Reject]]:
    files: dict[str, str] = {}
    rejects = []
    for path in files_below(images, whole=False):  # a picture whose link leads nowhere counts as missing
        if path.suffix.lower() in PICTURE_SUFFIXES:
            uri = path.relative_to(images).as_posix()
            first = files.setdefault(path.stem, uri)
            if first != uri:
                rejects.append(Reject(uri, "images", "duplicate_key", f"{first} has the same name"))
    return files, rejects


def _fault(listed: Listed, other: Listed | None) -> Reject | None:
    """Why a list's row gives no picture; None where it does."""
    name = PurePosixPath(listed.name)
    if not name.stem:
        return Reject(f"{listed.source}:{listed.row}", listed.source, "malformed_row", "the row names no picture")
    if name.is_absolute() or ".." in name.parts or "\\" in listed.name or "\0" in listed.name:
        return Reject(listed.name, listed.source, "image_unsafe_path", "a name within the folder of pictures is needed")
    if other is not None and other.split != listed.split:
        message = f"{other.source} has it in {other.split}, {listed.source} in {listed.split}"
        return Reject(name.stem, listed.source, "split_conflict", message)
    return None


def _of_higher_split(listed: Listed, other: Listed | None) -> Listed:
    """What train and test both name is test's; its licence is that of whichever list states one."""
    if other is None:
        return listed
    higher = max(other, listed, key=lambda one: SPLITS.index(one.split) if one.split else -1)
    return replace(higher, license=other.license or listed.license)


class FolderScan:
    """Opens the pictures of one shard.

    Args:
        images: the folder of pictures.
        captions: the folder of lists.
        config: the stage's settings.
        sample: the pictures to use.
    """

    def __init__(self, images: Path, captions: Path, config: Config, sample: Sample) -> None:
        self._images, self._captions, self._config, self._sample = images, captions, config, sample

    def setup(self) -> None:
        """Lists the pictures, once a process."""
        self._candidates = candidates(self._images, self._captions, self._config)

    def shard(self, index: int, tally: Tally) -> Iterator[dict[str, Any]]:
        """Rows of the scan, of a shard's pictures."""
        for item in self._candidates:
            if shard_of(key_of(item), self._config.shards) != index:
                continue
            if isinstance(item, Candidate) and not self._sample.has(item.image_id):
                tally.count("left_out_by_limit")
                continue
            tally.rows_in += 1
            yield rejected(item, index) if isinstance(item, Reject) else self._row(item, index)

    def _row(self, item: Candidate, index: int) -> dict[str, Any]:
        if item.uri is None:
            message = f"no picture of this name lies in {self._images.name}"
            return rejected(Reject(item.image_id, item.source, "image_missing", message), index)
        found = examine(self._images / item.uri, item.uri, self._config.max_megabytes)
        if isinstance(found, Reject):
            return rejected(Reject(item.image_id, item.source, found.reason, found.message), index)
        return found | {
            "image_id": item.image_id, "shard": index, "uri": item.uri, "split": item.split,
            "license": item.license, "source": item.source,
        }  # fmt: skip
