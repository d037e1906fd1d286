"""Regions by picture, read where they lie: the same values whatever a shard's pages look like, and little memory."""

import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from regions_files import COUNT, GROUP, expected_batch, regions, rewrite, rows_of, shards_of
from task_world import FEATURES, world, write_dataset  # noqa: F401

from contract.dataset import Dataset
from contract.errors import InputError
from model.region_pages import value_places
from model.regions import RegionStore

IN_PLACE = {
    "as our writer does": {},
    "pages of the second form": {"data_page_version": "2.0"},
    "a page a value": {"data_page_size": 1, "write_batch_size": 1},
    "statistics, checksums and an index": {
        "write_statistics": True, "write_page_checksum": True, "write_page_index": True,
    },
}  # fmt: skip
DECODED = {
    "compressed": {"compression": "zstd"},
    "with a dictionary": {"use_dictionary": ["features"]},
    "delta lengths": {"column_encoding": {"features": "DELTA_LENGTH_BYTE_ARRAY"}},
}


def same(batch, rows) -> bool:
    found = (batch.features, batch.locations, batch.mask, batch.object_ids)
    return all(one.numpy().tobytes() == other.tobytes() for one, other in zip(found, expected_batch(rows), strict=True))


def test_a_batch_is_its_rows_value_by_value(world):  # noqa: F811
    store, rows = RegionStore(world / "regions"), list(Dataset(world / "regions", "regions").rows())
    assert len(store) == len(rows) == len(store.object_ids) and store.feature_dim == FEATURES
    assert list(store.row_of) == [row["image_id"] for row in rows]
    assert all(ids.dtype == np.int64 for ids in store.object_ids)
    assert [ids.tolist() for ids in store.object_ids] == [row["object_ids"] for row in rows]
    for chosen in ([0], [5, 3, 3, 70], range(len(rows)), np.array([1, 2])):
        batch = store.batch(chosen)
        assert same(batch, [rows[row] for row in chosen])
        kinds = [one.dtype for one in (batch.features, batch.locations, batch.mask, batch.object_ids)]
        assert kinds == [torch.float32, torch.float32, torch.bool, torch.int64]
    for row, expected in enumerate(rows):
        features, locations = store.one(row)
        assert features.dtype == np.float16 and features.shape == (expected["num_regions"], FEATURES)
        assert features.tobytes() == expected["features"]
        np.testing.assert_array_equal(locations, expected_batch([expected])[1][0])


def test_locations_are_corners_and_area_as_shares_of_the_picture(world):  # noqa: F811
    store = RegionStore(world / "regions")
    _, locations = store.one(store.row_of["p003"])
    assert locations.dtype == np.float32 and locations.shape == (3, 5)
    np.testing.assert_allclose(locations[1], [10 / 320, 30 / 320, 40 / 320, 50 / 320, 30 * 20 / 320**2])


def test_a_batch_goes_into_memory_that_it_is_given(world):  # noqa: F811
    store = RegionStore(world / "regions")
    for kind in (torch.float16, torch.float32):
        memory = store.memory(4, kind).fill_(7)  # what an earlier batch left there
        for rows in ([0, 1, 2, 3], [2], [1, 4]):
            batch, plain = store.batch(rows, memory), store.batch(rows)
            assert batch.features.dtype == kind and batch.features.data_ptr() == memory.data_ptr()
            assert torch.equal(batch.features.float(), plain.features)
            assert torch.equal(batch.locations, plain.locations) and torch.equal(batch.mask, plain.mask)
    with pytest.raises((RuntimeError, ValueError)):
        store.batch(range(9), store.memory(1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="only a GPU's driver can pin memory")
def test_a_batch_in_pinned_memory_is_pinned_throughout(world):  # noqa: F811
    store = RegionStore(world / "regions")
    batch = store.batch([1, 2], store.memory(2, pinned=True))
    assert all(one.is_pinned() for one in (batch.features, batch.locations, batch.mask, batch.object_ids))
    assert torch.equal(batch.to(torch.device("cuda")).features.float().cpu(), store.batch([1, 2]).features)


def every_half(folder: Path) -> Path:
    """One picture with every finite float16 there is, the smallest and both infinities among them."""
    numbers = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    numbers = np.where(np.isnan(numbers), np.float16(0), numbers).reshape(16, -1)
    row = rows_of(1)[0] | {
        "num_regions": 16, "feature_dim": numbers.shape[1], "features": numbers.tobytes(), "object_ids": [1] * 16,
        "boxes": np.ones((16, 4), "<f4").tobytes(), "object_scores": [1.0] * 16,
    }  # fmt: skip
    return regions(folder, [row])


def test_float16_becomes_float32_exactly(tmp_path):
    store = RegionStore(every_half(tmp_path / "regions"))
    expected = store.one(0)[0].astype(np.float32)  # numpy's conversion; a batch takes torch's
    assert store.batch([0]).features[0].numpy().tobytes() == expected.tobytes() and np.isinf(expected).sum() == 2


@pytest.mark.parametrize("options", (IN_PLACE | DECODED).values(), ids=(IN_PLACE | DECODED).keys())
def test_values_are_the_same_however_the_file_was_written(tmp_path, options):
    folder = rewrite(regions(tmp_path / "regions"), **options)
    rows = list(Dataset(folder, "regions").rows())
    order = np.random.default_rng(0).permutation(COUNT).tolist() * 2
    store = RegionStore(folder)
    assert all(same(store.batch(order[start : start + 5]), [rows[row] for row in order[start : start + 5]])
               for start in range(0, len(order), 5))  # fmt: skip
    for path in shards_of(folder):
        file, sizes = path.read_bytes(), [len(one) for one in pq.read_table(path)["features"].to_pylist()]
        metadata = pq.read_metadata(path)
        assert metadata.num_row_groups > 1
        for group in range(metadata.num_row_groups):
            mine = np.array(sizes[group * GROUP : (group + 1) * GROUP])
            places = value_places(memoryview(file), metadata, group, "features", mine)
            assert (places is None) == (options in list(DECODED.values()))


def test_a_column_that_may_be_null_is_decoded(tmp_path):
    def nullable(table):
        place = table.schema.get_field_index("features")
        return table.set_column(place, pa.field("features", pa.binary(), nullable=True), table["features"])

    folder = rewrite(regions(tmp_path / "regions"), nullable)
    rows = list(Dataset(folder, "regions").rows())
    assert same(RegionStore(folder).batch(range(COUNT)), rows)


def test_several_threads_share_a_store(tmp_path):
    for options in ({}, {"compression": "zstd"}):
        store = RegionStore(rewrite(regions(tmp_path / str(len(options))), **options))
        expected, wrong = store.batch(range(COUNT)), []

        def read(seed, store=store, expected=expected, wrong=wrong):
            for row in np.random.default_rng(seed).integers(0, COUNT, 50).tolist():
                found = store.batch([row]).features[0]
                if not torch.equal(found, expected.features[row, : len(found)]):
                    wrong.append(row)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


def test_pictures_without_regions_are_all_padding(tmp_path):
    none = {"num_regions": 0, "features": b"", "boxes": b"", "object_ids": [], "object_scores": []}
    rows = [row | (none if number % 2 else {}) for number, row in enumerate(rows_of())]
    store = RegionStore(regions(tmp_path / "some", rows))
    empty, full = store.row_of["p001"], store.row_of["p002"]
    assert store.batch([empty, full]).mask.tolist() == [[False, False], [True, True]]
    assert store.one(empty)[0].shape == (0, FEATURES) and store.batch([empty]).features.shape == (1, 0, FEATURES)
    store = RegionStore(regions(tmp_path / "all", [row | none for row in rows]))
    assert store.batch([0, 1]).mask.shape == (2, 0)


def test_duplicates_are_the_pictures_with_the_very_same_features(tmp_path):
    rows = rows_of(40, width=300)  # over 256 bytes a region: some pictures differ only behind their first bytes
    rows[7] |= {"features": rows[4]["features"], "object_ids": [5, 5]}
    rows[8] |= {"features": rows[4]["features"], "boxes": rows[5]["boxes"]}
    rows[10] |= {"features": rows[4]["features"][:-2] + b"\0\0"}
    store = RegionStore(regions(tmp_path / "regions", rows))
    groups = store.duplicates()
    assert len({groups[store.row_of[f"p{number:03d}"]] for number in (4, 7, 8)}) == 1
    assert len(set(groups.tolist())) == 38 == groups.max() + 1
    read_whole = np.unique([store.one(row)[0].tobytes() for row in range(len(store))], return_inverse=True)[1]
    assert len(set(zip(groups.tolist(), read_whole.tolist(), strict=True))) == 38  # the same groups


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_opening_a_dataset_takes_the_memory_of_all_but_its_features(tmp_path):
    features = np.zeros(50 * 20_000, "<f2").tobytes()
    fifty = {
        "num_regions": 50, "feature_dim": 20_000, "features": features, "boxes": np.ones((50, 4), "<f4").tobytes(),
        "object_ids": [1] * 50, "object_scores": [0.5] * 50,
    }  # fmt: skip
    folder = regions(tmp_path / "regions", [row | fifty for row in rows_of(100)])
    assert sum(path.stat().st_size for path in shards_of(folder)) > 200e6
    RegionStore(regions(tmp_path / "small"))  # what the first store loads for all
    before = resident()
    store = RegionStore(folder)
    assert resident() - before < 20e6
    assert not store.batch([0, 99]).features.any()


def test_no_regions_at_all_are_refused(tmp_path):
    with pytest.raises(InputError, match="no regions"):
        RegionStore(write_dataset(tmp_path / "none", "regions", []))
