"""A folder of datasets, such as a profile's, is shown as a table and verified as a whole."""

import json
import shutil

import pytest
from dataset_world import first_shard

from flows.cli import run_command


@pytest.fixture
def profile(whole, tmp_path):
    """Two datasets and what lies beside datasets."""
    folder = tmp_path / "profile"
    for name in ("captions", "images"):
        shutil.copytree(whole / name, folder / name)
    (folder / "raw").mkdir()
    return folder


def test_each_dataset_is_a_row(profile, capsys):
    assert run_command(["inspect", str(profile)]) == 0
    screen = capsys.readouterr().out
    stated = json.loads((profile / "captions" / "_manifest.json").read_text())
    (line,) = [line for line in screen.splitlines() if line.strip().startswith("captions")]
    assert line.split()[1:4] == [stated["stage"], f"{stated['rows_out']:,}", f"{sum(stated['rejected'].values()):,}"]
    assert "Beside them: raw" in screen and f"m3p inspect {profile / 'captions'}" in screen


def test_json_holds_what_the_table_does(profile, capsys):
    assert run_command(["inspect", str(profile), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["kind"] == "datasets" and said["others"] == ["raw"]
    captions = said["datasets"][0]
    assert captions["dataset"] == "captions" and captions["rows"] > 0 and captions["bytes"] > 0


def test_all_are_verified_and_the_first_breach_is_named(profile, capsys):
    assert run_command(["inspect", str(profile), "--verify"]) == 0
    verdicts = capsys.readouterr().out.splitlines()
    assert len(verdicts) == 2 and "captions keeps its contract" in verdicts[0] and "images keeps" in verdicts[1]
    first_shard(profile / "captions").unlink()
    assert run_command(["inspect", str(profile), "--verify"]) == 1
    assert "shard_missing" in capsys.readouterr().err


def test_there_is_no_page_of_several(profile, tmp_path, capsys):
    assert run_command(["inspect", str(profile), "--html", str(tmp_path / "page.html")]) == 2
    assert str(profile / "captions") in capsys.readouterr().err
