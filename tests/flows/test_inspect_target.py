"""Where a page is written, and what it must not replace."""

from pathlib import Path

import pytest
from dataset_world import caption_rows, image_rows, write_dataset

from flows.cli import run_command


@pytest.fixture
def captions(tmp_path) -> Path:
    return write_dataset(tmp_path / "data" / "captions", "captions", caption_rows(image_rows(tmp_path / "pictures")))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_page_replaces_no_file_of_the_dataset_and_adds_none(captions, tmp_path, capsys):
    before = contents(tmp_path / "data")
    (tmp_path / "link.html").symlink_to(captions / "new.html")
    (tmp_path / "captions").symlink_to(captions)
    rejects = next((captions / "_rejects").iterdir())
    for inspected in (captions, captions / "part-00000-of-00003.parquet", captions / "_rejects", rejects):
        for target in (
            captions / "_manifest.json", captions / "page.html", captions / "_rejects" / "page.html",
            captions / "part-00000-of-00003.parquet", tmp_path / "link.html", tmp_path / "captions" / "page.html",
        ):  # fmt: skip
            assert run_command(["inspect", str(inspected), "--html", str(target)]) == 2
            error = capsys.readouterr().err
            assert f"{target} lies within a dataset or what is inspected" in error, error
    assert contents(tmp_path / "data") == before


def test_nothing_is_written_into_a_folder_of_checkpoints(tmp_path, capsys):
    (tmp_path / "checkpoints" / "one").mkdir(parents=True)
    (tmp_path / "checkpoints" / "one" / "config.json").write_text('{"left_out": "no data", "training": {}}')
    for target in ("page.html", "one/config.json"):
        page = tmp_path / "checkpoints" / target
        assert run_command(["inspect", str(tmp_path / "checkpoints"), "--html", str(page)]) == 2
        assert "lies within" in capsys.readouterr().err
    assert run_command(["inspect", str(tmp_path / "checkpoints"), "--html", str(tmp_path / "page.html")]) == 0


def test_a_file_that_is_no_page_is_kept(captions, tmp_path, capsys):
    notes = tmp_path / "notes.md"
    notes.write_text("# mine")
    assert run_command(["inspect", str(captions), "--html", str(notes)]) == 2
    assert f"{notes} is there, and is no HTML" in capsys.readouterr().err
    assert notes.read_text() == "# mine"


def test_a_page_is_replaced_and_an_empty_file_is_filled(captions, tmp_path):
    page = tmp_path / "page.html"
    page.touch()
    for rows in ("1", "2"):
        assert run_command(["inspect", str(captions), "--html", str(page), "--rows", rows]) == 0
        assert page.read_text().count('class="sample"') == int(rows)
