import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from beam_works import Buggy, Complaining, Recording, Sorting, Surroundings

from contract.errors import InputError, M3PError, PassingError
from contract.progress import Progress
from pipelines.beam_runner import ShufflePlan, Work, run_elements, run_here, run_plan


def run(work: Work, folder: Path, workers: int, elements: int = 4) -> None:
    with Progress("test", elements) as bar:
        run_elements(work, range(elements), workers, folder, lambda: len(list(folder.glob("done-*"))), bar)
        assert bar.done == len(list(folder.glob("done-*")))


def begun_by(folder: Path, seconds: float = 60.0) -> list[int]:
    """The processes that have begun elements, once there are any."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if begun := list(folder.glob("begun-*")):
            return [int(path.name.rsplit("-", 1)[1]) for path in begun]
        time.sleep(0.05)
    raise AssertionError("no worker began")


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("workers", [1, 2])
def test_every_element_is_done_and_each_process_sets_up_once(tmp_path, capfd, workers):
    run(Recording(tmp_path, seconds=0.2), tmp_path, workers)
    assert {path.name for path in tmp_path.glob("done-*")} == {f"done-{element}" for element in range(4)}
    pids = {path.name.rsplit("-", 1)[1] for path in tmp_path.glob("begun-*")}
    assert len(pids) == workers
    assert str(os.getpid()) not in pids
    assert sorted(path.name.split("-")[1] for path in tmp_path.glob("setup-*")) == sorted(pids)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert all(line.startswith("test:") for line in printed.err.splitlines())  # nothing of Beam's, only progress


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_have_the_variables_of_their_work_and_the_users_come_first(tmp_path, monkeypatch, workers):
    monkeypatch.setenv("M3P_OF_USER", "theirs")
    wanted = {"M3P_OF_USER": "ours", "M3P_OF_WORK": "ours"}
    with Progress("test", 2) as bar:
        run_elements(Surroundings(tmp_path), range(2), workers, tmp_path, lambda: 0, bar, wanted)
    for element in range(2):
        known = json.loads((tmp_path / f"known-{element}.json").read_text())
        assert known == {"M3P_OF_USER": "theirs", "M3P_OF_WORK": "ours"}
    assert "M3P_OF_WORK" not in os.environ


def test_error_of_a_worker_comes_over_whole(tmp_path):
    with pytest.raises(InputError) as caught:
        run(Complaining(tmp_path), tmp_path, workers=1)
    assert (caught.value.expected, caught.value.remedy) == ("a whole row.", "mend it.")
    assert "is broken" in caught.value.what


def test_a_bug_is_shown_with_the_end_of_the_log(tmp_path):
    with pytest.raises(M3PError, match="a bug, not an input") as caught:
        run(Buggy(tmp_path), tmp_path, workers=1)
    assert "beam.log" in str(caught.value)
    assert not isinstance(caught.value, PassingError)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_lost_worker_is_a_passing_failure_within_seconds(tmp_path, workers):
    killed_at = []

    def kill() -> None:
        pid = begun_by(tmp_path)[0]
        killed_at.append(time.monotonic())
        os.kill(pid, signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    with pytest.raises(PassingError, match="worker was lost"):
        run(Recording(tmp_path, seconds=120), tmp_path, workers)
    assert time.monotonic() - killed_at[0] < 10
    deadline = time.monotonic() + 10  # the others have been sent their signal, which takes a moment to arrive
    while (alive := [pid for pid in begun_by(tmp_path) if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive == []


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_key_is_done_once_with_the_blocks_of_all_elements(tmp_path, workers):
    """Also a key that no element has rows of; without Beam where there are no workers."""
    plan = ShufflePlan(Sorting(tmp_path, seconds=0.2), range(1, 6), range(9), workers, tmp_path)
    with Progress("test", 9) as bar:
        (run_plan if workers else run_here)(plan, lambda: len(list(tmp_path.glob("key-*"))), bar)
        assert bar.done == 9
    done = {path.name.split("-")[1]: path.read_text() for path in tmp_path.glob("key-*")}
    expected = {str(key): " ".join(f"{ten}{key}" for ten in range(1, 6)) for key in range(8)}
    assert done == expected | {"8": ""}
    pids = {path.name.split("-")[2] for path in tmp_path.glob("key-*")}
    assert len(list(tmp_path.glob("key-*"))) == 9 and len(pids) == max(1, workers)
    assert len(list(tmp_path.glob("setup-*"))) == max(1, workers), "reading and doing share what is set up"


def test_what_is_wrong_with_a_piece_comes_over_whole(tmp_path):
    plan = ShufflePlan(Sorting(tmp_path), [1, 99], range(9), 2, tmp_path)
    with pytest.raises(InputError, match="piece 99"), Progress("test", 9) as bar:
        run_plan(plan, lambda: 0, bar)
    assert not list(tmp_path.glob("key-*"))


def test_a_killed_stage_leaves_no_worker_behind(tmp_path):
    program = (
        "from pathlib import Path; from beam_works import Recording; from contract.progress import Progress\n"
        "from pipelines.beam_runner import run_elements\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "run_elements(Recording(folder, 120), range(2), 2, folder, lambda: 0, Progress('test', 2))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    stage = subprocess.Popen([sys.executable, "-c", program], env=environment)
    workers = [psutil.Process(pid) for pid in begun_by(tmp_path)]
    stage.kill()
    stage.wait()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []
