"""Trainings that are killed, stopped, or run out of disk, and go on: nothing of what they learn may differ."""

import json
import random
import signal
from pathlib import Path

import pytest
from task_world import world  # noqa: F401
from test_pretrain import command, data, losses  # noqa: F401
from training_world import Trainings

TINY = {
    "steps": 90,
    "batch_size": 4,
    "checkpoint_every": 7,
    "threads": 1,
    "tasks": '{"VLM": 1, "MC-MLM": 1, "xMLM": 1}',
}
ENDS = {"config.json", "weights.safetensors"}


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory) -> Path:  # noqa: F811
    folder = tmp_path_factory.mktemp("undisturbed")
    training = Trainings(command("understanding", data, folder / "out", log=folder / "log", **TINY), folder / "said")
    assert training.run() == 0, training.said
    assert not training.work, "the work folder goes when the checkpoint is there"
    return folder


def assert_the_same(undisturbed: Path, folder: Path) -> None:
    for file in ENDS:
        assert (undisturbed / "out" / file).read_bytes() == (folder / "out" / file).read_bytes(), file
    assert (undisturbed / "log" / "losses.jsonl").read_bytes() == (folder / "log" / "losses.jsonl").read_bytes()


def test_ten_kills_and_stops_at_random_steps_change_no_digit_of_any_loss(
    data, undisturbed, tmp_path, record_property  # noqa: F811
):  # fmt: skip
    draw = random.Random(6)
    line = command("understanding", data, tmp_path / "out", log=tmp_path / "log", **TINY)
    training = Trainings(line, tmp_path / "said")
    points = sorted(draw.sample(range(2, TINY["steps"] - 5), 10))
    resumed = 0
    for number, point in enumerate(points):
        how = signal.SIGTERM if number % 2 else signal.SIGKILL
        resumed += bool(training.states)
        code = training.run(how, point)
        assert code == (-signal.SIGKILL if how is signal.SIGKILL else 143), training.said
        assert not (tmp_path / "out").exists()
        assert training.said.count("resuming from step") == resumed
        assert len(training.states) <= 2
    assert training.run() == 0, training.said
    assert_the_same(undisturbed, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log" / "losses.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, TINY["steps"] + 1))
    record_property("stopped after steps", points)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_training_says_so_in_one_line_and_goes_on_where_it_stopped(data, undisturbed, tmp_path, number, code):  # noqa: F811
    line = command("understanding", data, tmp_path / "out", log=tmp_path / "log", **TINY | {"checkpoint_every": 1000})
    training = Trainings(line, tmp_path / "said")
    assert training.run(number, after=10) == code
    (step,) = training.states
    last = training.said.splitlines()[-1]
    assert f"was stopped by {number.name} after step {step} of 90; the same command goes on from there." in last
    assert "Traceback" not in training.said
    assert training.run() == 0 and f"resuming from step {step}" in training.said
    assert (undisturbed / "log" / "losses.jsonl").read_bytes() == (tmp_path / "log" / "losses.jsonl").read_bytes()
