"""What lies at an address: a dataset, its rejects, a file of one, a checkpoint, a detector, a folder of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contract.errors import InputError, UsageError
from contract.hashing import MANIFEST
from contract.places import Place
from contract.shards import REJECTS_FOLDER

CONFIG = "config.json"  # of a checkpoint; model.checkpoint, which writes it, would load torch
DETECTOR = "detector.json"  # of a detector; contract.detector would load torch
_MAGIC, _ENDING = b"PAR1", ".parquet"  # either is enough for a file to be taken for Parquet
_KINDS = "a dataset's folder, such as data/demo/captions, one of its shards, a checkpoint's or a detector's folder."

Kind = Literal["dataset", "datasets", "rejects", "file", "checkpoint", "checkpoints", "detector"]
_KNOWN_BY: tuple[tuple[str, Kind], ...] = ((MANIFEST, "dataset"), (CONFIG, "checkpoint"), (DETECTOR, "detector"))


@dataclass(frozen=True)
class Found:
    """What lies at a place."""

    kind: Kind
    place: Place


def find(place: Place) -> Found:
    """Looks at the few files by which things are known.

    Raises:
        UsageError: where nothing lies there, or nothing that can be inspected.
        InputError: where a dataset is unfinished.
    """
    for name, kind in _KNOWN_BY:
        if (place / name).is_file():
            return Found(kind, place)
    if place.name == REJECTS_FOLDER and (place.parent / MANIFEST).is_file():
        return Found("rejects", place)
    first = place.read(len(_MAGIC))
    if first == _MAGIC:
        return Found("file", place)
    folders = place.folders()
    if first is not None and not folders:
        if place.name.endswith(_ENDING):
            return Found("file", place)  # a broken one, of which more is said by who reads it
        raise UsageError(f"{place} is no Parquet file: it begins with {first!r}.", _KINDS)
    if any((place / name / CONFIG).is_file() for name in folders):
        return Found("checkpoints", place)
    if any((place / name / MANIFEST).is_file() for name in folders):
        return Found("datasets", place)
    raise _nothing(place, folders)


def _nothing(place: Place, folders: list[str]) -> InputError | UsageError:
    files = place.listing()
    if files is None:
        return UsageError(f"{place} is not there.", _KINDS)
    if not files and not folders:
        return UsageError(f"{place} is empty{'' if place.local else ' or not there'}.", _KINDS)
    if any(name.endswith(_ENDING) for name in files):
        return InputError(
            f"{place} is not a finished dataset: it has no {MANIFEST}.",
            "a folder that a stage has written to its end.",
            "run the stage that writes it, or give one of its files.",
        )
    return InputError(f"{place} holds none of {', '.join(name for name, _ in _KNOWN_BY)}.", _KINDS)
