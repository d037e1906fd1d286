"""Whether a file is the one that the manifest states, and carries its schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import pyarrow as pa
import pyarrow.parquet as pq

from contract.breaches import BreachError
from contract.errors import InputError
from contract.manifest import Shard
from contract.places import Place
from contract.schemas import DatasetSchema, dataset_name, description_of, unit_of, version_of

_MAGIC = b"PAR1"


@contextmanager
def whole_file(place: Place, shard: Shard | None) -> Iterator[pq.ParquetFile]:
    """A file whose bytes are those stated, opened as Parquet; one from elsewhere is fetched once, to a temporary file.

    Args:
        place: the file.
        shard: what the manifest says of it; None where none does.

    Raises:
        BreachError: shard_missing, not_parquet, size, sha256 or rows.
    """
    try:
        first = place.read(len(_MAGIC))
    except InputError as error:
        raise BreachError.of("not_parquet", error) from error
    if first is None:
        raise BreachError("shard_missing", f"{place} is not there.", "a file that the manifest states.")
    if first != _MAGIC:
        raise BreachError(
            "not_parquet", f"{place} begins with {first!r}.", f"a Parquet file, which begins with {_MAGIC!r}."
        )
    with NamedTemporaryFile(suffix=".parquet") as copy:
        sha256, size = place.copy_to(None if place.local else copy)
        copy.flush()
        if shard and size != shard.bytes:
            raise BreachError("size", f"{place} has {size:,} bytes.", f"the {shard.bytes:,} that the manifest states.")
        if shard and sha256 != shard.sha256:
            raise BreachError("sha256", f"{place} has the sha256 {sha256}.", f"{shard.sha256}, as the manifest states.")
        try:
            file = pq.ParquetFile(place.local or Path(copy.name), memory_map=True)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise BreachError("not_parquet", f"{place} cannot be read as Parquet ({error}).") from error
        with file:
            if shard and file.metadata.num_rows != shard.rows:
                raise BreachError(
                    "rows", f"{place} has {file.metadata.num_rows:,} rows.",
                    f"the {shard.rows:,} that the manifest states.",
                )  # fmt: skip
            yield file


def check_schema(found: pa.Schema, schema: DatasetSchema, where: str, version: str | None = None) -> None:
    """Whether a file carries its dataset's schema.

    Args:
        found: the file's schema.
        schema: of the dataset.
        where: the file, for messages.
        version: that the manifest states; None where none does.

    Raises:
        BreachError: metadata, version or columns.
    """
    name, stated = dataset_name(found), version_of(found)
    if name != schema.name:
        raise BreachError("metadata", f"{where} says that its dataset is {name!r}.", f"{schema.name!r}.")
    if stated.split(".")[0] != schema.version.split(".")[0] or stated != (version or stated):
        expected = f"{version or schema.version}, as the manifest states." if version else f"{schema.version}."
        raise BreachError("version", f"{where} has version {stated or '(none)'} of {schema.name}.", expected)
    wrong = {key.decode() for key, value in schema.arrow.metadata.items() if (found.metadata or {}).get(key) != value}
    if wrong - {"m3p.version"}:
        raise BreachError("metadata", f"{where} states other {', '.join(sorted(wrong))}.", f"those of {schema.name}.")
    _check_columns(found, schema, where, stated == schema.version)


def _check_columns(found: pa.Schema, schema: DatasetSchema, where: str, same_version: bool) -> None:
    if twice := sorted({name for name in found.names if found.names.count(name) > 1}):
        raise BreachError("columns", f"{where} has several columns {twice[0]}.", "each once.")
    for field in schema.arrow:
        if field.name not in found.names:
            if field.nullable and not same_version:
                continue  # a newer minor version added it
            raise BreachError("columns", f"{where} has no column {field.name}.", f"{field.name} {field.type}.")
        own = found.field(field.name)
        if own.type != field.type:
            raise BreachError("columns", f"{where}: {field.name} is {own.type}.", f"{field.type}.")
        if not description_of(own):
            raise BreachError("metadata", f"{where}: {field.name} has no description.", "one on every column.")
        if same_version and (other := _other_words(own, field)):
            name, said, wanted = other
            raise BreachError("metadata", f"{where}: {name} has the description and unit {said}.", f"{wanted}.")
    if more := set(found.names) - set(schema.arrow.names):
        raise BreachError("columns", f"{where} has the columns {sorted(more)} too.", f"those of {schema.name} alone.")
    expected = [name for name in schema.arrow.names if name in found.names]
    if found.names != expected:
        place = next(number for number, name in enumerate(found.names) if name != expected[number])
        raise BreachError(
            "columns", f"{where} has {found.names[place]} as its column {place + 1}.",
            f"{expected[place]}, in the order of {schema.name}.",
        )  # fmt: skip


def _other_words(found: pa.Field, wanted: pa.Field) -> tuple[str, list[str], list[str]] | None:
    """The name of a column, or of a part of one, with its description and unit where they are not those wanted."""
    one, other = ([description_of(field), unit_of(field)] for field in (found, wanted))
    if one != other:
        return wanted.name, one, other
    parts = (_other_words(found.type.field(i), wanted.type.field(i)) for i in range(wanted.type.num_fields))
    return next((part for part in parts if part), None)


def check_version(version: str, schema: DatasetSchema, where: str) -> None:
    """Whether a manifest's version is one that can be read.

    Raises:
        BreachError: version.
    """
    major, _, minor = version.partition(".")
    known_major, _, known_minor = schema.version.partition(".")
    if major != known_major or not minor.isdecimal() or int(minor) > int(known_minor):
        raise BreachError("version", f"{where} states version {version} of {schema.name}.", f"{schema.version}.")
