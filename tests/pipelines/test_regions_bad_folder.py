"""A folder with everything wrong that can be, from files to regions: what is left out and why, and what stays."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from ingest_sources import bomb_header, encoded, ingest, multi30k, picture, sample, tar, write
from PIL import Image
from regions_world import arguments, boxes_of, call_regions, features_of, regions, write_npy, write_untrained

from contract.dataset import Dataset
from contract.detector import IMPORTED, DetectorSpec, write_detector

LEAST = 40  # more than the detector proposes in the picture `nothing`
TURNED = 6  # EXIF's number of a picture that lies on its side


def good_pictures() -> dict[str, bytes]:
    """Pictures of every kind that is read right, by file name."""
    exif = Image.Exif()
    exif[0x0112] = TURNED
    wide = picture(20).resize((96, 64))
    return {
        "plain.jpg": encoded(picture(1)),
        "tiny.png": encoded(Image.new("RGB", (1, 1), "red"), "PNG"),
        "cmyk.jpg": encoded(picture(2).convert("CMYK")),
        "grey.jpg": encoded(picture(3).convert("L")),
        "palette.png": encoded(picture(4).convert("P"), "PNG"),
        "sixteen.png": encoded(Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 15), "PNG"),
        "animated.gif": encoded(picture(5).convert("P"), "GIF", save_all=True, append_images=[picture(6).convert("P")]),
        "turned.jpg": encoded(wide, exif=exif),
    }


def bad_pictures() -> dict[str, tuple[bytes, str]]:
    """Pictures that cannot be used, and why, by file name."""
    whole = encoded(picture(7))
    return {
        "cut.jpg": (whole[: len(whole) // 2], "image_unreadable"),
        "empty.jpg": (b"", "image_unreadable"),
        "page.jpg": (b"<html>no picture</html>", "image_unreadable"),
        "bomb.png": (bomb_header(), "image_too_large"),
        "thread.png": (encoded(Image.new("RGB", (2000, 1)), "PNG"), "image_oblong"),
        "nothing.png": (encoded(Image.new("RGB", (256, 9)), "PNG"), "no_regions"),
    }


def from_files(folder: Path) -> Path:
    """Loose files and a list of them, one of which leads out of the folder, and two files of one name."""
    files = good_pictures() | {name: content for name, (content, _) in bad_pictures().items()}
    multi30k(folder / "raw", {"train": [*files, "gone.jpg", "../outside.jpg"]})
    write(folder / "raw/outside.jpg", encoded(picture(9)))
    for name, content in (files | {"more/plain.png": encoded(picture(8), "PNG")}).items():
        write(folder / "raw/images" / name, content)
    return ingested(folder, "multi30k")


def from_a_tar(folder: Path) -> Path:
    """The same in a tar, in which one sample has lost its picture."""
    files = good_pictures() | {name: content for name, (content, _) in bad_pictures().items()}
    outside = {"../outside.jpg": encoded(picture(9))}
    tar(folder / "raw/images/0.tar", files | outside | {"gone.txt": b"a caption without its picture"})
    tar(folder / "raw/images/1.tar", sample("plain", 8))
    return ingested(folder, "img2dataset")


def ingested(folder: Path, layout: str) -> Path:
    ingest(folder / "raw", folder, layout=layout)
    return folder / "images"


@pytest.mark.parametrize("source", [from_files, from_a_tar])
def test_what_is_bad_is_counted_by_its_reason_and_what_is_good_is_there(tmp_path, monkeypatch, source):
    images = source(tmp_path)
    detector, out = write_untrained(tmp_path / "detector"), tmp_path / "regions"
    given = arguments(images, detector, out, "--least", str(LEAST), "--most", str(LEAST), "--device", "cpu")
    assert call_regions(monkeypatch, *given) == 0
    read, described = Dataset(images, "images"), Dataset(out, "regions")
    expected = Counter(reason for _, reason in bad_pictures().values())
    expected.update(["image_missing", "image_unsafe_path", "duplicate_key"])
    assert Counter(read.manifest.rejected) + Counter(described.manifest.rejected) == expected
    assert all(reject["message"] and reject["source"] for one in (read, described) for reject in one.rejects())
    found = {row["image_id"]: row for row in described.rows()}
    assert sorted(found) == sorted(Path(name).stem for name in good_pictures())
    assert boxes_of(found["tiny"]).max() <= 1
    assert (found["turned"]["width"], found["turned"]["height"]) == (64, 96)
    assert 64 < boxes_of(found["turned"])[:, 3].max() <= 96
    for row in found.values():
        assert row["num_regions"] == LEAST and np.isfinite(features_of(row)).all() and features_of(row).std() > 0


def test_features_that_are_not_finite_are_counted_too_where_they_were_brought(tmp_path, monkeypatch):
    images = from_files(tmp_path)
    detector, out = tmp_path / "detector", tmp_path / "regions"
    write_detector(detector, DetectorSpec(IMPORTED, ("a", "b", "c"), 600, 1000), None)
    rows = list(Dataset(images, "images").rows())
    hurt = {"plain": np.nan, "cmyk": np.inf, "grey": 1e6}
    for number, row in enumerate(rows):
        one = regions(number)
        one["boxes"] %= min(row["width"], row["height"])
        one["boxes"] = np.sort(one["boxes"].reshape(-1, 2, 2), axis=1).reshape(-1, 4)
        one["boxes"][:, 2:] += 1
        one["features"][number % 12, 0] = hurt.get(row["image_id"], 1)
        write_npy(tmp_path / "features", row["image_id"], (row["width"], row["height"]), one)
    paths = arguments(images, detector, out, "--imported", str(tmp_path / "features"), "--least", "12", "--most", "12")
    assert call_regions(monkeypatch, *paths) == 0
    described = Dataset(out, "regions")
    assert described.manifest.rejected == {"features_not_finite": 3}
    assert {reject["key"] for reject in described.rejects()} == set(hurt)
    good = {Path(name).stem for name in good_pictures()} - set(hurt)
    found = {row["image_id"]: row for row in described.rows()}
    assert good <= set(found) and len(found) == len(rows) - 3
    assert all(np.isfinite(features_of(row)).all() for row in found.values())
