"""Regions of one shard of pictures, from features that are there already."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.dataset import Dataset
from contract.detector import IMPORTED, UNNAMED, read_spec
from contract.errors import InputError, UsageError
from contract.hashing import shard_of
from contract.progress import progress
from contract.rejects import Reject
from pipelines.regions.files import FeatureFile, find_files, open_file
from pipelines.regions.files.record import Record
from pipelines.regions.found import Attributes, Found, as_float16
from pipelines.regions.rows import row_of
from pipelines.regions.settings import Config
from pipelines.sharded import Row, Tally

_SAMPLE = 200  # records that are looked into before all others, for the features' width
_WAYS = 4  # in which a file may name a picture
_ASPECT = 0.02  # share by which a resized copy's aspect ratio may differ from the original's


@dataclass(frozen=True)
class _Place:
    """Where a record is: its picture's name, the number of its file, its position in it."""

    name: str
    file: int
    position: int


class ImportProcess:
    """Looks the pictures of a shard up in feature files.

    Args:
        images: the dataset of pictures.
        detector: a detector's folder whose architecture is ``imported``; it names the classes.
        features: the folder of feature files.
        config: the settings; ``least`` and ``most`` hold here too.

    Raises:
        UsageError: where there are no features, or the classes that they state have no names.
        InputError: where a file cannot be read at all.
    """

    def __init__(self, images: Path, detector: Path, features: Path, config: Config) -> None:
        self._images, self._features, self._config = images, features, config
        self._spec = read_spec(detector)
        self._files = find_files(features)
        opened = self._open()
        places = [
            _Place(name, number, position)
            for number, file in enumerate(opened)
            for name, position in progress(file.names(), f"regions: looking into {self._named(number)}", unit="records")
        ]
        self._of, self._left = self._matched(places)
        sample = list(self._sample(opened))
        self._width = _commonest([record.features.shape[1] for record in sample])
        self._named_classes = self._spec.class_names != (UNNAMED,)
        stating = [record for record in sample if record.classes is not None]
        if stating and not self._named_classes:
            raise UsageError(
                f"{self._features} states classes, and nothing names them.", "detector.class_names in the profile.",
                "give a text file with one class name a line, in their order, without the background.",
            )  # fmt: skip
        if sample and not stating and self._named_classes:
            raise UsageError(
                f"{self._features} states no classes, and detector.class_names names some.",
                "files that state classes, or no class_names: all regions are then of the one class `object`.",
            )
        print(f"regions: {len(places):,} records in {len(opened)} files, {len(self._of):,} of pictures that are here.")

    def _open(self) -> list[FeatureFile]:
        return [open_file(path, attributes=bool(self._spec.attribute_names)) for path in self._files]

    def _named(self, file: int) -> str:
        return self._files[file].relative_to(self._features).as_posix()

    def _sample(self, opened: list[FeatureFile]) -> Iterator[Record]:
        """Records from the first file's beginning to the last one's end; what cannot be read becomes a reject later."""
        places = sorted(self._of.values(), key=lambda place: (place.file, place.position))
        for place in places[:: math.ceil(len(places) / _SAMPLE) or 1]:
            with suppress(InputError):
                yield opened[place.file].read(place.position)

    def _matched(self, places: list[_Place]) -> tuple[dict[str, _Place], dict[int, list[tuple[_Place, str]]]]:
        """The record of each picture; by shard, those of none or of one that has a record, with the reason."""
        dataset = Dataset(self._images, "images")
        names = _pictures_by_name(list(dataset.rows(["image_id", "uri"])))
        found: dict[str, _Place] = {}
        left: dict[int, list[tuple[_Place, str]]] = defaultdict(list)
        for place in places:
            picture = names.get(place.name)
            if picture is None or picture in found:
                reason = "image_unknown" if picture is None else "duplicate_key"
                left[shard_of(place.name, dataset.num_shards)].append((place, reason))
            else:
                found[picture] = place
        return found, dict(left)

    def setup(self) -> None:
        """Opens the files, once a process."""
        self._opened = self._open()

    def shard(self, index: int, tally: Tally) -> Iterator[Row | pa.RecordBatch | Reject]:
        """The regions of a shard's pictures, in their order; then what the files hold besides."""
        dataset = Dataset(self._images, "images")
        for row in dataset.rows(["image_id", "uri", "width", "height"], index):
            tally.rows_in += 1
            place = self._of.get(row["image_id"])
            if place is None:
                yield Reject(row["image_id"], row["uri"], "features_missing", "no record; expected one of its name")
                continue
            try:
                found = self._found(row, self._opened[place.file].read(place.position))
            except InputError as error:
                yield Reject(row["image_id"], self._named(place.file), "malformed_row", f"{place.name}: {error.what}")
                continue
            yield row_of(row, found, self._config.least, self._spec, IMPORTED, tally)
        for place, reason in self._left.get(index, []):
            tally.rows_in += 1
            yield Reject(place.name, self._named(place.file), reason, "expected one record a picture here")

    def _found(self, row: dict[str, Any], record: Record) -> Found:
        """A record as regions of the picture that is here, the most probable of them where there are too many."""
        width, height = record.width or row["width"], record.height or row["height"]
        if abs(width * row["height"] / (height * row["width"]) - 1) > _ASPECT:
            size = f"{row['width']} × {row['height']} px"
            raise InputError(f"its regions are of a picture of {width} × {height} px and it has {size}", "one picture.")
        count = len(record.boxes)
        if record.features.shape[1] != self._width:
            raise InputError(f"its features are {record.features.shape[1]} wide", f"{self._width}, as most are.")
        if record.classes is None and self._named_classes:
            raise InputError("it states no classes", "classes, as others here do.")
        classes = np.zeros(count, np.int64) if record.classes is None else record.classes
        _check_named("classes", classes, self._spec.class_names)
        scores = np.ones(count, np.float32) if record.scores is None else record.scores
        chosen = np.sort(np.argsort(-scores, kind="stable")[: self._config.most])
        factors = np.array([row["width"] / width, row["height"] / height] * 2, np.float32)
        boxes = record.boxes[chosen] * factors
        attributes = record.attributes
        if attributes:
            _check_named("attributes", attributes.ids, self._spec.attribute_names)
            attributes = Attributes(attributes.ids[chosen], attributes.scores[chosen])
        return Found(
            boxes, classes[chosen].astype(np.int16), scores[chosen], as_float16(record.features[chosen]), attributes,
        )  # fmt: skip


def _check_named(what: str, ids: NDArray[np.integer], names: Sequence[str]) -> None:
    if len(ids) and not 0 <= ids.min() <= ids.max() < len(names):
        spread = f"its {what} lie between {ids.min()} and {ids.max()}"
        raise InputError(spread, f"0 to {len(names) - 1}, as named.")


def _commonest(widths: list[int]) -> int:
    """The width that most have, of several the one met first; 0 of none."""
    return Counter(widths).most_common(1)[0][0] if widths else 0


def _pictures_by_name(pictures: list[dict[str, Any]]) -> dict[str, str]:
    """The picture that a name means; a name that means two pictures in the same way means none."""
    names: dict[str, str] = {}
    for rank in range(_WAYS):  # one picture's id goes before another's number
        meant: dict[str, set[str]] = defaultdict(set)
        for row in pictures:
            meant[_names_of(row)[rank]].add(row["image_id"])
        names = {name: min(ids) for name, ids in meant.items() if len(ids) == 1} | names
    return names


def _names_of(row: dict[str, Any]) -> tuple[str, str, str, str]:
    """The names by which a file may know a picture: its id, its file's name, with and without extension, its number."""
    file = PurePosixPath(row["uri"])
    number = re.search(r"0*(\d+)$", file.stem)  # COCO_val2014_000000150367.jpg is picture 150367
    return row["image_id"], file.name, file.stem, number[1] if number else file.stem
