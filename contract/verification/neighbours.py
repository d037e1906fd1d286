"""Whether the rows of a dataset fit those of the datasets beside it from which it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from contract.breaches import BreachError
from contract.errors import InputError
from contract.hashing import MANIFEST
from contract.manifest import Manifest, TotalsError, manifest_of
from contract.places import Place
from contract.schemas import SCHEMAS
from contract.verification.part import Part

# Dataset → dataset beside it → the column that names its rows, and columns that must be equal in both.
_LINKS: dict[str, dict[str, tuple[str, dict[str, str]]]] = {
    "captions": {"images": ("image_id", {"split": "split"})},
    "regions": {"images": ("image_id", {"width": "width", "height": "height"})},
    "triples": {"images": ("image_id", {"split": "split"})},
    "codeswitch": {"captions": ("caption_id", {"image_id": "image_id", "source_text": "text", "split": "split"})},
    "pairs": {"images": ("image_id", {})},
    "matching": {"images": ("image_id", {})},
}


class Neighbours:
    """The datasets that lie beside one, as far as they are there.

    Args:
        dataset: the folder of the dataset.
        manifest: its manifest.

    Raises:
        BreachError: input_changed, where one beside it is not the one from which it was made; shard_name where it has
            another number of shards; manifest_unreadable or totals of its manifest.
    """

    def __init__(self, dataset: Place, manifest: Manifest) -> None:
        self._found: dict[str, tuple[Place, Manifest]] = {}
        above = dataset.parent
        named = set(_LINKS.get(manifest.dataset, {})) | (set(manifest.inputs) & set(SCHEMAS))
        for name in sorted(named - {manifest.dataset}):  # captions are made from a folder of that name
            place = above / name
            try:
                content = (place / MANIFEST).read()
            except InputError as error:
                raise BreachError.of("manifest_unreadable", error) from error
            if content is None:
                continue
            stated = manifest.inputs.get(name)
            if stated is not None and stated != hashlib.sha256(content).hexdigest():
                raise BreachError(
                    "input_changed", f"{dataset} was made from other {name} than lie in {place}.",
                    f"{name} whose manifest has the sha256 {stated}.",
                    "run the stage again, or take both from one run.",
                )  # fmt: skip
            try:
                self._found[name] = (place, manifest_of(content, str(place / MANIFEST)))
            except InputError as error:
                breach = "totals" if isinstance(error, TotalsError) else "manifest_unreadable"
                raise BreachError.of(breach, error) from error
        self._links = [(name, *link) for name, link in _LINKS.get(manifest.dataset, {}).items() if name in self._found]
        for name, _, _ in self._links:
            shards = len(self._found[name][1].shards)
            if shards != len(manifest.shards):
                raise BreachError(
                    "shard_name", f"{dataset} has {len(manifest.shards)} shards and {name} beside it has {shards}.",
                    "as many, since rows are joined shard by shard.",
                )  # fmt: skip

    @property
    def names(self) -> list[str]:
        """Those with whose rows this dataset's are compared."""
        return [name for name, _, _ in self._links]

    def of_shard(self, index: int) -> Beside:
        """The rows of one shard of each."""
        return Beside(
            [_Linked(name, key, equal, self._rows(name, key, equal, index)) for name, key, equal in self._links]
        )

    def _rows(self, name: str, key: str, equal: Mapping[str, str], index: int) -> dict[str, tuple[Any, ...]]:
        place, manifest = self._found[name]
        columns = [key, *(column for column in equal.values() if column != key)]
        file = place / manifest.shards[index].path
        try:
            with file.parquet() as opened:
                table = opened.read(columns=columns)
            values = [table.column(column).to_pylist() for column in equal.values()]
            held = zip(*values, strict=True) if values else [()] * len(table)
            return dict(zip(table.column(key).to_pylist(), held, strict=True))
        except InputError as error:
            raise BreachError("foreign_key", error.what, f"the {name} beside it.") from error
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:  # KeyError: it lacks a column
            raise BreachError("foreign_key", f"{file} cannot be read ({error}).", f"the {name} beside it.") from error


class _Linked:
    def __init__(self, name: str, key: str, equal: Mapping[str, str], rows: dict[str, tuple[Any, ...]]) -> None:
        self._name, self._key, self._equal, self._rows = name, key, equal, rows

    def check(self, part: Part) -> None:
        for row, (key, *own) in enumerate(part.values(self._key, *self._equal)):
            held = self._rows.get(key)
            if held is None:
                raise part.breach("foreign_key", row, f"{self._key} {key!r} is not in {self._name}.", "one that is.")
            if held != tuple(own):
                column = next(name for name, mine, other in zip(self._equal, own, held, strict=True) if mine != other)
                raise part.breach("foreign_key", row, f"its {column} is another than in {self._name}.", "the same.")


class Beside:
    """Rows of the datasets beside one, of one shard."""

    def __init__(self, links: list[_Linked]) -> None:
        self._links = links

    def check(self, part: Part) -> None:
        """Compares rows with them.

        Raises:
            BreachError: foreign_key.
        """
        for link in self._links:
            link.check(part)
