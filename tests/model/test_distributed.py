"""Several processes take the steps that one takes, end together, and go on together."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from safetensors.torch import load_file
from task_world import world  # noqa: F401
from test_pretrain import command, data  # noqa: F401

STEPS = 50
KINDS = ("understanding", "generation")  # whose tasks are all trained where none is named


def together(line: list[str], processes: int) -> list[str]:
    """The command line in several processes of this machine."""
    return [
        sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", *line[2:]
    ]  # fmt: skip


def run(line: list[str], expected: int = 0) -> str:
    process = subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=240)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # torchrun's workers outlive it where it is killed
    assert process.returncode == expected, said
    return said


def losses(log: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (log / "losses.jsonl").read_text().splitlines()]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_take_the_steps_of_one(kind, data, tmp_path, record_property):  # noqa: F811
    settings = {"steps": STEPS, "dropout": 0.0, "batch_size": 7, "tasks_per_step": 2}
    for name, processes in (("alone", 1), ("two", 2)):
        line = command(kind, data, tmp_path / name, **settings, log_folder=tmp_path / f"{name}-log")
        run(together(line, processes) if processes > 1 else line)
    alone, two = (losses(tmp_path / f"{name}-log") for name in ("alone", "two"))
    assert len(alone) == len(two) == STEPS
    apart = [abs(one[task] - other[task]) for one, other in zip(alone, two, strict=True) for task in one]
    record_property(f"{kind}: furthest loss of {STEPS} steps", f"{max(apart):.1e}")
    assert all(one.keys() == other.keys() for one, other in zip(alone, two, strict=True))
    assert max(apart) < 1e-5
    assert max(max(line[task] for task in line if task != "step") for line in alone) > 1  # so that this says something
    weights = [load_file(tmp_path / name / "weights.safetensors") for name in ("alone", "two")]
    assert all((weights[0][name].float() - weights[1][name].float()).abs().max() < 1e-3 for name in weights[0])


@pytest.mark.timeout(600)
def test_weights_spread_over_two_processes_take_the_same_steps_and_go_on_after_a_stop(data, tmp_path):  # noqa: F811
    settings = {"steps": 60, "dropout": 0.0, "checkpoint_every": 10}
    one = command("understanding", data, tmp_path / "alone", **settings, log_folder=tmp_path / "alone-log")
    run(one)
    line = together(
        [*command("understanding", data, tmp_path / "stopped", **settings, log_folder=tmp_path / "log"), "--spread"], 2
    )
    stop_after(25, line, tmp_path)
    assert "resuming from step" in run(line)
    alone, spread = losses(tmp_path / "alone-log"), losses(tmp_path / "log")
    assert max(abs(one[task] - other[task]) for one, other in zip(alone, spread, strict=True) for task in one) < 1e-4
    weights = [load_file(tmp_path / name / "weights.safetensors") for name in ("alone", "stopped")]
    assert all((weights[0][name] - weights[1][name]).abs().max() < 1e-2 for name in weights[0])


@pytest.mark.timeout(600)
def test_a_batch_in_parts_is_shared_too(data, tmp_path):  # noqa: F811
    settings = {"steps": 12, "dropout": 0.0, "batch_size": 9, "tasks": '{"MMLM": 1, "VLM": 1}'}
    for name, processes, parts in (("alone", 1, 1), ("two", 2, 2)):
        line = command(
            "understanding", data, tmp_path / name, **settings, accumulate=parts, log_folder=tmp_path / f"{name}-log"
        )
        run(together(line, processes) if processes > 1 else line)
    alone, two = (losses(tmp_path / f"{name}-log") for name in ("alone", "two"))
    assert max(abs(one[task] - other[task]) for one, other in zip(alone, two, strict=True) for task in one) < 1e-5


@pytest.mark.timeout(600)
def test_stopped_together_they_go_on_together(data, tmp_path):  # noqa: F811
    def line(name: str) -> list[str]:
        return together(
            command("understanding", data, tmp_path / name, steps=150, log_folder=tmp_path / f"{name}-log"), 2
        )

    run(line("undisturbed"))
    stop_after(40, line("stopped"), tmp_path)
    assert "resuming from step" in run(line("stopped"))
    assert losses(tmp_path / "stopped-log") == losses(tmp_path / "undisturbed-log")
    both = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("stopped", "undisturbed")]
    assert both[0] == both[1]


def stop_after(steps: int, line: list[str], folder: Path) -> None:
    """Starts a training whose output is ``stopped`` and ends it by SIGTERM after so many steps."""
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 120
    while not _steps(folder / ".work") > steps:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)  # torchrun hands it on
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "was stopped by SIGTERM after step" in said
    assert not (folder / "stopped").exists()


def _steps(work: Path) -> int:
    found = [path.read_bytes().count(b"\n") for path in work.glob("stopped-*/losses.jsonl")]
    return max(found, default=0)


@pytest.mark.timeout(600)
def test_an_error_of_one_ends_all(data, tmp_path):  # noqa: F811
    line = command("understanding", data, tmp_path / "out", learning_rate=1e30, steps=200, tasks='{"MRM": 1}')
    said = run(together(line, 2), expected=1)
    assert "in step" in said and "a number." in said
    assert not (tmp_path / "out").exists()


def test_a_world_of_one_needs_nothing(monkeypatch, data, tmp_path):  # noqa: F811
    monkeypatch.setitem(os.environ, "WORLD_SIZE", "1")
    run(command("generation", data, tmp_path / "out", steps=2))
    assert (tmp_path / "out" / "weights.safetensors").exists()
