"""Regions read back as tensors: the same numbers, in the same order, whatever the shards and row groups."""

import numpy as np
import pytest
import torch
from task_world import FEATURES, region_row, world, write_dataset  # noqa: F401

from contract.dataset import Dataset
from contract.errors import InputError
from model.regions import region_tensors


def test_tensors_are_the_rows(world):  # noqa: F811
    rows = list(Dataset(world / "regions", "regions").rows())
    groups = list(region_tensors(world / "regions"))
    assert [name for group in groups for name in group.image_ids] == [row["image_id"] for row in rows]
    features, boxes, ids = (
        [one for group in groups for one in getattr(group, name)] for name in ("features", "boxes", "object_ids")
    )
    assert torch.cat([group.sizes_N2 for group in groups]).tolist() == [[row["width"], row["height"]] for row in rows]
    for number, row in enumerate(rows):
        assert features[number].shape == (row["num_regions"], FEATURES) and features[number].dtype == torch.float16
        assert features[number].numpy().tobytes() == row["features"]
        assert boxes[number].shape == (row["num_regions"], 4) and boxes[number].numpy().tobytes() == row["boxes"]
        assert ids[number].tolist() == row["object_ids"]


def test_one_shard_s_tensors_are_its_rows(world):  # noqa: F811
    dataset = Dataset(world / "regions", "regions")
    found = [name for group in region_tensors(world / "regions", 1) for name in group.image_ids]
    assert found == [row["image_id"] for row in dataset.rows(["image_id"], 1)] and 0 < len(found) < len(dataset)


def test_many_row_groups_keep_their_values_when_later_ones_are_read(tmp_path):
    draw = np.random.default_rng(0)
    rows = [region_row(number) for number in range(2000)]
    for row in rows:  # 140 MB
        numbers = draw.integers(0, 30_000, row["num_regions"] * 15_000).astype("<f2")
        row |= {"feature_dim": 15_000, "features": numbers.tobytes()}
    folder = write_dataset(tmp_path / "regions", "regions", rows)
    groups = list(region_tensors(folder))
    assert len(groups) >= 4
    kept = {name: one for group in groups for name, one in zip(group.image_ids, group.features, strict=True)}
    assert all(kept[row["image_id"]].numpy().tobytes() == row["features"] for row in rows)


def test_features_of_several_widths_are_refused(tmp_path):
    mixed = write_dataset(tmp_path / "mixed", "regions", [region_row(1), region_row(2, FEATURES + 1)])
    with pytest.raises(InputError, match="several widths"):
        list(region_tensors(mixed))
