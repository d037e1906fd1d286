import json

import pytest
from ingest_sources import by_id, ingest, pictures, reasons, write

from contract.config import load_config
from contract.errors import InputError, UsageError
from pipelines.ingest.settings import Config

LICENSES = [{"id": 4, "name": "Attribution License", "url": "http:\\/\\/creativecommons.org\\/licenses\\/by\\/2.0\\/"}]


def coco(raw, name, images, annotations):
    write(raw / "captions" / name, json.dumps({"images": images, "annotations": annotations, "licenses": LICENSES}))


def test_captions_licences_and_splits(tmp_path):
    coco(tmp_path, "annotations/captions_train2017.json",
         [{"id": 1, "file_name": "000001.jpg", "license": 4}, {"id": 2, "file_name": "000002.jpg", "license": 9}],
         [{"id": 11, "image_id": 1, "caption": "A dog. "}, {"id": 12, "image_id": 2, "caption": "A cat"}])  # fmt: skip
    coco(tmp_path, "annotations/captions_val2017.json", [{"id": 3, "file_name": "000003.jpg"}],
         [{"id": 13, "image_id": 3, "caption": "Two"}])  # fmt: skip
    pictures(tmp_path, {"train2017/000001.jpg": 1, "train2017/000002.jpg": 2, "val2017/000003.jpg": 3})
    images, captions = ingest(tmp_path, tmp_path / "out", layout="coco")
    rows = by_id(images)
    assert {key: row["split"] for key, row in rows.items()} == {"000001": "train", "000002": "train", "000003": "val"}
    assert rows["000001"]["license"] == "Attribution License http://creativecommons.org/licenses/by/2.0/"
    assert rows["000002"]["license"] is None
    assert by_id(captions)["coco-en-11"]["text"] == "A dog."


def test_karpathy_splits(tmp_path):
    images = [{"id": i, "file_name": f"COCO_val2014_{i}.jpg"} for i in range(5)]
    coco(tmp_path, "captions_val2014.json", images, [])
    pictures(tmp_path, {f"COCO_val2014_{i}.jpg": i for i in range(5)})
    splits = ["train", "restval", "val", "test"]
    rows = [{"filename": f"COCO_val2014_{i}.jpg", "split": split} for i, split in enumerate(splits)]
    write(tmp_path / "captions/dataset_coco.json", json.dumps({"images": rows}))
    found = by_id(ingest(tmp_path, tmp_path / "out", layout="coco", split_file="dataset_coco.json", val_fraction=1.0,
                         test_fraction=0.0)[0])  # fmt: skip
    assert [found[f"COCO_val2014_{i}"]["split"] for i in range(5)] == ["train", "train", "val", "test", "val"]


def coco_and_coco_cn(raw):
    """Four pictures with a caption in English, by Karpathy's splits, and one in Chinese, by COCO-CN's lists."""
    names = {1: "COCO_train2014_1", 2: "COCO_train2014_2", 3: "COCO_val2014_3", 4: "COCO_val2014_4"}
    coco(raw, "captions_2014.json", [{"id": i, "file_name": f"{name}.jpg", "license": 4} for i, name in names.items()],
         [{"id": i, "image_id": i, "caption": f"picture {i}"} for i in names])  # fmt: skip
    pictures(raw, {f"{name}.jpg": i for i, name in names.items()})
    karpathy = {1: "train", 2: "train", 3: "test", 4: "val"}
    rows = [{"filename": f"{names[i]}.jpg", "split": split} for i, split in karpathy.items()]
    write(raw / "captions/dataset_coco.json", json.dumps({"images": rows}))
    cn = raw / "captions/coco-cn"
    write(cn / "coco-cn_train.txt", f"{names[2]}\n{names[3]}\n")
    write(cn / "coco-cn_test.txt", f"{names[1]}\n")
    write(cn / "coco-cn_val.txt", f"{names[1]}\n")  # named twice: test goes before val, whichever is read last
    write(cn / "imageid.human-written-caption.txt", "".join(f"{name}#0\t图片 {i}\n" for i, name in names.items()))
    return {
        "layout": "coco", "split_file": "dataset_coco.json",
        "extra_captions": {"zh": "coco-cn/imageid.human-written-caption.txt"},
        "extra_lists": {"zh": {"coco-cn/coco-cn_train.txt": "train", "coco-cn/coco-cn_test.txt": "test",
                               "coco-cn/coco-cn_val.txt": "val"}},
    }  # fmt: skip


def test_splits_of_a_language_of_its_own(tmp_path):
    """As COCO-CN has them: both test sets are the published ones, and nothing of one is trained on."""
    images, captions = ingest(tmp_path, tmp_path / "out", **coco_and_coco_cn(tmp_path))
    rows = by_id(images)
    splits = {
        "COCO_train2014_1": "test",
        "COCO_train2014_2": "train",
        "COCO_val2014_3": "test",
        "COCO_val2014_4": "val",
    }
    assert {key: row["split"] for key, row in rows.items()} == splits
    assert all(row["license"].startswith("Attribution") for row in rows.values())
    found = sorted((row["lang"], row["split"], row["text"]) for row in captions.rows())
    assert found == [
        ("en", "test", "picture 3"), ("en", "train", "picture 2"), ("en", "val", "picture 4"),
        ("zh", "test", "图片 1"), ("zh", "train", "图片 2"), ("zh", "val", "图片 4"),
    ]  # fmt: skip
    assert reasons(captions) == {"coco-en-1": "split_conflict", "extra-zh-0-COCO_val2014_3": "split_conflict"}
    (message,) = {row["message"] for row in captions.rejects() if row["key"] == "coco-en-1"}
    assert message == "its lists have the picture in train, others in test"


def test_lists_of_a_language_that_is_not_taken_are_not_read(tmp_path):
    settings = coco_and_coco_cn(tmp_path)
    (tmp_path / "captions/coco-cn/coco-cn_test.txt").unlink()
    images, captions = ingest(tmp_path, tmp_path / "out", languages=("en",), **settings)
    assert by_id(images)["COCO_train2014_1"]["split"] == "train" and len(captions) == 4
    with pytest.raises(InputError, match=r"holds no coco-cn/coco-cn_test\.txt"):
        ingest(tmp_path, tmp_path / "again", **settings)
    missing = list(load_config(Config, settings, "ingest").missing_captions(tmp_path / "captions"))
    assert missing == [(tmp_path / "captions/coco-cn/coco-cn_test.txt",
                        "pictures of captions in zh (the profile's ingest.extra_lists)")]  # fmt: skip


@pytest.mark.parametrize("settings", [{"layout": "coco", "extra_lists": {"zh": {"a.txt": "dev"}}},
                                      {"layout": "img2dataset", "extra_lists": {"zh": {"a.txt": "test"}}}])  # fmt: skip
def test_lists_that_cannot_be_meant(settings):
    with pytest.raises(UsageError, match=r"extra_lists"):
        load_config(Config, settings, "ingest")


def test_rows_that_cannot_be_read(tmp_path):
    coco(tmp_path, "captions_train.json", [{"id": 1, "file_name": "a.jpg", "license": [1]}, {"id": 2}, "no row"],
         [{"id": 1, "image_id": 1}, {"id": 2, "image_id": 77, "caption": "x"}, 5,
          {"id": 4, "image_id": 1, "caption": " "}, {"id": 5, "image_id": 1, "caption": "fine"},
          {"id": 5, "image_id": 1, "caption": "again"}])  # fmt: skip
    pictures(tmp_path, {"a.jpg": 1})
    images, captions = ingest(tmp_path, tmp_path / "out", layout="coco")
    assert images.manifest.rejected == {"malformed_row": 2} and len(captions) == 1
    assert captions.manifest.rejected == {
        "caption_empty": 1,
        "caption_orphan": 1,
        "duplicate_key": 1,
        "malformed_row": 2,
    }
    assert reasons(captions)["coco-en-2"] == "caption_orphan"


@pytest.mark.parametrize("content", ["{", "[]", '{"images": 3}', "[" * 100_000])
def test_a_file_that_is_no_coco_json(tmp_path, content):
    (tmp_path / "images").mkdir()
    write(tmp_path / "captions/captions_train.json", content)
    with pytest.raises(InputError, match=r"captions_train\.json"):
        ingest(tmp_path, tmp_path / "out", layout="coco")


@pytest.mark.real_data
def test_tiny_coco(tmp_path, real_data):
    raw = tmp_path / "raw"
    (raw / "captions").mkdir(parents=True)
    (raw / "captions/annotations").symlink_to(real_data / "tiny_coco/annotations")
    (raw / "images").mkdir()
    for folder in ("train2017", "val2017"):
        (raw / "images" / folder).symlink_to(real_data / "tiny_coco" / folder)
    images, captions = ingest(raw, tmp_path / "out", layout="coco")
    assert images.manifest.rows_in == 100 and captions.manifest.rows_in == 500
    assert images.manifest.statistics["splits"]["train"] >= 45
    assert all(row["license"].startswith(("Attribution", "No known", "United")) for row in images.rows())


def test_half_a_character_is_a_reject_and_stops_nothing(tmp_path):
    """JSON can write what no file can hold: half of a surrogate pair, in a caption, a name or an id."""
    coco(tmp_path, "captions_train.json",
         [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "\ud800.jpg"},
          {"id": "\udfff", "file_name": "b.jpg"}],
         [{"id": 1, "image_id": 1, "caption": "half \ud83d"}, {"id": "\ud800", "image_id": 1, "caption": "whole"},
          {"id": 3, "image_id": 2, "caption": "of a nameless picture"}])  # fmt: skip
    pictures(tmp_path, {"a.jpg": 1, "b.jpg": 2})
    images, captions = ingest(tmp_path, tmp_path / "out", layout="coco")
    assert set(by_id(images)) == {"a", "b"} and images.manifest.rejected == {"malformed_row": 1}
    assert [row["text"] for row in captions.rows()] == ["whole"]
    assert captions.manifest.rejected == {"caption_orphan": 1, "malformed_row": 1}
