"""`m3p run` with no server: the flow in its own process."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
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
    assert reads_of_the_lock_file(project, "own") <= 3, "DVC's status of a list of stages reads it once for each"


def reads_of_the_lock_file(project: Path, profile: str) -> int:
    """How often a look at what is up to date opens dvc.lock, which takes a second each time in the demo."""
    command = (
        "import sys; from flows.cli import run_command; read = [];"
        "opened = lambda event, given: event == 'open' and str(given[0]).endswith('dvc.lock') and read.append(given);"
        "sys.addaudithook(opened);"
        "code = run_command(['run', '--dry-run', '--profile', sys.argv[1]]); print('read', len(read)); sys.exit(code)"
    )
    look = subprocess.run(
        [sys.executable, "-c", command, profile], cwd=project, capture_output=True, text=True, check=True
    )
    return int(look.stdout.split()[-1])


def start_slowly(project: Path) -> subprocess.Popen[str]:
    """A run of the demo whose first stage takes its time, once that stage has begun."""
    (project / "steer" / "corpus.slow").touch()
    (project / "steer" / "ingest.slow").touch()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("m3p"), "run", "--profile", "demo"], cwd=project, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")},
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a shell in the background ignores it
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while "data/demo/corpus" not in begun(project):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    return process


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_ends_all_that_it_started(tmp_path, sign):
    process = start_slowly(make_project(tmp_path / "project"))
    family = psutil.Process(process.pid).children(recursive=True)
    assert family, "a server and stages"
    process.send_signal(sign)
    shown, _ = process.communicate(timeout=120)
    assert process.returncode == 130, shown
    assert "m3p: interrupted" in shown
    assert not [line for line in shown.splitlines() if line.startswith("Traceback")], "besides the toy stage's own"
    _, left = psutil.wait_procs(family, timeout=20)
    assert not left


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_second_run_beside_the_first_waits_or_says_so(tmp_path):
    project = make_project(tmp_path / "project")
    process = start_slowly(project)
    second = m3p(project, "run", "--profile", "demo")
    shown, _ = process.communicate(timeout=240)
    assert process.returncode == 0, shown
    assert second.returncode in (0, 75), second.stderr
    if second.returncode == 75:
        assert "Another run, or DVC itself, is at work here" in second.stderr and "rwlock" not in second.stderr
    assert len(begun(project)) == len(set(begun(project))), "no stage ran twice"
