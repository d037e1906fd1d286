"""`m3p run` with no server: the flow in its own process."""

import time

import pytest
from project import begun, m3p, make_project


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_run_needs_no_server_and_a_second_one_finds_all_up_to_date(tmp_path):
    project = make_project(tmp_path / "project")
    raw = project / "data" / "own" / "raw"
    (raw / "images").mkdir(parents=True)
    (raw / "images" / "one.jpg").write_bytes(b"one")
    for name in ("captions", "dictionaries"):
        (raw / name).mkdir()

    first = m3p(project, "run", "--profile", "own")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "ingest@own | ingest: at work" in first.stdout
    assert "added the profile own to params.yaml" in first.stdout
    assert "made the empty folder data/own/raw/text" in first.stdout
    assert "reports/own/index.html" in first.stdout
    assert "Traceback" not in first.stdout + first.stderr
    assert "WARN" not in first.stdout + first.stderr
    parameters = (project / "params.yaml").read_text()
    assert "# a comment that stays" in parameters
    assert "- own" in parameters.split("drawn_profiles")[0]
    assert "- own" not in parameters.split("drawn_profiles")[1]
    assert begun(project)[-1] == "reports/own"
    assert (project / ".prefect").is_dir()

    before, start = begun(project), time.monotonic()
    second = m3p(project, "run", "--profile", "own")
    assert second.returncode == 0, second.stderr
    assert time.monotonic() - start < 30
    assert "All 5 stages of the profile own are up to date." in second.stdout
    assert begun(project) == before
