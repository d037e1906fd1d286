"""What a stage took of the machine: left beside the data by each run of DVC, and nothing of it in the data."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
# A stage whose two workers hold 150 MB each at the same time, and compute for about as long as it is told.
STAGE = '''\
import subprocess, sys, time
from dataclasses import dataclass
from contract.command import PathOption, run_stage
from contract.config import option
from contract.errors import InputError
from contract.outputs import Mark

WORKER = """
import time
held = bytearray(150_000_000)
end = time.process_time() + {seconds}
while time.process_time() < end:
    pass
time.sleep(1)
"""

@dataclass(frozen=True)
class Config:
    seconds: float = option(0.5, "how long")
    fails: bool = option(False, "whether")

def run(call):
    if call.config.fails:
        raise InputError("The input is bad.", "a good one.", "bring one.")
    code = WORKER.format(seconds=call.config.seconds)
    workers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    for worker in workers:
        worker.wait()
    out = call.path("out")
    out.mkdir(parents=True, exist_ok=True)
    (out / "made.txt").write_text("made")

sys.exit(run_stage("thing", Config, [PathOption("out", "out", replaces=Mark("made.txt", "made"))], run, "A stage."))
'''
DVC_YAML = """\
stages:
  thing:
    matrix:
      profile: [demo]
      setting: [en]
    cmd: python thing.py --out data/${item.profile}/checkpoints/thing-${item.setting} --params profiles/demo.yaml
    params:
      - profiles/demo.yaml:
          - thing
    outs:
      - data/${item.profile}/checkpoints/thing-${item.setting}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "thing.py").write_text(STAGE)
    (tmp_path / "dvc.yaml").write_text(DVC_YAML)
    (tmp_path / "profiles").mkdir()
    set_profile(tmp_path, seconds=0.5)
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    return tmp_path


def set_profile(project, **settings):
    (project / "profiles" / "demo.yaml").write_text(json.dumps({"thing": settings}))


def in_project(project, *command, stage=""):
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {name: value for name, value in os.environ.items() if name != "DVC_STAGE"}
    given |= {"PATH": found, "PYTHONPATH": str(REPOSITORY)} | ({"DVC_STAGE": stage} if stage else {})
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, env=given)


def by_hand(project, out, *arguments, stage=""):
    return in_project(project, sys.executable, "thing.py", "--out", out, "--seconds", "0", *arguments, stage=stage)


def records(project):
    return {path.relative_to(project).as_posix(): json.loads(path.read_text()) for path in project.rglob(".measured/*")}


def test_a_run_of_dvc_leaves_time_and_memory_with_all_workers_and_is_never_out_of_date_because_of_them(project):
    ran = in_project(project, "dvc", "repro")
    assert ran.returncode == 0, ran.stderr
    (path, taken), *others = records(project).items()
    assert path == "data/demo/.measured/thing@en.json" and not others
    assert taken["seconds"] >= 1.5 and 1 <= taken["processor_seconds"] < 2 * taken["seconds"]
    assert 300e6 < taken["peak_memory_bytes"] < 600e6, "both workers, counted once"
    assert taken["device"] == "cpu"
    locked = (project / "dvc.lock").read_bytes()
    assert ".measured" not in locked.decode()
    (project / path).unlink()
    assert "up to date" in in_project(project, "dvc", "repro").stdout
    assert (project / "dvc.lock").read_bytes() == locked and not records(project)


def test_a_run_that_fails_leaves_the_last_good_one(project):
    assert by_hand(project, "data/demo/x", "--params", "profiles/demo.yaml", stage="thing@demo").returncode == 0
    before = records(project)
    assert list(before) == ["data/demo/.measured/thing.json"]
    failed = by_hand(project, "data/demo/x", "--params", "profiles/demo.yaml", "--fails", stage="thing@demo")
    assert failed.returncode == 1 and records(project) == before


@pytest.mark.parametrize(
    ("out", "arguments", "stage"),
    [
        ("data/demo/x", ["--params", "profiles/demo.yaml"], ""),  # by hand
        ("reports/demo", ["--params", "profiles/demo.yaml"], "report@demo"),  # outside the profile's data folder
        ("data/demo/x", [], "thing"),  # a stage of another project, without a profile
    ],
)
def test_other_runs_leave_nothing(project, out, arguments, stage):
    assert by_hand(project, out, *arguments, stage=stage).returncode == 0
    assert records(project) == {} and (project / out / "made.txt").is_file()


def test_a_record_that_cannot_be_written_fails_no_stage(project):
    (project / "data" / "demo").mkdir(parents=True)
    (project / "data" / "demo" / ".measured").write_text("a file")
    ran = by_hand(project, "data/demo/x", "--params", "profiles/demo.yaml", stage="thing@demo")
    assert (ran.returncode, ran.stderr) == (0, "")
