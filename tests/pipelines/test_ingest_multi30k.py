import io

import pytest
from ingest_sources import bomb_header, by_id, encoded, ingest, multi30k, picture, pictures, reasons, write
from PIL import Image

from contract.errors import InputError, UsageError
from contract.pictures import PictureStore


def test_pictures_and_captions_of_both_tasks(tmp_path):
    raw = multi30k(tmp_path, {"train": ["a.jpg", "b.jpg#0"], "test_2016_flickr": ["c.jpg"]})
    pictures(raw, {"a.jpg": 1, "deep/er/b.jpg": 2, "c.jpg": 3})
    images, captions = ingest(raw, tmp_path / "out")
    rows = by_id(images)
    assert {name: row["split"] for name, row in rows.items()} == {"a": "train", "b": "train", "c": "test"}
    assert rows["b"]["uri"] == "deep/er/b.jpg"
    assert (rows["a"]["width"], rows["a"]["height"], rows["a"]["source"]) == (96, 96, "task1/image_splits/train.txt")
    texts = by_id(captions)
    assert texts["task2-2-de-c"] == {
        "caption_id": "task2-2-de-c", "image_id": "c", "lang": "de", "text": "de 2 of c.jpg", "split": "test",
    }  # fmt: skip
    assert len(captions) == 3 * 2 * 3 and captions.manifest.statistics["languages"]["de"] == {"test": 3, "train": 6}
    assert captions.manifest.statistics["words"]["en"]["mean"] == 4
    assert PictureStore(tmp_path / "out/images").read(rows["b"]["uri"]).size == (96, 96)


def test_the_paper_counts_five_captions_in_english_and_one_in_french(tmp_path):
    raw = multi30k(tmp_path, {"train": ["a.jpg"]})
    pictures(raw, {"a.jpg": 1})
    _, captions = ingest(raw, tmp_path / "out", task1_languages=["de"], task2_languages=["en"])
    assert sorted(by_id(captions)) == ["task1-de-a", "task2-1-en-a", "task2-2-en-a"]


def test_missing_pictures_are_counted_and_their_captions_are_orphans(tmp_path):
    raw = multi30k(tmp_path, {"train": ["a.jpg", "gone.jpg"]})
    pictures(raw, {"a.jpg": 1})
    images, captions = ingest(raw, tmp_path / "out")
    assert reasons(images) == {"gone": "image_missing"}
    assert captions.manifest.rejected == {"caption_orphan": 6}
    assert any("image_missing" in row["message"] for row in captions.rejects())


def test_broken_and_hostile_pictures_are_rejected_each_with_its_reason(tmp_path):
    whole = encoded(picture(1))
    bad = {
        "cut.jpg": whole[: len(whole) // 2], "text.jpg": b"no picture", "empty.jpg": b"", "bomb.png": bomb_header(),
        "heavy.bmp": encoded(picture(5, 700), "BMP"),
    }  # fmt: skip
    raw = multi30k(tmp_path, {"train": ["good.jpg", "../../etc/passwd.jpg", "/abs.jpg", *bad]})
    for name, content in (bad | {"good.jpg": whole, "sub/good.jpg": whole}).items():
        write(raw / "images" / name, content)
    images, _ = ingest(raw, tmp_path / "out", max_megabytes=1)
    assert list(by_id(images)) == ["good"]
    assert reasons(images) == {
        "cut": "image_unreadable", "text": "image_unreadable", "empty": "image_unreadable",
        "bomb": "image_too_large", "heavy": "image_too_large", "sub/good.jpg": "duplicate_key",
        "../../etc/passwd.jpg": "image_unsafe_path", "/abs.jpg": "image_unsafe_path",
    }  # fmt: skip


def test_odd_but_whole_pictures_are_read_right(tmp_path):
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(1, 60).resize((60, 40)).save(turned, "JPEG", exif=exif)
    odd = {
        "turned.jpg": turned.getvalue(), "dot.png": encoded(Image.new("L", (1, 1)), "PNG"),
        "palette.gif": encoded(picture(3).convert("P"), "GIF"), "cmyk.jpg": encoded(picture(4).convert("CMYK")),
    }  # fmt: skip
    raw = multi30k(tmp_path, {"train": list(odd)})
    for name, content in odd.items():
        write(raw / "images" / name, content)
    rows = by_id(ingest(raw, tmp_path / "out")[0])
    assert len(rows) == 4 and (rows["turned"]["width"], rows["turned"]["height"]) == (40, 60)


def test_captions_are_cleaned_and_empty_or_undecodable_ones_rejected(tmp_path):
    raw = multi30k(tmp_path, {"train": ["a.jpg", "b.jpg", "c.jpg"]})
    pictures(raw, {"a.jpg": 1, "b.jpg": 2, "c.jpg": 3})
    write(raw / "captions/task1/raw/train.de.gz", " Ein  Cafe\u0301\t\x07hier \r\n \u3000\n".encode() + b"\xff\xfe\n")
    _, captions = ingest(raw, tmp_path / "out")
    assert by_id(captions)["task1-de-a"]["text"] == "Ein Café hier"
    assert reasons(captions) == {"task1-de-b": "caption_empty", "task1-de-c": "malformed_row"}


def test_captions_that_do_not_match_their_list_stop_the_stage(tmp_path):
    raw = multi30k(tmp_path, {"train": ["a.jpg"]})
    pictures(raw, {"a.jpg": 1})
    write(raw / "captions/task1/raw/train.de.gz", "eins\nzwei\n")
    with pytest.raises(InputError, match=r"train\.de\.gz has 2 lines, and its list names 1"):
        ingest(raw, tmp_path / "out")


@pytest.mark.parametrize("settings", [{"layout": "flickr"}, {"shards": 0}, {"val_fraction": 0.8, "test_fraction": 0.3},
                                      {"lists": {"train": "dev"}}, {"near_duplicate_bits": 99}])  # fmt: skip
def test_settings_that_cannot_be_meant(tmp_path, settings):
    with pytest.raises(UsageError):
        ingest(tmp_path, tmp_path / "out", **settings)


def test_a_folder_without_lists_says_where_they_go(tmp_path):
    pictures(tmp_path, {"a.jpg": 1})
    (tmp_path / "captions").mkdir()
    with pytest.raises(InputError, match="image_splits"):
        ingest(tmp_path, tmp_path / "out")


def test_limit_takes_a_sample_and_says_what_it_left_out(tmp_path):
    names = [f"p{i}.jpg" for i in range(12)]
    raw = multi30k(tmp_path, {"train": [*names, "gone.jpg"]})
    pictures(raw, {name: i for i, name in enumerate(names)})
    images, captions = ingest(raw, tmp_path / "five", limit=5)
    assert len(images) == 5 and len(captions) == 5 * 6
    left_out = images.manifest.statistics["left_out_by_limit"] + images.manifest.rows_in
    assert left_out == 13 and captions.manifest.statistics["left_out_by_limit"] + captions.manifest.rows_in == 13 * 6
    three = by_id(ingest(raw, tmp_path / "three", limit=3)[0])
    assert set(three) < set(by_id(images))  # a larger limit only adds


def test_extra_captions_in_each_form(tmp_path):
    raw = multi30k(tmp_path, {"train": ["12.jpg"], "val": ["34.jpg"]})
    pictures(raw, {"12.jpg": 1, "34.jpg": 2})
    write(
        raw / "captions/f8k/zh.caption.txt", "12_ab.jpg#zhc#0 一只狗。\n12_ab.jpg#zhc#1\t两只 狗\n99_x.jpg#zhc#0 无\n\n"
    )
    write(raw / "captions/nl/val.0.nl", "een hond\n")
    write(raw / "captions/nl/val.1.nl.gz", "de hond\n")
    write(raw / "captions/nl/val_images.txt", "34.jpg\n")
    write(raw / "captions/ja.json", '{"images": [{"id": 1, "file_name": "x/12.jpg"}],'
          ' "annotations": [{"id": 5, "image_id": 1, "caption": "犬"}]}')  # fmt: skip
    extra = {"zh": "f8k/zh.caption.txt", "nl": "nl/val.*.nl*", "ja": "*.json"}
    _, captions = ingest(raw, tmp_path / "out", extra_captions=extra, languages=["zh", "nl", "ja"])
    assert {key: row["text"] for key, row in by_id(captions).items()} == {
        "extra-zh-0-12": "一只狗。", "extra-zh-1-12": "两只 狗",
        "extra-nl-0-34": "een hond", "extra-nl-1-34": "de hond", "coco-ja-5": "犬",
    }  # fmt: skip
    assert sorted(captions.manifest.rejected.items()) == [("caption_orphan", 1), ("malformed_row", 1)]
    assert "zh" not in captions.manifest.statistics["words"]


def test_extra_captions_that_lead_out_of_the_folder(tmp_path):
    raw = multi30k(tmp_path, {"train": ["a.jpg"]})
    pictures(raw, {"a.jpg": 1})
    for pattern in ("../secret.txt", "/etc/passwd"):
        with pytest.raises(InputError):
            ingest(raw, tmp_path / "out", extra_captions={"de": pattern})
