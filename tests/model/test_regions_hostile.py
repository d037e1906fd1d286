"""Shards that are damaged, change, or lie: an error that names the shard, or the right values, never a crash."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from regions_files import (
    COUNT,
    first_features,
    overwrite,
    regions,
    rewrite,
    shards_of,
    state_anew,
)
from task_world import FEATURES

from contract.errors import InputError
from model.region_pages import value_places
from model.regions import RegionStore


@pytest.fixture
def folder(tmp_path):
    return regions(tmp_path / "regions")


def read_all(store):
    return store.batch(range(len(store)))


def refused(shard, match, call, *given):
    with pytest.raises(InputError, match=match) as caught:
        call(*given)
    assert str(shard) in str(caught.value)


def test_a_shard_of_another_width_than_the_first_is_named(folder):
    def wider(table):
        rows = [row | {"feature_dim": FEATURES + 1, "features": bytes(row["num_regions"] * (FEATURES + 1) * 2)}
                for row in table.to_pylist()]  # fmt: skip
        return pa.Table.from_pylist(rows, schema=table.schema)

    rewrite(folder, wider, shard=1)
    refused(shards_of(folder)[1], f"width {FEATURES + 1}, and .* of width {FEATURES}", RegionStore, folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"num_regions": 1}, "another number of regions"),
        ({"num_regions": -2}, "another number of regions"),
        ({"boxes": b"\0" * 12}, "another number of regions"),
        ({"object_ids": [1]}, "another number of regions"),
        ({"width": 0}, "width or height of zero"),
        ({"feature_dim": 0}, "width or height of zero"),
        ({"feature_dim": FEATURES - 1}, "width"),
        ({"features": b"\0" * 10}, "is damaged"),
        ({"features": b""}, "is damaged"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused_when_its_shard_is_opened(folder, change, said):
    def changed(table):
        first, *others = table.to_pylist()
        return pa.Table.from_pylist([first | change, *others], schema=table.schema)

    rewrite(folder, changed, shard=0)
    refused(shards_of(folder)[0], said, RegionStore, folder)


def test_compressed_features_of_another_size_are_refused_when_they_are_read(folder):
    def changed(table):
        first, *others = table.to_pylist()
        return pa.Table.from_pylist([first | {"features": b"\0" * 10}, *others], schema=table.schema)

    rewrite(folder, changed, shard=0, compression="zstd")
    refused(shards_of(folder)[0], "another size", read_all, RegionStore(folder))


def test_nulls_and_a_picture_twice_are_refused(folder):
    def with_null(table):
        schema = pa.schema([field.with_nullable(True) for field in table.schema], metadata=table.schema.metadata)
        first, *others = table.to_pylist()
        return pa.Table.from_pylist([first | {"width": None}, *others], schema=schema)

    rewrite(folder, with_null, shard=1)
    refused(shards_of(folder)[1], "has nulls", RegionStore, folder)
    twice = regions(folder.parent / "twice")
    rewrite(twice, lambda table: pa.concat_tables([table.slice(0, len(table) - 1), table.slice(0, 1)]), shard=0)
    refused("'p0", "twice", RegionStore, twice)


def test_a_name_that_is_no_text_is_refused(folder):
    rewrite(folder, write_statistics=False)  # uncompressed: the name stands there as it is
    path = shards_of(folder)[0]
    overwrite(path, path.read_bytes().index(b"p0") + 1, b"\xff")
    refused(path, "no UTF-8", RegionStore, folder)


def test_a_length_that_lies_is_refused_when_its_picture_is_read(folder):
    path = shards_of(folder)[0]
    overwrite(path, first_features(path) - 4, (1 << 31).to_bytes(4, "little"))
    store = RegionStore(folder)
    refused(path, "states 2,147,483,648 bytes", store.one, 0)
    refused(path, "states 2,147,483,648 bytes", store.batch, [1, 0])
    assert store.batch([1]).mask.all()


def test_a_file_that_is_cut_or_written_to_while_it_is_open_is_refused(folder):
    store, path = RegionStore(folder), shards_of(folder)[0]
    expected = read_all(store).features
    whole, times = path.read_bytes(), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    other = next(row for row in range(COUNT) if row >= pq.read_metadata(path).num_rows)
    os.truncate(path, len(whole) // 2)
    refused(path, "has changed", store.one, 0)
    refused(path, "has changed", store.batch, range(COUNT))
    refused(path, "has changed", store.duplicates)
    assert store.batch([other]).mask.any()  # the other shard's
    path.write_bytes(whole)
    refused(path, "has changed", store.one, 0)
    os.utime(path, ns=times)
    np.testing.assert_array_equal(read_all(store).features, expected)


def test_a_file_that_is_replaced_while_it_is_open_is_read_on_as_it_was(folder):
    store, path = RegionStore(folder), shards_of(folder)[0]
    expected = read_all(store).features
    path.with_suffix(".new").write_bytes(b"something else")
    path.with_suffix(".new").replace(path)
    np.testing.assert_array_equal(read_all(store).features, expected)


def test_a_file_that_is_not_there_or_was_cut_before_is_refused(folder):
    path = shards_of(folder)[1]
    os.truncate(path, path.stat().st_size - 100)
    refused(path, "the manifest states", RegionStore, folder)
    path.unlink()
    refused(path, "the manifest states", RegionStore, folder)


def pages_of(path):
    """Where the pages of the features begin and end in a shard, of its first row group."""
    group = pq.read_metadata(path).row_group(0)
    chunks = [group.column(place) for place in range(group.num_columns)]
    (chunk,) = [one for one in chunks if one.path_in_schema == "features"]
    return chunk.data_page_offset, chunk.data_page_offset + chunk.total_compressed_size


def test_whatever_a_page_header_says_it_is_refused_or_the_values_are_right(folder):
    path = shards_of(folder)[0]
    begin, whole = pages_of(path)[0], path.read_bytes()
    sizes = np.array([len(one) for one in pq.read_table(path)["features"].to_pylist()])
    places = value_places(memoryview(whole), pq.read_metadata(path), 0, "features", sizes)
    refusals = 0
    for place in range(begin, places[0] - 4):
        for byte in (0, 1, 0x15, 0x19, 0x1C, 0x7F, 0x80, 0xFF, whole[place] ^ 2):
            damaged = bytearray(whole)
            damaged[place] = byte
            try:
                found = value_places(memoryview(damaged), pq.read_metadata(path), 0, "features", sizes)
                assert found.tolist() == places.tolist()
            except ValueError:
                refusals += 1
    assert refusals > 100


@pytest.mark.parametrize(
    "header",
    [
        b"\x15\x00" * 20_000,
        b"\xff" * 100,
        b"\x1c" * 1000,  # structs within structs
        b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  # a text of 2^62 bytes
        b"",
        b"\x15\x00\x15\xff\xff\xff\xff\x0f\x15\xff\xff\xff\xff\x0f\x2c\x15\x02\x15\x00\x00\x00",  # a page below zero
    ],
)
def test_a_header_that_is_none_is_refused(folder, header):
    path = shards_of(folder)[0]
    begin, end = pages_of(path)
    overwrite(path, begin, header[: end - begin] if header else bytes(end - begin))
    refused(path, "is damaged", RegionStore, state_anew(folder))


def test_whatever_a_footer_says_it_is_refused_or_the_values_are_right(folder):
    path = shards_of(folder)[0]
    expected, whole = read_all(RegionStore(folder)), path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    draw, refusals = np.random.default_rng(0), 0
    for place in draw.integers(footer, len(whole), 150).tolist():
        overwrite(path, 0, whole)
        overwrite(path, place, bytes([int(draw.integers(256))]))
        try:
            found = read_all(RegionStore(folder))
            assert found.features.shape == expected.features.shape
        except InputError as error:
            assert str(path) in str(error)
            refusals += 1
    assert refusals > 20


def test_a_footer_that_leads_out_of_the_file_is_refused(folder):
    path = shards_of(folder)[0]
    whole, metadata = path.read_bytes(), pq.read_metadata(path)
    sizes = np.array([len(one) for one in pq.read_table(path)["features"].to_pylist()])
    for cut in (5, pages_of(path)[0], pages_of(path)[1] - 1):
        with pytest.raises(ValueError, match="the footer places features"):
            value_places(memoryview(whole)[:cut], metadata, 0, "features", sizes)
    with pytest.raises(ValueError, match=r"hold \d values of \d"):
        value_places(memoryview(whole), metadata, 0, "features", np.append(sizes, 4))
