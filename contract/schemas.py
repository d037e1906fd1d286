"""The one place where a dataset's columns are written down.

A schema carries a description and, where there is one, a unit on every column (field metadata), and the
dataset's name, version, key and shard key in its own metadata. A new column raises the minor version; where it may be
null, older files are read as if it were. A column that changes or goes raises the major one, which readers of the old
one refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa

from contract.errors import InputError

_META_NAME, _META_VERSION, _META_KEY, _META_SHARD_KEY = (
    b"m3p.dataset", b"m3p.version", b"m3p.key", b"m3p.shard_key",
)  # fmt: skip

_Rows = TypeVar("_Rows", pa.RecordBatch, pa.Table)


@dataclass(frozen=True)
class DatasetSchema:
    """A dataset's columns and the rules that hold for its rows.

    Attributes:
        name: the dataset's name, also the name of its folder.
        version: "major.minor".
        arrow: the pyarrow schema, with descriptions, units and the metadata of this class.
        key: the columns by which rows are sorted.
        shard_key: the column whose stable hash chooses the shard.
        unique: whether no two rows share a key.
    """

    name: str
    version: str
    arrow: pa.Schema
    key: tuple[str, ...]
    shard_key: str
    unique: bool = True

    @property
    def vectors(self) -> tuple[str, ...]:
        """The binary columns, which are written without dictionary encoding."""
        return tuple(field.name for field in self.arrow if pa.types.is_binary(field.type))

    def completed(self, rows: _Rows, names: Sequence[str]) -> _Rows:
        """These columns of rows, in this order; one that the rows of an older file lack is null."""
        for name in names:
            if name not in rows.schema.names:
                field = self.arrow.field(name)
                rows = rows.append_column(field, pa.nulls(len(rows), field.type))
        return rows.select(names)


def column(name: str, kind: pa.DataType, description: str, unit: str = "", nullable: bool = False) -> pa.Field:
    """A column with its description and unit in the field's metadata."""
    metadata = {"description": description} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, nullable=nullable, metadata=metadata)


def _dataset(
    name: str, version: str, key: tuple[str, ...], shard_key: str, columns: list[pa.Field], unique: bool = True
) -> DatasetSchema:
    metadata = {
        _META_NAME: name.encode(), _META_VERSION: version.encode(),
        _META_KEY: ",".join(key).encode(), _META_SHARD_KEY: shard_key.encode(),
    }  # fmt: skip
    return DatasetSchema(name, version, pa.schema(columns, metadata=metadata), key, shard_key, unique)


def _strings() -> pa.DataType:
    return pa.list_(pa.field("element", pa.string(), nullable=False))


_IMAGE_ID = column("image_id", pa.string(), "Identifies a picture within its profile")
_SPLIT = column("split", pa.string(), "train, val or test; one picture and its near-duplicates lie in one split")
_LANG = column("lang", pa.string(), "Language of the text", "BCP 47")
_QUERY_ID = column("query_id", pa.string(), "Identifies a query: stable hash of its language and normalised text")
_WIDTH = column("width", pa.int32(), "Width of the original picture", "px")
_HEIGHT = column("height", pa.int32(), "Height of the original picture", "px")

REPLACEMENT = pa.struct(
    [
        column("start", pa.int32(), "Where the replaced words begin in source_text", "characters"),
        column("end", pa.int32(), "Where they end, exclusive", "characters"),
        column("source", pa.string(), "The words replaced, as they stand in source_text"),
        column("target", pa.string(), "What stands in text instead"),
        column("lang", pa.string(), "Language of the target", "BCP 47"),
    ]
)

IMAGES = _dataset("images", "1.1", ("image_id",), "image_id", [
    _IMAGE_ID, _SPLIT,
    column("uri", pa.string(), "Where the picture lies: under _files/ in this dataset, else under the picture root"),
    _WIDTH, _HEIGHT,
    column("sha256", pa.string(), "Of the picture's file", "hexadecimal"),
    column("license", pa.string(), "As the source states it", nullable=True),
    column("source", pa.string(), "Which source brought it"),
    column("duplicate_group", pa.string(),
           "The smallest image_id of the group: the split's near-duplicates of the picture, theirs, and so on; "
           "null of a picture without any", nullable=True),
])  # fmt: skip

CAPTIONS = _dataset("captions", "1.0", ("image_id", "caption_id"), "image_id", [
    column("caption_id", pa.string(), "Identifies a caption within its profile"),
    _IMAGE_ID, _LANG, column("text", pa.string(), "The caption", "Unicode NFC"), _SPLIT,
])  # fmt: skip

REGIONS = _dataset("regions", "1.1", ("image_id",), "image_id", [
    _IMAGE_ID,
    column("num_regions", pa.int16(), "Number of regions", "regions"),
    column("feature_dim", pa.int16(), "Width of a region's feature", "numbers"),
    column("features", pa.binary(), "Row-major little-endian float16 [num_regions, feature_dim], not normalised"),
    column("boxes", pa.binary(), "Row-major little-endian float32 [num_regions, 4]: x1 y1 x2 y2", "px of the original"),
    _WIDTH, _HEIGHT,
    column("object_ids", pa.list_(pa.field("element", pa.int16(), nullable=False)), "Most likely class a region"),
    column("object_scores", pa.list_(pa.field("element", pa.float32(), nullable=False)), "Its probability", "0 to 1"),
    column("attribute_ids", pa.list_(pa.field("element", pa.int16(), nullable=False)),
           "Most likely attribute a region; null of a detector without attributes", nullable=True),
    column("attribute_scores", pa.list_(pa.field("element", pa.float32(), nullable=False)), "Its probability", "0 to 1",
           nullable=True),
    column("detector", pa.string(), "Which detector: architecture and the first 12 digits of its weights' sha256"),
])  # fmt: skip

TRIPLES = _dataset("triples", "1.0", ("image_id", "rank", "query_id"), "image_id", [
    _IMAGE_ID,
    _QUERY_ID,
    _LANG, column("query", pa.string(), "The normalised query", "Unicode NFKC"),
    column("context", pa.string(), "Title of the page on which the picture stands", nullable=True),
    column("relevance", pa.float32(), "Probability that query and picture belong together", "0 to 1"),
    column("rank", pa.int8(), "1 is the picture's most relevant query; at most 5"),
    column("clicks", pa.int64(), "Clicks of all log rows merged into this one", "clicks"),
    _SPLIT,
])  # fmt: skip

LEXICON = _dataset("lexicon", "1.1", ("source", "lang"), "source", [
    column("source", pa.string(), "English word or phrase, case-folded", "Unicode NFC"),
    _LANG, column("targets", _strings(), "Its translations, sorted", "Unicode NFC"),
    column("origins", _strings(), "The dictionaries that hold the entry, sorted"),
    column("scores", pa.list_(pa.field("element", pa.float32(), nullable=True)),
           "The best score that a dictionary gives each translation, null where none does; null where none has any",
           "the dictionary's own", nullable=True),
])  # fmt: skip

CODESWITCH = _dataset("codeswitch", "1.0", ("image_id", "caption_id", "variant"), "image_id", [
    column("caption_id", pa.string(), "The English caption that was switched"),
    _IMAGE_ID, column("variant", pa.int16(), "Number of the draw, from 0"),
    column("text", pa.string(), "The code-switched caption", "Unicode NFC"),
    column("source_text", pa.string(), "The English caption", "Unicode NFC"),
    column("replacements", pa.list_(pa.field("element", REPLACEMENT, nullable=False)), "From left to right"),
    _SPLIT,
])  # fmt: skip

CORPUS = _dataset("corpus", "1.0", ("lang", "sentence_id"), "sentence_id", [
    column("sentence_id", pa.string(), "Stable hash of the language and the text"),
    _LANG, column("text", pa.string(), "One sentence", "Unicode NFC"), _SPLIT,
])  # fmt: skip

PAIRS = _dataset("pairs", "1.0", ("image_id", "query_id"), "image_id", [
    _IMAGE_ID, _QUERY_ID, _LANG, column("query", pa.string(), "What was searched for", "Unicode NFKC"),
])  # fmt: skip

MATCHING = _dataset("matching", "1.0", ("image_id", "query_id"), "image_id", [
    _IMAGE_ID, _QUERY_ID, column("score", pa.float32(), "A checkpoint's logit of query and picture belonging together"),
])  # fmt: skip

REJECTS = _dataset("rejects", "1.0", ("key", "reason", "source", "message"), "key", [
    column("key", pa.string(), "Key of the row that was rejected"),
    column("source", pa.string(), "File or dataset from which it came"),
    column("reason", pa.string(), "A code of contract.rejects.REASONS"),
    column("message", pa.string(), "What was found and what was expected"),
], unique=False)  # fmt: skip

SCHEMAS: dict[str, DatasetSchema] = {
    schema.name: schema
    for schema in (IMAGES, CAPTIONS, REGIONS, TRIPLES, LEXICON, CODESWITCH, CORPUS, PAIRS, MATCHING, REJECTS)
}


def dataset_name(schema: pa.Schema) -> str:
    """The dataset's name as its files state it; empty where they state none."""
    return _text((schema.metadata or {}).get(_META_NAME, b""))


def version_of(schema: pa.Schema) -> str:
    """The version of the dataset's schema that its file states; empty where it states none."""
    return _text((schema.metadata or {}).get(_META_VERSION, b""))


def check_version(schema: pa.Schema, expected: DatasetSchema, where: str) -> None:
    """Refuses a file of another dataset, of another major version, or without a column that must have values.

    Raises:
        InputError: names the file, what was found and expected, and the command that rebuilds it.
    """
    found_name = dataset_name(schema)
    found = version_of(schema)
    if found_name != expected.name:
        raise InputError(
            f"{where} holds the dataset {found_name or '(none stated)'!r}.",
            f"the dataset {expected.name!r}.",
            "give the folder that the stage of that name wrote.",
        )
    if found.split(".")[0] != expected.version.split(".")[0]:
        raise InputError(
            f"{where} has version {found} of the {expected.name} schema.",
            f"version {expected.version.split('.')[0]}.x",
            f"rebuild it: delete the folder and run `m3p run --profile PROFILE --target {expected.name}`.",
        )
    for field in expected.arrow:
        if field.nullable and field.name not in schema.names:
            continue
        if field.name not in schema.names or schema.field(field.name).type != field.type:
            raise InputError(
                f"{where} has no column {field.name} of the type {field.type}.",
                f"the columns of {expected.name} {expected.version}.",
                f"rebuild it: delete the folder and run `m3p run --profile PROFILE --target {expected.name}`.",
            )


def unit_of(field: pa.Field) -> str:
    """A column's unit; empty where it has none."""
    return _text((field.metadata or {}).get(b"unit", b""))


def description_of(field: pa.Field) -> str:
    """A column's description; empty where it has none."""
    return _text((field.metadata or {}).get(b"description", b""))


def _text(stated: bytes) -> str:
    """What a file's metadata say, of which nobody promises that they are UTF-8."""
    return stated.decode(errors="backslashreplace")
