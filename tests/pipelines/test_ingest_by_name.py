"""The layout `folder`: pictures in a folder, and captions that name them."""

import pytest
from ingest_sources import by_id, ingest, pictures, reasons, write

from contract.errors import InputError


def test_each_line_goes_to_the_picture_that_it_names(tmp_path):
    pictures(tmp_path, {"beach.jpg": 1, "IMG 02.jpeg": 2, "trip/cat.v2.jpg": 3, "unsaid.png": 4})
    lines = "\ufeffbeach.jpg\tA dog on the beach.\r\n\r\nbeach.jpg Sand and sea.\nIMG 02.jpeg\tA car.\ncat.v2  A cat.\n"
    write(tmp_path / "captions/en.txt", lines)
    write(tmp_path / "captions/de.more.txt.gz", "trip/beach.jpg\tEin Hund.\n")
    write(tmp_path / "captions/NOTES.md", "not for reading")
    images, captions = ingest(tmp_path, tmp_path / "out", layout="folder", val_fraction=0.0, test_fraction=0.0)
    assert {key: row["split"] for key, row in by_id(images).items()} == dict.fromkeys(
        ["IMG 02", "beach", "cat.v2", "unsaid"], "train"
    )
    assert {key: (row["image_id"], row["lang"], row["text"]) for key, row in by_id(captions).items()} == {
        "en-0-beach": ("beach", "en", "A dog on the beach."),
        "en-1-beach": ("beach", "en", "Sand and sea."),
        "de-0-beach": ("beach", "de", "Ein Hund."),
        "en-0-IMG 02": ("IMG 02", "en", "A car."),
        "en-0-cat.v2": ("cat.v2", "en", "A cat."),
    }


def test_languages_that_are_not_wanted_are_not_read(tmp_path):
    pictures(tmp_path, {"beach.jpg": 1})
    write(tmp_path / "captions/en.txt", "beach.jpg A dog.\n")
    write(tmp_path / "captions/de.txt", "beach.jpg Ein Hund.\n")
    _, captions = ingest(tmp_path, tmp_path / "out", layout="folder", languages=["en"])
    assert list(by_id(captions)) == ["en-0-beach"]


def test_lines_without_their_picture_or_caption_are_rejects(tmp_path):
    pictures(tmp_path, {"beach.jpg": 1})
    write(
        tmp_path / "captions/en.txt",
        b"sea.jpg\tThe sea.\nbeach.jpg\nbeach.jpg\t\xff\nbeach.jpg, A dog.\nbeach A dog.\n",
    )
    _, captions = ingest(tmp_path, tmp_path / "out", layout="folder")
    assert [row["text"] for row in captions.rows()] == ["A dog."]
    assert captions.manifest.rejected == {"caption_empty": 1, "caption_orphan": 2, "malformed_row": 1}
    assert reasons(captions)["en-0-sea"] == "caption_orphan"


def test_a_folder_without_captions(tmp_path):
    pictures(tmp_path, {"beach.jpg": 1})
    write(tmp_path / "captions/captions.txt", "beach.jpg A dog.\n")
    with pytest.raises(InputError, match="no file of captions"):
        ingest(tmp_path, tmp_path / "out", layout="folder")
