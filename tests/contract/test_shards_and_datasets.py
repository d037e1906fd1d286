import dataclasses
import json
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.dataset import Dataset
from contract.encoded import encoded, plain
from contract.errors import InputError
from contract.manifest import Manifest, read_manifest
from contract.schemas import (
    CAPTIONS,
    CODESWITCH,
    CORPUS,
    IMAGES,
    REGIONS,
    REJECTS,
    SCHEMAS,
    DatasetSchema,
    check_version,
)
from contract.shards import ShardWriter, shard_name


def sentence(number: int, **other):
    return {"sentence_id": f"{number:04d}", "lang": "de", "text": f"Satz {number}", "split": "train"} | other


def write(folder, rows, name="part.parquet", schema=CORPUS):
    with ShardWriter(folder, name, schema) as writer:
        writer.write(rows)
    return writer.shard()


def finished(folder, rows, **other):
    shards = other.pop("shards", None) or [write(folder, rows, shard_name(0, 1))]
    rejects = [write(folder, [], f"_rejects/{shard_name(0, 1)}", REJECTS)]
    values = {
        "dataset": "corpus", "version": "1.0", "stage": "corpus", "parameters": {}, "seed": 7, "inputs": {},
        "shards": shards, "rejects": rejects, "rows_in": len(rows), "rows_out": len(rows), "rejected": {},
    }  # fmt: skip
    Manifest(**values | other).write(folder)
    return folder


def test_the_same_rows_give_the_same_bytes(tmp_path):
    rows = [sentence(number) for number in range(3_000)]
    assert write(tmp_path / "a", rows).sha256 == write(tmp_path / "b", iter(rows)).sha256
    with ShardWriter(tmp_path / "c", "part.parquet", CORPUS) as writer:
        for row in rows:  # one at a time instead of all at once
            writer.write([row])
    assert writer.shard().sha256 == write(tmp_path / "d", rows).sha256


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"sentence_id": "1"}], "has the columns"),
        ([sentence(1, more=1)], "has the columns"),
        ([sentence(1, text=None)], "text is null"),
        ([sentence(1, text=5)], "does not fit"),
        ([sentence(2), sentence(1)], "comes after"),
        ([sentence(1), sentence(1)], "comes twice"),
    ],
)
def test_rows_that_do_not_fit_leave_no_file(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        write(tmp_path, rows)
    assert list(tmp_path.iterdir()) == []


def test_batches_of_other_columns_are_refused(tmp_path):
    batch = pa.RecordBatch.from_pylist([{"x": 1}])
    with pytest.raises(InputError, match="do not have the columns"):
        write(tmp_path, batch)


def replaced(text, *words):
    return {
        "caption_id": f"{text}#0", "image_id": text, "variant": 0, "text": text, "source_text": text, "split": "train",
        "replacements": [{"start": 0, "end": 1, "source": word, "target": word, "lang": "de"} for word in words],
    }  # fmt: skip


def test_strings_that_come_as_dictionaries_are_read_as_if_they_had_come_plain(tmp_path):
    """Each batch has dictionaries of its own, and the last has words that no other has."""
    rows = [[replaced("a", "x", "y"), replaced("b")], [replaced("c", "y", "x", "y")], [replaced("d", "z")]]
    schema = encoded(CODESWITCH.arrow, ("source_text", "replacements.source", "replacements.lang"))
    with ShardWriter(tmp_path, "a.parquet", CODESWITCH) as writer:
        for some in rows:
            plain_rows = pa.RecordBatch.from_pylist(some, CODESWITCH.arrow)
            values = plain_rows["replacements"].flatten().flatten()
            columns = [one.dictionary_encode() if place in (2, 4) else one for place, one in enumerate(values)]
            kind = schema.field("replacements").type
            struct = pa.StructArray.from_arrays(columns, fields=list(kind.value_type))
            lists = pa.ListArray.from_arrays(plain_rows["replacements"].offsets, struct, type=kind)
            given = {"replacements": lists, "source_text": plain_rows["source_text"].dictionary_encode()}
            writer.write(
                pa.RecordBatch.from_arrays([given.get(name, plain_rows[name]) for name in schema.names], schema=schema)
            )
    write(tmp_path, [row for some in rows for row in some], "b.parquet", CODESWITCH)
    one, other = (pq.read_table(tmp_path / name) for name in ("a.parquet", "b.parquet"))
    assert one.schema.equals(other.schema, check_metadata=True) and one.schema.equals(CODESWITCH.arrow)
    assert one.to_pylist() == other.to_pylist() == [row for some in rows for row in some]
    assert plain(schema).equals(CODESWITCH.arrow, check_metadata=True)


def test_a_batch_that_was_refused_leaves_no_trace(tmp_path):
    with ShardWriter(tmp_path, "a.parquet", CORPUS) as writer:
        with pytest.raises(InputError, match="do not have the columns"):
            writer.write(pa.RecordBatch.from_pydict({"x": [1]}))
        writer.write([sentence(1)])
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == [sentence(1)]


def test_dictionaries_in_some_batches_alone_are_refused(tmp_path):
    rows = pa.RecordBatch.from_pylist([sentence(1)], encoded(CORPUS.arrow, ("text",)))
    with pytest.raises(InputError, match="do not have the columns"), ShardWriter(tmp_path, "a", CORPUS) as writer:
        writer.write(rows)
        writer.write([sentence(2)])
    assert not list(tmp_path.iterdir())


def test_rows_out_of_order_across_batches_are_refused(tmp_path):
    with pytest.raises(InputError, match="comes after"), ShardWriter(tmp_path, "p.parquet", CORPUS) as writer:
        writer.write([sentence(5)])
        writer.write([sentence(4)])


TIED = [("a", 1), ("a", 2), ("b", 1), ("é", 1), ("é", 2), ("😀", 0)]


@given(st.lists(st.sampled_from(TIED), min_size=1, max_size=6), st.booleans(), st.booleans(), st.integers(0, 6))
def test_rows_are_in_the_order_of_all_columns_of_their_key(keys, in_order, unique, cut):
    keys = sorted(keys) if in_order else keys
    fields = pa.schema([pa.field("name", pa.string(), False), pa.field("number", pa.int64(), False)])
    schema = DatasetSchema("test", "1.0", fields, ("name", "number"), "name", unique)
    good = all(one < other or (one == other and not unique) for one, other in pairwise(keys))
    rows = [{"name": name, "number": number} for name, number in keys]
    with TemporaryDirectory() as folder, ExitStack() as stack:
        if not good:
            stack.enter_context(pytest.raises(InputError, match=r"comes (after|twice)"))
        writer = stack.enter_context(ShardWriter(Path(folder), "p.parquet", schema))
        for batch in (rows[:cut], rows[cut:]):
            writer.write(pa.RecordBatch.from_pylist(batch, fields))


def test_vectors_come_back_exactly(tmp_path):
    features = np.random.default_rng(0).normal(size=(36, 2048)).astype("<f2")
    row = {"image_id": "a", "num_regions": 36, "feature_dim": 2048, "features": features.tobytes(), "boxes": b"",
           "width": 1, "height": 1, "object_ids": [1], "object_scores": [0.5], "attribute_ids": None,
           "attribute_scores": None, "detector": "d"}  # fmt: skip
    write(tmp_path, [row], schema=REGIONS)
    read = pq.read_table(tmp_path / "part.parquet").to_pylist()[0]
    assert np.array_equal(np.frombuffer(read["features"], "<f2").reshape(36, 2048), features)
    column = pq.ParquetFile(tmp_path / "part.parquet").metadata.row_group(0).column(3)
    assert column.path_in_schema == "features" and "DICTIONARY" not in str(column.encodings)


def test_every_column_says_what_it_is():
    for schema in SCHEMAS.values():
        assert set(schema.key) | {schema.shard_key} <= set(schema.arrow.names)
        for field in schema.arrow:
            assert field.metadata[b"description"], f"{schema.name}.{field.name}"


def test_another_dataset_or_major_version_is_refused_and_a_newer_minor_one_read():
    metadata = IMAGES.arrow.metadata
    check_version(IMAGES.arrow.with_metadata(metadata | {b"m3p.version": b"1.7"}), IMAGES, "x")
    with pytest.raises(InputError, match=r"version 2\.0"):
        check_version(IMAGES.arrow.with_metadata(metadata | {b"m3p.version": b"2.0"}), IMAGES, "x")
    with pytest.raises(InputError, match="'captions'"):
        check_version(CAPTIONS.arrow, IMAGES, "x")
    with pytest.raises(InputError, match="none stated"):
        check_version(pa.schema([]), IMAGES, "x")


def test_a_dataset_of_an_older_minor_version_is_read_with_nulls(tmp_path):
    """Regions from before they had attributes; extracting them anew would take days."""
    row = {"image_id": "a", "num_regions": 1, "feature_dim": 1, "features": b"ab", "boxes": bytes(16), "width": 1,
           "height": 1, "object_ids": [1], "object_scores": [0.5], "detector": "d"}  # fmt: skip
    old = pa.schema([field for field in REGIONS.arrow if not field.name.startswith("attribute")])
    metadata = REGIONS.arrow.metadata | {b"m3p.version": b"1.0"}
    schema = dataclasses.replace(REGIONS, arrow=old.with_metadata(metadata))
    shard = write(tmp_path, [row], shard_name(0, 1), schema)
    dataset = Dataset(finished(tmp_path, [], dataset="regions", shards=[shard], rows_in=1, rows_out=1), "regions")
    assert list(dataset.rows()) == [row | {"attribute_ids": None, "attribute_scores": None}]
    assert dataset.table(["attribute_ids", "image_id"]).to_pylist() == [{"attribute_ids": None, "image_id": "a"}]
    assert dataset.table().schema.names == REGIONS.arrow.names


def test_others_read_a_dataset_without_help(tmp_path):
    folder = finished(tmp_path / "corpus", [sentence(number) for number in range(10)])
    assert len(pd.read_parquet(folder)) == len(pq.read_table(folder)) == 10
    assert duckdb.sql(f"SELECT count(*) FROM '{folder}/*.parquet'").fetchall() == [(10,)]
    dataset = Dataset(folder, "corpus")
    assert len(dataset) == 10 and dataset.table(["text"]).column_names == ["text"]
    assert [row["sentence_id"] for row in dataset.rows(["sentence_id"], 0)] == [f"{n:04d}" for n in range(10)]
    assert list(dataset.rejects()) == []


def test_unfinished_wrong_or_damaged_datasets_say_so(tmp_path):
    with pytest.raises(InputError, match="not a finished dataset"):
        Dataset(tmp_path, "corpus")
    folder = finished(tmp_path / "corpus", [sentence(1)])
    with pytest.raises(InputError, match="holds the dataset 'corpus'"):
        Dataset(folder, "images")
    (folder / shard_name(0, 1)).write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be read"):
        Dataset(folder, "corpus")
    (folder / "_manifest.json").write_text('{"dataset": "corpus"')
    with pytest.raises(InputError, match="cannot be read as a manifest"):
        Dataset(folder, "corpus")


def test_a_manifest_holds_only_if_nothing_vanished(tmp_path):
    with pytest.raises(InputError, match="3 rows went in, 1 came out and 1 were rejected"):
        finished(tmp_path / "a", [sentence(1)], rows_in=3, rejected={"sentence_empty": 1})
    folder = finished(tmp_path / "b", [sentence(1)], rows_in=2, rejected={"sentence_empty": 1})
    assert read_manifest(folder).rejected == {"sentence_empty": 1}


def test_datasets_of_other_numbers_of_shards_are_not_joined(tmp_path):
    one = Dataset(finished(tmp_path / "one", [sentence(1)]), "corpus")
    shards = [write(tmp_path / "two", [sentence(number)], shard_name(number, 2)) for number in range(2)]
    rejects = [write(tmp_path / "two", [], f"_rejects/{shard_name(number, 2)}", REJECTS) for number in range(2)]
    two = Dataset(finished(tmp_path / "two", [], shards=shards, rejects=rejects, rows_in=2, rows_out=2), "corpus")
    one.require_shards_like(one)
    with pytest.raises(InputError, match="has 2 shards"):
        two.require_shards_like(one)


def edit_manifest(folder, **changes):
    values = json.loads((folder / "_manifest.json").read_text())
    (folder / "_manifest.json").write_text(json.dumps(values | changes))


def test_shards_that_are_not_what_the_manifest_states_are_refused(tmp_path):
    folder = finished(tmp_path / "corpus", [sentence(number) for number in range(50)])
    shard = folder / shard_name(0, 1)
    whole = shard.read_bytes()

    def refused(message):
        with pytest.raises(InputError, match=message):
            list(Dataset(folder, "corpus").rows())

    write(folder, [sentence(number) for number in range(20)], shard_name(0, 1))  # whole, and cut
    refused("and 20 rows")
    middle = len(whole) // 3
    shard.write_bytes(whole[:middle] + bytes(byte ^ 255 for byte in whole[middle : middle + 40]) + whole[middle + 40 :])
    refused(f"{shard.name} (is damaged|cannot be read)")
    shard.write_bytes(whole)
    assert len(list(Dataset(folder, "corpus").rows())) == 50
    manifest = (folder / "_manifest.json").read_text()
    for changes, message in [
        ({"rows_out": 40, "rows_in": 40}, "the shards hold 50 rows"),
        ({"shards": []}, "the shards hold 0 rows"),
        ({"shards": [], "rows_in": 0, "rows_out": 0}, "in 0 shards"),
        ({"shards": [{"path": "../x", "rows": 50, "bytes": 1, "sha256": ""}]}, "a path within the dataset"),
    ]:
        edit_manifest(folder, **changes)
        refused(message)
        (folder / "_manifest.json").write_text(manifest)
    for text in ('"abc"', "[1]", "[" * 100_000):
        (folder / "_manifest.json").write_text(text)
        refused("cannot be read as a manifest")


def test_a_shard_without_a_column_is_refused(tmp_path):
    folder = finished(tmp_path / "corpus", [sentence(1)])
    shard = folder / shard_name(0, 1)
    pq.write_table(pq.read_table(shard).drop_columns("text"), shard)
    with pytest.raises(InputError, match="has no column text of the type string"):
        Dataset(folder, "corpus")
