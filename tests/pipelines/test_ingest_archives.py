import io
import json
import os
import tarfile

from ingest_sources import bomb_header, by_id, encoded, ingest, parquet, picture, reasons, sample, tar, write

from contract.pictures import PictureStore
from contract.places import Place
from contract.verification.dataset import verify_dataset


def test_tars_as_img2dataset_writes_them(tmp_path):
    tar(tmp_path / "images/00000.tar", sample("000000000", 1, "A  dog.") | sample("000000001", 2))
    tar(tmp_path / "images/more/00000.tar", sample("000000000", 3))
    write(tmp_path / "images/00000_stats.json", "{}")
    images, captions = ingest(tmp_path, tmp_path / "out", layout="img2dataset", caption_language="en")
    rows = by_id(images)
    assert sorted(rows) == ["000000000", "000000001", "more-000000000"]
    assert {row["license"] for row in rows.values()} == {"CC0"} and rows["000000001"]["source"] == "00000.tar"
    assert by_id(captions)["en-000000000"]["text"] == "A dog."
    store = PictureStore(tmp_path / "out/images")
    for row in rows.values():
        assert row["uri"].startswith("_files/") and store.read(row["uri"]).size == (96, 96)


def test_hostile_members_stay_outside(tmp_path):
    whole = encoded(picture(9))
    archive = tmp_path / "raw/images/00000.tar"
    members = sample("good", 1) | {
        "../../escaped.jpg": whole, "/abs.jpg": whole, "bomb.png": bomb_header(), "cut.jpg": whole[:300],
        "fake.jpg": b"text", "only.txt": b"no picture", "odd key!.jpg": whole, "notes.jpg": whole,
        "notes.json": b"[" * 100_000, "heavy.bmp": encoded(picture(5, 700), "BMP"),
        os.fsdecode(b"no\xff.jpg"): whole,
    }  # fmt: skip
    tar(archive, members)
    with tarfile.open(archive, "a") as opened:
        for name, kind in (
            ("link.jpg", tarfile.SYMTYPE),
            ("hard.jpg", tarfile.LNKTYPE),
            ("fifo.jpg", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            opened.addfile(member)
        again = tarfile.TarInfo("good.jpg")
        again.size = len(whole)
        opened.addfile(again, io.BytesIO(whole))
    images, captions = ingest(tmp_path / "raw", tmp_path / "out", layout="img2dataset", max_megabytes=1)
    assert list(by_id(images)) == ["good"]
    for dataset in (images, captions):
        assert verify_dataset(Place.of(dataset.folder)).rows == dataset.manifest.rows_in
    assert reasons(images) == {
        "../../escaped.jpg": "image_unsafe_path", "/abs.jpg": "image_unsafe_path", "bomb": "image_too_large",
        "cut": "image_unreadable", "fake": "image_unreadable", "only": "image_missing", "odd key!": "image_unsafe_path",
        "notes": "malformed_row", "heavy": "image_too_large", "link.jpg": "image_unsafe_path",
        "no\\udcff.jpg": "image_unsafe_path",
        "hard.jpg": "image_unsafe_path", "fifo.jpg": "image_unsafe_path", "good": "duplicate_key",
    }  # fmt: skip
    assert sorted(path.name for path in tmp_path.rglob("*.jpg")) == ["good.jpg"]
    row = by_id(images)["good"]
    assert (tmp_path / "out/images" / row["uri"]).read_bytes() == members["good.jpg"]
    assert len(captions) == 1


def test_a_tar_that_is_cut_off_gives_what_is_whole(tmp_path):
    path = tar(tmp_path / "raw/images/00000.tar", sample("a", 1) | sample("b", 2))
    content = path.read_bytes()
    for number, end in enumerate((len(content) - 10_240, 9_000, 4_000, 0)):
        path.write_bytes(content[:end])
        images, _ = ingest(tmp_path / "raw", tmp_path / f"out{number}", layout="img2dataset")
        assert reasons(images) == {"00000.tar": "malformed_row"}


def test_parquet_with_bytes(tmp_path):
    rows = [
        {"key": "k1", "jpg": encoded(picture(1)), "caption": "One", "status": "success", "error_message": None},
        {"key": "k2", "jpg": None, "caption": "Two", "status": "failed_to_download", "error_message": "HTTP Error 404"},
        {"key": "../k3", "jpg": encoded(picture(3)), "caption": "Three", "status": "success", "error_message": None},
        {"key": "k4", "jpg": b"cut", "caption": None, "status": "success", "error_message": None},
        {"key": "k1", "jpg": encoded(picture(4)), "caption": "Five", "status": "success", "error_message": None},
    ]
    parquet(tmp_path / "images/00000.parquet", rows)
    write(tmp_path / "images/00001.parquet", "no Parquet at all")
    images, captions = ingest(tmp_path, tmp_path / "out", layout="img2dataset", caption_language="de")
    assert list(by_id(images)) == ["k1"] and by_id(captions)["de-k1"]["text"] == "One"
    assert reasons(images) == {
        "k1": "duplicate_key", "k2": "image_missing", "..-k3": "image_unsafe_path", "k4": "image_unreadable",
        "00001.parquet": "malformed_row",
    }  # fmt: skip
    assert any("404" in row["message"] for row in images.rejects())


def test_pictures_in_a_struct_without_keys(tmp_path):
    rows = [{"image": {"bytes": encoded(picture(i)), "path": f"{i}.jpg"}, "text": f"No. {i}"} for i in range(3)]
    parquet(tmp_path / "images/train.parquet", rows)
    _, captions = ingest(tmp_path, tmp_path / "out", layout="img2dataset")
    assert by_id(captions)["en-train-000000002"]["text"] == "No. 2"


def test_the_table_beside_a_tar_tells_what_could_not_be_fetched(tmp_path):
    tar(tmp_path / "images/00000.tar", sample("a", 1))
    parquet(tmp_path / "images/00000.parquet",
            [{"key": "a", "status": "success", "error_message": None},
             {"key": "b", "status": "failed_to_download", "error_message": "timed out"}])  # fmt: skip
    images, _ = ingest(tmp_path, tmp_path / "out", layout="img2dataset")
    assert reasons(images) == {"b": "image_missing"} and images.manifest.rows_in == 2


def test_limit_over_archives(tmp_path):
    for number in range(3):
        members = {}
        for i in range(4):
            members |= sample(f"{number}{i}", number * 10 + i)
        tar(tmp_path / f"images/{number}.tar", members)
    images, captions = ingest(tmp_path, tmp_path / "out", layout="img2dataset", limit=5)
    assert len(images) == len(captions) == 5 and images.manifest.statistics["left_out_by_limit"] == 7


def test_a_picture_in_two_archives_counts_once(tmp_path):
    tar(tmp_path / "images/0.tar", sample("a", 1, "first"))
    tar(tmp_path / "images/1.tar", sample("a", 2, "second"))
    images, captions = ingest(tmp_path, tmp_path / "out", layout="img2dataset")
    assert by_id(images)["a"]["source"] == "0.tar" and reasons(images) == {"a": "duplicate_key"}
    assert by_id(captions)["en-a"]["text"] == "first" and captions.manifest.rejected == {"duplicate_key": 1}
    assert json.dumps(images.manifest.inputs)
