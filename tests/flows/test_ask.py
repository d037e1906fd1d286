"""`m3p search` and `m3p caption` as a user meets them: a tiny checkpoint, real pictures, a page."""

import re
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from regions_world import SMALL, call_regions, save, write_images, write_untrained
from task_world import enliven, world, write_checkpoint  # noqa: F401

from contract.detector import DetectorSpec
from flows.cli import run_command
from model import checkpoint

HOSTILE = "<script>alert(1)</script> & \x1b[31m ring"


@pytest.fixture(scope="module")
def project(world, tmp_path_factory) -> Path:  # noqa: F811
    """`images` of the world's 72 pictures, all but one of which are there, and checkpoints of some life."""
    folder = tmp_path_factory.mktemp("project")
    pictures = folder / "pictures"
    pictures.mkdir()
    rows = [save(pictures, f"p{number:03d}", Image.new("RGB", (32, 32), (number, 0, 0))) for number in range(72)]
    (pictures / "p007.png").unlink()
    rows = [one | {"split": "val" if number % 2 else "test"} for number, one in enumerate(rows)]
    write_images(folder / "images", pictures, rows)
    (folder / "regions").symlink_to(world / "regions")
    for kind in ("understanding", "generation"):
        loaded = checkpoint.load(world / kind, torch.device("cpu"))
        if kind == "understanding":
            loaded.network.add_contrastive_head()
        enliven(loaded.network)
        checkpoint.save(folder / kind, loaded.network, world / "tokenizer", {"stage": "test"})
    return folder


def search(project: Path, query: str, *given: str) -> int:
    return run_command(
        ["search", query, "--checkpoint", str(project / "understanding"), "--images", str(project / "images"), *given]
    )


def caption(project: Path, picture: str, *given: str) -> int:
    return run_command(
        ["caption", picture, "--checkpoint", str(project / "generation"), "--regions", str(project / "regions"), *given]
    )


def test_search_prints_a_line_a_picture(project, capsys):
    assert search(project, "ein Ring", "--lang", "de", "--top", "4") == 0
    first, note, *lines = capsys.readouterr().out.splitlines()
    assert first == "ein Ring" and note == "72 pictures looked through, 40 of them read together with the query."
    found = [re.fullmatch(r" +(\d+) +(-?\d+\.\d{3})  (p\d{3})  \3\.png", line).groups() for line in lines]
    assert [rank for rank, _, _ in found] == ["1", "2", "3", "4"]
    scores = [float(score) for _, score, _ in found]
    assert scores == sorted(scores, reverse=True) and len({name for *_, name in found}) == 4


def test_search_stays_in_the_split_that_is_named(project, capsys):
    assert search(project, "ring", "--split", "val", "--top", "72") == 0
    names = re.findall(r"(p\d{3})  ", capsys.readouterr().out)
    assert sorted(names) == [f"p{number:03d}" for number in range(1, 72, 2)]


def test_the_page_shows_the_pictures_and_runs_nothing_that_was_asked(project, tmp_path, capsys):
    page = tmp_path / "found.html"
    assert search(project, HOSTILE, "--lang", "en", "--top", "72", "--html", str(page)) == 0
    text = page.read_text()
    assert "<script" not in text and text.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp;") == 2  # title and heading
    sources = re.findall(r'src="([^"]+)', text)
    assert len(sources) == 71 and all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not re.search("[\x1b\u202e]", text) and "http" not in text and text.count("The picture is not there.") == 1
    printed = re.findall(r"  (p\d{3})  ", capsys.readouterr().out)
    assert re.findall(r"<p[^>]*>(p\d{3})</p>", text) == printed


def test_what_is_asked_says_nothing_to_the_terminal(project, capsys):
    assert search(project, HOSTILE) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("query", "given", "code", "message"),
    [
        ("", (), 2, "The query is empty"),
        ("  ", (), 2, "The query is empty"),
        ("\udcff ring", (), 2, "The query is no UTF-8 text"),
        ("یہ \x07", (), 2, "knows nothing of the query"),
        ("ring", ("--lang", "fr"), 2, "knows no language 'fr'"),
        ("ring", ("--split", "train"), 1, "no picture in the split 'train'"),
        ("ring", ("--regions", "nowhere"), 1, "nowhere is not a finished dataset"),
        ("ring", ("--device", "abacus"), 2, "one of auto, cpu, cuda"),
        ("ring", ("--top", "0"), 2, "top"),
        ("ring", ("--html", "no/such/folder.html"), 2, "cannot be written"),
        ("ring", ("--html", "."), 2, "cannot be written: it is a folder"),
        ("ring", ("--html", "images/_manifest.json"), 2, "within a dataset"),
    ],
)
def test_what_search_cannot_do_is_one_message_and_found_first(
    project, capsys, monkeypatch, query, given, code, message
):
    monkeypatch.chdir(project)
    assert search(project, query, *given) == code
    said = capsys.readouterr()
    assert message in said.err and "looked through" not in said.out


def test_caption_speaks_each_language_that_is_asked_for(project, tmp_path, capsys):
    page = tmp_path / "caption.html"
    given = ("--lang", "de", "--lang", "zh", "--beam", "2", "--html", str(page))
    assert caption(project, "p003", *given) == 0
    german, chinese, wrote = capsys.readouterr().out.splitlines()
    assert german.startswith("de  ") and chinese.startswith("zh  ") and str(page) in wrote
    text = page.read_text()
    assert text.count("data:image/jpeg;base64,") == 1 and '<p dir="auto" lang="zh">' in text


@pytest.mark.parametrize(
    ("picture", "given", "code", "message"),
    [
        ("p003", ("--lang", "fr"), 2, "knows no language 'fr'"),
        ("p003", (), 2, "lang"),
        ("p003", ("--lang", "de", "--html", "pictures/p003.png"), 2, "is no HTML"),
        ("p999", ("--lang", "de"), 1, "none is 'p999'"),
        ("a" * 300, ("--lang", "de"), 1, "none is 'aaa"),
        ("pictures/p003.png", ("--lang", "de"), 1, "whose regions nobody has found"),
    ],
)
def test_what_caption_cannot_do_is_one_message(project, capsys, monkeypatch, picture, given, code, message):
    monkeypatch.chdir(project)
    assert caption(project, picture, *given) == code
    assert message in capsys.readouterr().err


@pytest.fixture(scope="module")
def detected(world, tmp_path_factory) -> Path:  # noqa: F811
    """Pictures, the regions that a detector found in them, and a checkpoint for such."""
    tmp_path = tmp_path_factory.mktemp("detected")
    (tmp_path / "pictures").mkdir()
    pictures = [Image.effect_noise((64, 48), 60 + number).convert("RGB") for number in range(4)]
    rows = [save(tmp_path / "pictures", f"p{number}", picture) for number, picture in enumerate(pictures)]
    write_images(tmp_path / "images", tmp_path / "pictures", rows)
    write_untrained(tmp_path / "detector")
    given = {"images": tmp_path / "images", "detector": tmp_path / "detector", "out": tmp_path / "regions"}
    line = [word for name, path in given.items() for word in (f"--{name}", str(path))]
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert call_regions(monkeypatch, *line, "--least", "2", "--most", "8", "--device", "cpu") == 0
    write_checkpoint(tmp_path / "plain", "generation", world / "tokenizer", feature_dim=SMALL.head_width)
    loaded = checkpoint.load(tmp_path / "plain", torch.device("cpu"))
    enliven(loaded.network)
    checkpoint.save(tmp_path / "generation", loaded.network, world / "tokenizer", {"stage": "test"})
    return tmp_path


def test_a_pictures_file_is_described_as_the_picture_itself(detected, capsys):
    given = ("--lang", "en", "--beam", "2")
    assert caption(detected, "p2", *given) == 0
    known = capsys.readouterr().out
    file = str(detected / "pictures" / "p2.png")
    assert caption(detected, file, *given, "--detector", str(detected / "detector")) == 0
    assert capsys.readouterr().out == known
    others = []
    for number in range(4):
        assert caption(detected, f"p{number}", *given) == 0
        others.append(capsys.readouterr().out)
    assert len(set(others)) > 1


def test_another_detector_and_what_is_no_picture_are_refused(detected, tmp_path, capsys):
    given = ("--lang", "en", "--detector", str(detected / "other"))
    write_untrained(detected / "other", DetectorSpec("small", ("cube", "ball", "ring"), 64, 128, 16), factor=2.0)
    file = shutil.copy(detected / "pictures" / "p2.png", tmp_path / "p2.png")
    assert caption(detected, str(file), *given) == 1
    assert "is not the detector that found the regions" in capsys.readouterr().err
    file.write_bytes(b"no picture")
    assert caption(detected, str(file), "--lang", "en", "--detector", str(detected / "detector")) == 1
    assert "p2.png" in capsys.readouterr().err
