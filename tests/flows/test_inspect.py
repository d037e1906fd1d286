import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from contract.manifest import Manifest
from contract.schemas import REJECTS, SCHEMAS
from contract.shards import ShardWriter
from flows.cli import run_command

HOSTILE = "<script>alert(1)</script>"


def write_dataset(
    folder: Path, name: str, rows: list[dict[str, Any]], rejects: list[dict[str, str]], **parameters: Any
):
    with ShardWriter(folder, "part-00000-of-00001.parquet", SCHEMAS[name]) as shard:
        shard.write(rows)
    with ShardWriter(folder, "_rejects/part-00000-of-00001.parquet", REJECTS) as rejected:
        rejected.write(rejects)
    by_reason = {reject["reason"]: 1 for reject in rejects}
    Manifest(
        dataset=name, version="1.0", stage=name, parameters=parameters, seed=7, inputs={}, shards=[shard.shard()],
        rejects=[rejected.shard()], rows_in=len(rows) + len(rejects), rows_out=len(rows), rejected=by_reason,
        statistics={"languages": {"de": 3}},
    ).write(folder)  # fmt: skip


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """images, captions and regions of one grey picture of 200 × 100 px."""
    files = tmp_path / "images" / "_files"
    files.mkdir(parents=True)
    Image.new("RGB", (200, 100), "#808080").save(files / "one.jpg")
    image = {
        "image_id": "one", "split": "train", "uri": "_files/one.jpg", "width": 200, "height": 100, "sha256": "0",
        "license": None, "source": "test", "duplicate_group": None,
    }  # fmt: skip
    write_dataset(tmp_path / "images", "images", [image], [])
    caption = {"caption_id": "one#0", "image_id": "one", "lang": "de", "text": HOSTILE, "split": "train"}
    reject = {"key": "two#0", "source": "captions.tsv", "reason": "caption_empty", "message": "no text"}
    write_dataset(tmp_path / "captions", "captions", [caption], [reject], layout="multi30k")
    boxes = np.array([[20, 10, 120, 90], [150, 40, 190, 60]], "<f4")
    region = {
        "image_id": "one", "num_regions": 2, "feature_dim": 4, "features": np.zeros((2, 4), "<f2").tobytes(),
        "boxes": boxes.tobytes(), "width": 200, "height": 100, "object_ids": [1, 0], "object_scores": [0.9, 0.5],
        "attribute_ids": None, "attribute_scores": None, "detector": "test",
    }  # fmt: skip
    write_dataset(tmp_path / "regions", "regions", [region], [], object_classes=["ball", f"cube {HOSTILE}"])
    return tmp_path


def test_terminal_shows_columns_counts_rejects_and_rows(profile, capsys):
    assert run_command(["inspect", str(profile / "captions")]) == 0
    shown = capsys.readouterr().out
    for part in ("caption_id", "Unicode NFC", "2 rows in, 1 out, 1 rejected", "caption_empty", "two#0", HOSTILE):
        assert part in shown


def test_page_is_self_contained_and_escapes_what_comes_from_data(profile, capsys):
    page = profile / "page.html"
    assert run_command(["inspect", str(profile / "captions"), "--html", "--out", str(page)]) == 0
    text = page.read_text()
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text
    assert all(source.startswith("data:image/jpeg;base64,") for source in re.findall(r'src="([^"]+)', text))
    assert "http" not in text
    assert "no text is left after normalisation" in text


def test_regions_are_drawn_over_their_picture(profile, capsys):
    page = profile / "page.html"
    assert run_command(["inspect", str(profile / "regions"), "--html", "--out", str(page)]) == 0
    text = page.read_text()
    (encoded,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)', text)
    assert "cube &lt;script&gt;alert(1)&lt;/script&gt; 0.90, ball 0.50" in text, "names come from the dataset itself"
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")).astype(int)
    assert drawn.shape == (100, 200, 3)
    colourful = drawn.max(axis=2) - drawn.min(axis=2) > 60
    assert colourful[50, 19:23].any()  # the left edge of the first box
    assert colourful[50, 149:153].any()  # and of the second
    assert not colourful[60:80, 40:100].any()  # inside the first, the picture


def test_regions_without_their_pictures_still_make_a_page(profile, capsys):
    (profile / "images" / "_files" / "one.jpg").unlink()
    page = profile / "page.html"
    assert run_command(["inspect", str(profile / "regions"), "--html", "--out", str(page)]) == 0
    assert "<img" not in page.read_text()


def test_without_a_file_the_page_lies_beside_the_dataset(profile, capsys, monkeypatch):
    assert run_command(["inspect", f"{profile}/regions/", "--html"]) == 0
    assert (profile / "regions.html").read_text().count("<img") == 1
    (profile / "regions.html").unlink()
    monkeypatch.chdir(profile / "regions")
    assert run_command(["inspect", ".", "--html"]) == 0
    assert (profile / "regions.html").read_text().count("<img") == 1
    monkeypatch.chdir(profile / "captions")
    assert run_command(["inspect", ".", "--html"]) == 0 and (profile / "captions.html").is_file()
    assert run_command(["inspect", ".", "--out", "page.html"]) == 2 and "--html" in capsys.readouterr().err


def test_a_thousand_classes_do_not_push_out_what_else_is_known(profile, capsys):
    path = profile / "regions" / "_manifest.json"
    manifest = json.loads(path.read_text())
    classes = {f"class {number}": number for number in range(1600)}
    manifest["statistics"] = {"objects": classes, "attributes": classes, "mean_score": 0.71, "scores_from": {"0.7": 9}}
    path.write_text(json.dumps(manifest))
    assert run_command(["inspect", str(profile / "regions")]) == 0
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("0.71", "scores_from.0.7", "objects.class 1599", "1,590 others"))
    assert "objects.class 5 " not in shown


def test_what_is_no_finished_dataset_is_said_in_one_message(profile, capsys):
    (profile / "regions" / "_manifest.json").unlink()
    assert run_command(["inspect", str(profile / "regions")]) == 1
    assert "_manifest.json" in capsys.readouterr().err


def test_doctor_names_each_part_and_how_to_get_what_is_missing(capsys, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert run_command(["doctor"]) == 1  # a server is asked for that does not answer
    shown = capsys.readouterr().out
    assert "make serve" in shown
    for part in ("Python", "packages", "memory", "disk", "GPU", "DVC remote", "nudenet", "detectron2"):
        assert part in shown
