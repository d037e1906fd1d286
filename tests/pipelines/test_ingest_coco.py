import json

import pytest
from ingest_sources import by_id, ingest, pictures, reasons, write

from contract.errors import InputError

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
