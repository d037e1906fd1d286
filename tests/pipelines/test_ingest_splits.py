from io import BytesIO

import numpy as np
import pytest
from ingest_sources import by_id, encoded, ingest, multi30k, picture, pictures, reasons, write
from PIL import Image, ImageEnhance

from pipelines.ingest.perceptual import CROPS, near_pairs, perceptual_hashes
from pipelines.ingest.settings import Config
from pipelines.ingest.splits import decide_splits, drawn_split


def resized(image: Image.Image) -> bytes:
    return encoded(image.resize((60, 60)))


def reencoded(image: Image.Image) -> bytes:
    return encoded(image, quality=40)


def halved(image: Image.Image) -> bytes:
    return encoded(image.resize((image.width // 2, image.height // 2)))


def brightened(image: Image.Image) -> bytes:
    return encoded(ImageEnhance.Brightness(image).enhance(1.15))


def cut(image: Image.Image) -> bytes:
    width, height = round(0.06 * image.width), round(0.06 * image.height)
    return encoded(image.crop((width, height, image.width - width, image.height - height)))


def cropped(image: Image.Image) -> bytes:
    return encoded(image.crop((4, 4, image.width - 4, image.height - 4)))


@pytest.mark.parametrize("copy", [resized, reencoded, cropped])
def test_a_near_duplicate_in_train_gives_way_to_the_one_in_test(tmp_path, copy, record_property):
    raw = multi30k(tmp_path, {"train": ["a.jpg", "copy.jpg"], "test": ["c.jpg"]})
    pictures(raw, {"a.jpg": 1, "c.jpg": 3})
    write(raw / "images/copy.jpg", copy(picture(3)))
    images, captions = ingest(raw, tmp_path / "out")
    found = images.manifest.statistics["with_near_duplicates"]
    record_property(f"near-duplicates planted ({copy.__name__}) and found", f"{found} of 1")
    assert reasons(images) == {"copy": "split_conflict"} and sorted(by_id(images)) == ["a", "c"]
    assert captions.manifest.rejected == {"caption_orphan": 6}
    assert found == 1 and by_id(images)["c"]["duplicate_group"] is None, "the other one is not there"
    kept, _ = ingest(raw, tmp_path / "off", separate_near_duplicates=False)
    assert len(kept) == 3


def test_a_picture_on_two_lists_belongs_to_the_test_list(tmp_path):
    raw = multi30k(tmp_path, {"train": ["a.jpg"], "test": ["a.jpg"]})
    pictures(raw, {"a.jpg": 1})
    images, captions = ingest(raw, tmp_path / "out", task2_languages=["xx"], languages=["de"])
    assert by_id(images)["a"]["split"] == "test" and reasons(images) == {"a": "split_conflict"}
    assert captions.manifest.rejected == {"duplicate_key": 1}


def test_pictures_on_no_list_are_drawn_and_follow_their_near_duplicates(tmp_path):
    raw = multi30k(tmp_path, {"val": ["v.jpg"]})
    pictures(raw, {"v.jpg": 999} | {f"log-{i}.jpg": i for i in range(60)})
    write(raw / "images/log-copy-of-v.jpg", resized(picture(999)))
    write(raw / "images/log-copy-of-7.jpg", cropped(picture(7)))
    images, _ = ingest(raw, tmp_path / "out", val_fraction=0.25, test_fraction=0.25)
    rows = by_id(images)
    assert rows["log-copy-of-v"]["split"] == "val" and rows["log-copy-of-7"]["split"] == rows["log-7"]["split"]
    assert all(8 <= images.manifest.statistics["splits"][split] <= 45 for split in ("train", "val", "test"))


def test_near_duplicates_of_a_split_are_one_group(tmp_path):
    raw = multi30k(tmp_path, {"train": ["b.jpg", "a.jpg", "other.jpg", "c.jpg"], "val": ["v.jpg"]})
    pictures(raw, {"b.jpg": 1, "other.jpg": 2, "v.jpg": 3})
    write(raw / "images/a.jpg", resized(picture(1)))
    write(raw / "images/c.jpg", cropped(picture(1)))
    write(raw / "images/on-no-list.jpg", reencoded(picture(3)))
    images, _ = ingest(raw, tmp_path / "out")
    groups = {image_id: row["duplicate_group"] for image_id, row in by_id(images).items()}
    assert groups == {"a": "a", "b": "a", "c": "a", "other": None, "on-no-list": "on-no-list", "v": "on-no-list"}
    off, _ = ingest(raw, tmp_path / "off", separate_near_duplicates=False)
    assert {row["duplicate_group"] for row in off.rows()} == {None}, "not known where nobody looks"


def test_between_two_splits_a_picture_on_no_list_belongs_to_none():
    middle = np.zeros(len(CROPS), np.uint64)
    left, right = middle | np.uint64(0b111111), middle | np.uint64(0b111111 << 40)  # 6 bits away, 12 from each other
    listed = ["train", None, "test"]
    decisions = decide_splits(["l", "m", "r"], listed, np.stack([left, middle, right]), Config(), 0)
    assert [decision.split for decision in decisions] == ["train", None, "test"]
    assert [decision.group for decision in decisions] == [None, None, None], "no group lies in two splits"
    decisions = decide_splits(["l", "m", "r"], ["val", None, "val"], np.stack([left, middle, right]), Config(), 0)
    assert [decision.group for decision in decisions] == ["l", "l", "l"], "though l and r are not near each other"


def test_equal_pictures_by_the_thousand_take_no_time():
    hashes = np.zeros((50_000, len(CROPS)), np.uint64)
    decisions = decide_splits([f"{i:05d}" for i in range(50_000)], [None] * 50_000, hashes, Config(), 0)
    assert {decision.split for decision in decisions} == {drawn_split("00000", Config(), 0)}


@pytest.mark.parametrize("bits", [0, 3, 6, 11])
def test_near_pairs_are_those_of_comparing_all(bits):
    draw = np.random.default_rng(bits)
    hashes = draw.integers(0, 2**64, (300, len(CROPS)), np.uint64)
    for row in range(1, 300, 3):  # a neighbour at a few flipped bits
        hashes[row] = hashes[row - 1] ^ np.bitwise_or.reduce(np.uint64(1) << draw.integers(0, 64, 7).astype(np.uint64))
    distances = np.bitwise_count(hashes[:, None, :] ^ hashes[None, :, :1]).min(axis=2)
    expected = np.argwhere(np.triu(np.minimum(distances, distances.T) <= bits, 1))
    assert near_pairs(hashes, bits).tolist() == expected.tolist()


def test_hashes_of_different_pictures_differ():
    hashes = np.stack([perceptual_hashes(picture(seed)) for seed in range(100)])
    assert len(near_pairs(hashes, 6)) == 0
    assert near_pairs(np.concatenate([hashes, perceptual_hashes(picture(4, 300))[None]]), 6).tolist() == [[4, 100]]


@pytest.mark.real_data
def test_copies_of_photographs_are_found_and_others_hardly_ever_taken_for_one(real_data, record_property):
    photographs = [
        Image.open(file).convert("RGB") for file in sorted((real_data / "multi30k/images").glob("*.jpg"))[::12]
    ]
    ways, count = (reencoded, halved, brightened, cut), len(photographs)
    copies = [Image.open(BytesIO(ways[number % 4](image))) for number, image in enumerate(photographs)]
    hashes = np.stack([perceptual_hashes(image) for image in (*photographs, *copies)])
    pairs = {(first, second % count) for first, second in near_pairs(hashes, 6).tolist() if first < count}
    found, mistaken = {a for a, b in pairs if a == b}, {frozenset((a, b)) for a, b in pairs if a != b}
    record_property("photographs of which a planted copy is found", f"{len(found)} of {count}")
    record_property("pairs of different photographs taken for one", f"{len(mistaken)} of {count * (count - 1) // 2}")
    assert len(found) == count and len(mistaken) <= 1
