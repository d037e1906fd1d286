"""Which pictures come into a page: those that the rows state, and no others, whatever a manifest says."""

import hashlib
import http.server
import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import fsspec
import pytest
from dataset_world import image_rows, restate, rewrite, write_dataset
from PIL import Image

from contract.manifest import read_manifest
from flows.cli import run_command


def png(red: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (red, 0, 0)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def images(tmp_path) -> Path:
    """One picture, whose uri is one.png and which lies nowhere yet."""
    row = image_rows(tmp_path / "other")[0] | {"uri": "one.png", "sha256": hashlib.sha256(png(200)).hexdigest()}
    return write_dataset(tmp_path / "data" / "images", "images", [row], shards=1)


def page_of(capsys, tmp_path: Path, address: object) -> str:
    assert run_command(["inspect", str(address), "--html", str(tmp_path / "page.html")]) == 0, capsys.readouterr().err
    return (tmp_path / "page.html").read_text()


@pytest.fixture
def asked():
    """A server that has the picture, what it is asked for, and its address."""
    paths: list[str] = []

    class Noting(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(png(200))

        do_HEAD = do_GET

        def log_message(self, *given: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield paths, f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("chained", ["http://{}/x", "filecache::http://{}/x"])
def test_an_address_as_picture_root_is_not_fetched_and_the_page_says_so(chained, asked, images, tmp_path, capsys):
    paths, host = asked
    restate(images, parameters={"picture_root": chained.format(host)})
    page = page_of(capsys, tmp_path, images)
    assert not paths and "<img" not in page
    assert "Pictures are left out: the picture_root of" in page and chained.format(host) in page


def test_a_picture_root_that_begins_like_a_host_names_none(images, tmp_path, capsys):
    """Above an address's first folder a path would be one."""
    restate(images, parameters={"picture_root": "bucket/x"})
    memory = fsspec.filesystem("memory")
    memory.put(str(images), "/data/images", recursive=True)
    memory.pipe("/bucket/x/one.png", png(200))
    try:
        assert "<img" not in page_of(capsys, tmp_path, "memory://data/images")
        memory.pipe("/data/bucket/x/one.png", png(200))
        assert "<img" in page_of(capsys, tmp_path, "memory://data/images")
    finally:
        memory.rm("/data", recursive=True)
        memory.rm("/bucket", recursive=True)


@pytest.mark.parametrize("root", ["absolute", "upwards"])
def test_pictures_elsewhere_are_shown_where_they_are_those_of_the_rows(root, images, tmp_path, capsys, monkeypatch):
    """A stage writes the root as it was given it; another private picture of that name stays out."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "raw" / "one.png").write_bytes(png(200))
    restate(images, parameters={"picture_root": str(tmp_path / "raw") if root == "absolute" else "../raw"})
    page = page_of(capsys, tmp_path, images)
    assert "<img" in page and "left out" not in page
    (tmp_path / "raw" / "one.png").write_bytes(png(100))
    page = page_of(capsys, tmp_path, images)
    assert "<img" not in page and "Pictures are left out whose files have another sha256" in page


def test_a_link_among_the_datasets_own_files_shows_no_other_picture(images, tmp_path, capsys):
    (tmp_path / "private.png").write_bytes(png(100))
    (images / "_files").mkdir()
    (images / "_files" / "one.png").symlink_to(tmp_path / "private.png")
    for shard in read_manifest(images).shards:
        rewrite(images / shard.path, lambda rows: [row | {"uri": "_files/one.png"} for row in rows])
    restate(images)
    assert "<img" not in page_of(capsys, tmp_path, images)


def test_what_is_no_file_is_not_waited_for(images, tmp_path, capsys):
    (tmp_path / "raw").mkdir()
    os.mkfifo(tmp_path / "raw" / "one.png")
    restate(images, parameters={"picture_root": str(tmp_path / "raw")})
    assert "<img" not in page_of(capsys, tmp_path, images)


def test_pictures_of_a_revision_are_those_that_dvc_keeps_of_it(images, tmp_path, capsys, monkeypatch):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "one.png").write_bytes(png(200))
    restate(images, parameters={"picture_root": "raw"})
    for command in (
        ("git", "init", "--quiet"), (sys.executable, "-m", "dvc", "init", "--quiet"),
        (sys.executable, "-m", "dvc", "add", "--quiet", "data/images", "raw"), ("git", "add", "."),
        ("git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet", "-m", "version"),
    ):  # fmt: skip
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    shutil.rmtree(tmp_path / "raw")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert "<img" in page_of(capsys, tmp_path, f"{images}@HEAD")
