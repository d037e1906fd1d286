"""What lies beside datasets and within them: a detector's folder, a dataset's rejects."""

import json
from pathlib import Path

import numpy as np
import pytest
from dataset_world import caption_rows, image_rows, reject, write_dataset
from safetensors.numpy import save_file

from flows.cli import run_command


def shown(capsys, *given) -> str:
    code = run_command(["inspect", *map(str, given)])
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    return said.out


def test_names_of_files_are_those_that_are_written():
    from contract.detector import SPEC_FILE, WEIGHTS_FILE
    from flows.inspection import found, weights

    assert (found.DETECTOR, weights.WEIGHTS) == (SPEC_FILE, WEIGHTS_FILE)


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    folder = tmp_path / "detector"
    folder.mkdir()
    names = [f"class-{number}" for number in range(30)]
    stated = {"architecture": "small", "class_names": names, "shortest_side": 224, "attribute_names": []}
    (folder / "detector.json").write_text(json.dumps(stated))
    save_file({"backbone.0.weight": np.zeros((8, 3, 3, 3), np.float32)}, folder / "weights.safetensors")
    return folder


def test_a_detector_is_shown_with_its_classes_and_sizes(detector, tmp_path, capsys):
    said = shown(capsys, detector)
    assert f"Detector small in {detector}" in said and "216 numbers in 1 tensor" in said
    assert all(text in said for text in ("shortest_side", "224", "30 names", "class-0, ", "class-29", "backbone.0"))
    values = json.loads(shown(capsys, detector, "--json"))
    assert (values["kind"], values["numbers"]) == ("detector", 216)
    assert values["network"]["class_names"][29] == "class-29"
    shown(capsys, detector, "--html", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "<h1>Detector</h1>" in page and "class-29" in page and "shortest_side" in page


def test_weights_of_a_detector_that_are_cut_off_are_found(detector, capsys):
    assert "its weights are whole" in shown(capsys, detector, "--verify")
    weights = detector / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    assert run_command(["inspect", str(detector), "--verify"]) == 1
    assert capsys.readouterr().err.startswith("m3p: weights: ")
    (detector / "detector.json").write_text("[]")
    assert run_command(["inspect", str(detector)]) == 1
    assert "detector.json" in capsys.readouterr().err


@pytest.fixture
def rejects(tmp_path: Path) -> Path:
    images = image_rows(tmp_path / "images")
    lost = [reject(f"lost#{number}", "caption_orphan", f"number {number}") for number in range(5)]
    write_dataset(
        tmp_path / "captions", "captions", caption_rows(images), [*lost, reject("two#0", "caption_empty", "")]
    )
    return tmp_path / "captions" / "_rejects"


def test_rejects_are_shown_by_reason_and_as_rows(rejects, tmp_path, capsys):
    said = shown(capsys, rejects, "--rows", "6")
    assert f"rejects 1.0 in {rejects}, of captions, made by the stage captions with seed 7" in said
    assert "6 of 42 rows rejected" in said
    assert "caption_orphan 5, caption_empty 1" in said and "Row 6" in said and "lost#4" in said
    values = json.loads(shown(capsys, rejects, "--json"))
    assert values["kind"] == "rejects" and {one["reason"]: one["count"] for one in values["rejects"]} == {
        "caption_orphan": 5, "caption_empty": 1,
    }  # fmt: skip
    shown(capsys, rejects, "--html", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "6 of 42 rows rejected" in page and "lost#0" in page


def test_rejects_are_verified_with_their_dataset(rejects, capsys):
    assert run_command(["inspect", str(rejects), "--verify"]) == 2
    said = capsys.readouterr().err
    assert f"m3p inspect {rejects.parent} --verify" in said


def test_of_a_dataset_without_rejects_there_are_none(tmp_path, capsys):
    images = image_rows(tmp_path / "images")
    write_dataset(tmp_path / "images", "images", images)
    assert "0 of 12 rows rejected" in shown(capsys, tmp_path / "images" / "_rejects")


@pytest.mark.parametrize("names", [5, "abc", True, {"ball": 1}])
@pytest.mark.parametrize("of", ["class_names", "attribute_names"])
def test_a_detector_whose_classes_are_no_list_is_none(of, names, detector, capsys):
    values = json.loads((detector / "detector.json").read_text())
    (detector / "detector.json").write_text(json.dumps(values | {of: names}))
    for option, begin in ((["--json"], "m3p: "), (["--verify"], "m3p: no_checkpoint: ")):
        assert run_command(["inspect", str(detector), *option]) == 1
        error = capsys.readouterr().err
        assert error.startswith(begin) and "detector.json" in error and "Error" not in error


def test_rejects_are_no_dataset(rejects, capsys):
    path = rejects.parent / "_manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"dataset": "rejects"}))
    assert run_command(["inspect", str(rejects.parent)]) == 1
    assert "holds a dataset 'rejects'" in capsys.readouterr().err
