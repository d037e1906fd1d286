import gzip
import io
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from contract.errors import InputError
from contract.lines import LONGEST_LINE, Line, read_lines
from contract.manifest import Manifest
from contract.pictures import (
    PictureMissingError,
    PictureStore,
    PictureTooLargeError,
    PictureUnreadableError,
    read_picture,
)
from contract.text import clean_text, count_words, is_text, printable, summarise_lengths


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_becomes_upright_rgb(mode):
    image = Image.new(mode, (4, 3))
    content = encoded(image, "TIFF" if mode == "CMYK" else "PNG")
    assert (read_picture(content).mode, read_picture(content).size) == ("RGB", (4, 3))


def test_a_turned_picture_is_put_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_picture(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif)).size == (20, 40)


def test_what_is_no_picture_is_named(tmp_path):
    with pytest.raises(PictureMissingError, match=r"gone\.jpg"):
        read_picture(tmp_path / "gone.jpg")
    whole = encoded(Image.effect_noise((64, 64), 50), "JPEG")
    for content in (b"", b"text", whole[: len(whole) // 2], b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0"):
        with pytest.raises(PictureUnreadableError, match=r"x\.jpg"):
            read_picture(content, "x.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_broken_exif_data_leave_the_picture_as_it_is(kind):
    """Pillow fails on such data in many ways; browsers show the picture as it lies."""
    exif = turned(6)
    data = encoded(Image.new("RGB", (40, 20), "red"), kind, exif=exif)
    content = exif.tobytes().removeprefix(b"Exif\0\0")
    start, sizes = data.index(content), set()
    for place in range(start, start + len(content)):
        for value in (0x00, 0x01, 0x7F, 0xFF):
            sizes.add(read_picture(data[:place] + bytes([value]) + data[place + 1 :]).size)
    assert sizes == {(40, 20), (20, 40)}, "as it lies, or turned where the orientation is still legible"


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a description"
    return exif


@pytest.mark.parametrize("side", [10_001, 20_000])
def test_bombs_are_refused_before_they_are_decoded(side):
    content = encoded(Image.new("1", (side, side)), "PNG")  # a few KB in the file
    with pytest.raises(PictureTooLargeError):
        read_picture(content)


def test_a_store_finds_pictures_and_stays_in_its_folders(tmp_path):
    root, images = tmp_path / "root", tmp_path / "images"
    for folder in (root / "deep", images / "_files/aa"):
        folder.mkdir(parents=True)
        Image.new("RGB", (2, 2)).save(folder / "a.png")
    Manifest("images", "1.0", "ingest", {"picture_root": str(root)}, 0, {}, [], [], 0, 0, {}).write(images)
    store = PictureStore(images)
    assert store.read("deep/a.png").size == store.read("_files/aa/a.png").size == (2, 2)
    for uri in ("../secret.png", "/etc/passwd", "_files/../../secret.png", "deep/../../x"):
        with pytest.raises(InputError, match="leads out"):
            store.path(uri)


def test_a_store_is_the_same_from_any_folder(tmp_path, monkeypatch):
    images, root = tmp_path / "project/data/p/images", "data/p/raw/images"
    for folder in (images, tmp_path / "project" / root):
        folder.mkdir(parents=True)
    Image.new("RGB", (2, 2)).save(tmp_path / "project" / root / "a.png")
    Manifest("images", "1.0", "ingest", {"picture_root": root}, 0, {}, [], [], 0, 0, {}).write(images)
    for here, asked in ((tmp_path / "project", "data/p/images"), (tmp_path, images), (images, ".")):
        monkeypatch.chdir(here)
        assert PictureStore(Path(asked)).read("a.png").size == (2, 2)


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r\ufeff\0"), max_size=9)),
       st.integers(1, 40))  # fmt: skip
def test_pieces_of_a_file_hold_each_line_once(tmp_path_factory, lines, size):
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(content)
    read = [line.text for start in range(0, len(content), size) for line in read_lines(path, start, start + size)]
    assert read == lines == [line.text for line in read_lines(path)]


def test_lines_that_cannot_be_read_keep_their_place(tmp_path):
    path = tmp_path / "a.txt.gz"
    parts = [b"\xef\xbb\xbfone\r\n", b"\xff\n", b"x" * (LONGEST_LINE + 5) + b"\n", b"last"]
    path.write_bytes(gzip.compress(b"".join(parts)))
    first, second, third, fourth = read_lines(path)
    assert first == Line(0, "one") and second.fault.startswith("not UTF-8") and third.fault.startswith("longer than")
    assert fourth == Line(sum(map(len, parts[:3])), "last")


def test_another_encoding_is_a_fault_and_no_text(tmp_path):
    (tmp_path / "a.txt").write_bytes("two dogs\nthree cats\n".encode("utf-16"))
    assert all(line.fault.startswith("not UTF-8") for line in read_lines(tmp_path / "a.txt"))


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"line\n" * 999)[:30])
    (tmp_path / "fake.gz").write_bytes(b"line\n")
    for name in ("cut.gz", "fake.gz", "gone.txt"):
        with pytest.raises(InputError, match=name):
            list(read_lines(tmp_path / name))


@given(st.text())
def test_clean_text_is_clean_and_stays_so(text):
    clean = clean_text(text)
    assert clean == clean_text(clean) == clean.strip() and "  " not in clean
    assert not any(ord(character) < 32 for character in clean)


def test_words_and_lengths():
    assert count_words("ein  Hund".replace("  ", " "), "de") == 2 and count_words("一只狗", "zh-Hans") is None
    assert summarise_lengths({"2": 19, "40": 1}) == {
        "mean": 3.9, "median": 2, "ninety_fifth_percent": 2, "longest": 40,
    }  # fmt: skip


def test_a_heap_of_combining_marks_is_cut_and_takes_no_time():
    start = time.monotonic()
    heap = clean_text("a" + "\u0300\u0316" * 250_000 + "b")
    assert time.monotonic() - start < 5
    assert len(heap) < 40 and heap.startswith(("à", "a")) and heap.endswith("b")
    thai = "ที่นี่มีม้าสีแดงตัวใหญ่อยู่ข้างรถสีเขียวคันเล็กใต้ต้นไม้"
    assert clean_text(thai) == thai, "text with many marks stays as it is"


def test_what_is_no_text_can_be_told_and_printed():
    assert is_text("Größe 馬") and not is_text("\ud800") and not is_text(None) and not is_text(b"x")
    assert printable("a\udcff") == "a\\udcff" and is_text(printable("\ud800"))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_brightness(tmp_path, kind):
    values = np.array([[0, 255, 256], [32768, 49152, 65535]], np.uint16)
    path = tmp_path / f"picture.{kind.lower()}"
    Image.fromarray(values).save(path, kind)
    read = np.asarray(read_picture(path))
    assert read[..., 0].tolist() == [[0, 0, 1], [128, 192, 255]] and (read[..., 0] == read[..., 2]).all()
