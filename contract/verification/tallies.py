"""What is known of a dataset only when all of its files have been read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.breaches import BreachError
from contract.hashing import stable_hashes
from contract.verification.groups import DuplicateGroups
from contract.verification.part import Part

_OBJECTS = "objects"
_ANY = "*"
# Dataset → the numbers of its statistics that its rows tell too. All others are the stage's word.
_STATED: dict[str, tuple[tuple[str, ...], ...]] = {
    "images": (("splits", _ANY), ("sources", _ANY)),
    "captions": (("languages", _ANY, _ANY),),
    "triples": (("triples", _ANY, _ANY),),
    "corpus": (("splits", _ANY), ("languages", _ANY, "sentences"), ("languages", _ANY, "characters")),
    "lexicon": (("languages", _ANY, "entries"), ("languages", _ANY, "pairs")),
    "regions": (("regions",), (_OBJECTS, _ANY)),
}


class Tallies:
    """Counts of one file or, merged, of a dataset.

    Eight bytes a caption are kept for its identifier, and what ``DuplicateGroups`` keeps of pictures, and
    the name of each that the dataset holds itself; the rest is counts.

    Attributes:
        counts: numbers by their path in the manifest's statistics.
        own_pictures: rows by the uri of a picture that the dataset holds itself.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.own_pictures = Counter[str]()
        self._identifiers: list[np.ndarray] = []
        self._groups = DuplicateGroups()

    def add(self, part: Part) -> None:
        """Counts some rows."""
        name = part.schema.name
        for path, count in _COUNTERS[name](part) if name in _COUNTERS else ():
            self.counts[path] += count
        if name == "captions":
            self._identifiers.append(stable_hashes(keys=part.column("caption_id").to_pylist()))
        if name == "images":
            self._groups.add(part)

    def merge(self, other: Tallies, where: str) -> None:
        """Adds those of another file."""
        self.counts.update(other.counts)
        self.own_pictures.update(other.own_pictures)
        self._identifiers += other._identifiers
        self._groups.merge(other._groups, where)

    def check(self, dataset: str, statistics: Mapping[str, Any], where: str) -> None:
        """Compares with a manifest's statistics: they state every number that the rows give, and no other of its kind.

        Raises:
            BreachError: split_leak, identifier, duplicate_key or statistics.
        """
        self._groups.check(where)
        if self._identifiers:
            identifiers = np.concatenate(self._identifiers)
            if len(np.unique(identifiers)) != len(identifiers):
                raise BreachError("duplicate_key", f"{where}: two captions have one caption_id.", "one caption an id.")
        nameless = self.counts["regions",] and not any(path[0] == _OBJECTS for path in self.counts)
        stated = {path for kind in _STATED.get(dataset, ()) for path in _paths(statistics, kind)}
        for path in sorted({*self.counts, *stated}):
            if path[0] == _OBJECTS and nameless:
                continue  # no parameter names the classes
            if _at(statistics, path) != self.counts[path]:
                raise BreachError(
                    "statistics", f"{where}: the manifest states {'.'.join(path)} as {_at(statistics, path)}.",
                    f"{self.counts[path]}, which its rows give.",
                )  # fmt: skip


def _paths(statistics: Any, kind: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Paths of the numbers of a kind that are stated; of the kind's names ``*`` stands for any."""
    if not kind:
        yield ()
    elif isinstance(statistics, Mapping):
        for name in statistics if kind[0] == _ANY else {kind[0]} & statistics.keys():
            yield from ((name, *rest) for rest in _paths(statistics[name], kind[1:]))


def _at(statistics: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = statistics
    for name in path:
        value = value.get(name, 0) if isinstance(value, Mapping) else None
    return value


def _grouped(part: Part, *names: str) -> Iterator[tuple[tuple[str, ...], int]]:
    table = pa.table({name: part.column(name) for name in names}).group_by(list(names)).aggregate([([], "count_all")])
    for row in table.to_pylist():
        yield tuple(str(row[name]) for name in names), row["count_all"]


def _images(part: Part) -> Iterator[tuple[tuple[str, ...], int]]:
    for group, name in (("splits", "split"), ("sources", "source")):
        for path, count in _grouped(part, name):
            yield (group, *path), count


def _captions(part: Part) -> Iterator[tuple[tuple[str, ...], int]]:
    for path, count in _grouped(part, "lang", "split"):
        yield ("languages", *path), count


def _triples(part: Part) -> Iterator[tuple[tuple[str, ...], int]]:
    for path, count in _grouped(part, "lang", "split"):
        yield ("triples", *path), count


def _corpus(part: Part) -> Iterator[tuple[tuple[str, ...], int]]:
    for path, count in _grouped(part, "split"):
        yield ("splits", *path), count
    table = pa.table({"lang": part.column("lang"), "characters": pc.utf8_length(part.column("text"))})
    for row in table.group_by("lang").aggregate([("characters", "sum"), ("characters", "count")]).to_pylist():
        yield ("languages", row["lang"], "sentences"), row["characters_count"]
        yield ("languages", row["lang"], "characters"), row["characters_sum"]


def _lexicon(part: Part) -> Iterator[tuple[tuple[str, ...], int]]:
    table = pa.table({"lang": part.column("lang"), "targets": pc.list_value_length(part.column("targets"))})
    for row in table.group_by("lang").aggregate([("targets", "sum"), ("targets", "count")]).to_pylist():
        yield ("languages", row["lang"], "entries"), row["targets_count"]
        yield ("languages", row["lang"], "pairs"), row["targets_sum"]


def _regions(part: Part) -> Iterator[tuple[tuple[str, ...], int]]:
    yield ("regions",), int(pc.sum(part.column("num_regions")).as_py() or 0)
    names = part.parameters.get("object_classes")
    for one in part.column("object_ids").flatten().value_counts().to_pylist():
        if isinstance(names, list) and names:
            yield (_OBJECTS, str(names[one["values"]])), one["counts"]


_COUNTERS = {
    "images": _images, "captions": _captions, "triples": _triples, "corpus": _corpus, "lexicon": _lexicon,
    "regions": _regions,
}  # fmt: skip
