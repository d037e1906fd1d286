"""Trainings that are killed, stopped, or run out of disk, and go on: nothing of what they learn may differ."""

import json
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from task_world import world  # noqa: F401
from test_pretrain import command, data  # noqa: F401
from training_world import Trainings

from contract.dataset import Dataset
from contract.errors import InputError
from model.training_plan import Running, Schedule
from model.training_record import Record
from model.training_state import state_of
from model.training_step import Taken

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
    training = tiny(data, folder)
    assert training.run() == 0, training.said
    assert not training.work, "the work folder goes when the checkpoint is there"
    return folder


def tiny(data: dict[str, Path], folder: Path, out: Path | None = None, **settings) -> Trainings:  # noqa: F811
    line = command("understanding", data, out or folder / "out", log_folder=folder / "log", **TINY | settings)
    return Trainings(line, folder / "said")


def message_of(training: Trainings) -> str:
    """What a failed training says last: no traceback, and what is wrong after the stage's name."""
    assert "Traceback" not in training.said
    return training.said[training.said.rindex("m3p understanding: ") :]


def assert_the_same(undisturbed: Path, folder: Path, out: Path | None = None) -> None:
    for file in ENDS:
        assert (undisturbed / "out" / file).read_bytes() == ((out or folder / "out") / file).read_bytes(), file
    assert (undisturbed / "log" / "losses.jsonl").read_bytes() == (folder / "log" / "losses.jsonl").read_bytes()


def test_ten_kills_and_stops_at_random_steps_change_no_digit_of_any_loss(
    data, undisturbed, tmp_path, record_property  # noqa: F811
):  # fmt: skip
    draw = random.Random(6)
    training = tiny(data, tmp_path)
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
    training = tiny(data, tmp_path, checkpoint_every=1000)
    assert training.run(number, after=10) == code
    (step,) = training.states
    last = training.said.splitlines()[-1]
    assert f"was stopped by {number.name} after step {step} of 90; the same command goes on from there." in last
    assert training.run() == 0 and f"resuming from step {step}" in training.said
    assert (undisturbed / "log" / "losses.jsonl").read_bytes() == (tmp_path / "log" / "losses.jsonl").read_bytes()


def weights_of(folder: Path) -> float:
    """The size of a training's weights in MB."""
    return sum(tensor.nbytes for tensor in load_file(folder / "out" / "weights.safetensors").values()) / 1e6


@pytest.fixture
def tiny_disk(tmp_path) -> Iterator[Path]:
    """A file system of its own with room for two states and a half."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"a file system of a test's own cannot be mounted here: {made.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_one_message_and_leaves_the_last_good_state(data, undisturbed, tiny_disk, tmp_path):  # noqa: F811
    training = tiny(data, tmp_path, tiny_disk / "out")
    assert training.run() == 1
    assert training.states == [7, 14]
    message = message_of(training)
    assert "state-0000000021.new cannot be written (" in message and "No space left on device" in message
    needed, free = map(float, re.search(r"room for ([\d.]+) MB there, where ([\d.]+) MB are free", message).groups())
    weights = weights_of(undisturbed)  # and AdamW's two moments of each that was trained so far
    assert 2.5 * weights < needed < 3.1 * weights and free < needed
    assert not list(training.work.glob("*.new")), "what was written of the state is gone"
    subprocess.run(["mount", "-o", "remount,size=16m", str(tiny_disk)], check=True)
    assert training.run() == 0, training.said
    assert "resuming from step 14" in training.said
    assert_the_same(undisturbed, tmp_path, tiny_disk / "out")


def test_without_room_for_the_checkpoint_the_state_waits_for_it(data, undisturbed, tiny_disk, tmp_path):  # noqa: F811
    training = tiny(data, tmp_path, tiny_disk / "out", checkpoint_every=TINY["steps"] // 2)
    assert training.run() == 1
    assert f"{tiny_disk / 'out'} cannot be written (" in message_of(training)
    assert not (tiny_disk / "out").exists() and training.states == [45, 90]
    subprocess.run(["mount", "-o", "remount,size=16m", str(tiny_disk)], check=True)
    assert training.run() == 0 and "resuming from step 90" in training.said
    kept, whole = (folder / "weights.safetensors" for folder in (tiny_disk / "out", undisturbed / "out"))
    assert kept.read_bytes() == whole.read_bytes()


def test_where_files_may_not_grow_so_far_it_is_the_same_message(data, tmp_path):  # noqa: F811
    training = tiny(data, tmp_path)
    assert training.run(largest_file=200_000) == 1
    assert "state-0000000007.new cannot be written (" in training.said and "File too large" in training.said
    assert "room for 0.3" in training.said and training.states == []


def cut_off(path: Path, at: int = 1000) -> None:
    path.write_bytes(path.read_bytes()[:at])


def change_a_bit(path: Path) -> None:
    held = bytearray(path.read_bytes())
    held[-1000] ^= 1
    path.write_bytes(held)


@pytest.mark.parametrize("file", ["tensors.safetensors", "state.json"])
@pytest.mark.parametrize("damage", [cut_off, change_a_bit, Path.unlink])
def test_a_damaged_state_is_named_and_without_it_training_goes_on_from_the_one_before(
    data, stopped, undisturbed, tmp_path, file, damage  # noqa: F811
):  # fmt: skip
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    training = tiny(data, tmp_path)
    before, last = training.states
    state = training.work / f"state-{last:010d}"
    if file == "state.json" and damage is not Path.unlink:
        damage = lambda path: path.write_text('{"sha256": 3')  # noqa: E731
    damage(state / file)
    assert training.run() == 1
    message = message_of(training)
    assert f"The saved training {state} is damaged" in message
    assert f"To do: delete {state}; the training then goes on from step {before}." in message
    shutil.rmtree(state)
    assert training.run() == 0, training.said
    assert f"resuming from step {before}" in training.said
    assert_the_same(undisturbed, tmp_path)


@pytest.fixture(scope="module")
def stopped(data, tmp_path_factory) -> Path:  # noqa: F811
    """A training that was stopped, with two states."""
    folder = tmp_path_factory.mktemp("stopped")
    assert tiny(data, folder).run(signal.SIGTERM, after=20) == 143
    (folder / "said").unlink()
    return folder


def test_losses_that_do_not_reach_the_state_are_said_to_be_damaged(data, stopped, tmp_path):  # noqa: F811
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    training = tiny(data, tmp_path)
    cut_off(training.work / "losses.jsonl", 100)
    assert training.run() == 1
    assert "losses.jsonl lacks a step" in training.said and f"delete {training.work};" in training.said


def test_a_loss_that_is_no_number_names_task_step_and_samples_and_keeps_the_last_good_state(data, tmp_path):  # noqa: F811
    """At a rate so high that the weights leave the numbers behind."""
    training = tiny(data, tmp_path, learning_rate=1e30, warmup_steps=6, checkpoint_every=1)
    assert training.run() == 1
    message = message_of(training)
    found = re.search(
        r"the (?:loss of ([\w-]+)|gradient) in step (\d+) is (nan|inf)\. Its samples: (.+?) \(all", message
    )
    assert found
    step = int(found[2])
    assert all(saved < step for saved in training.states)
    written = json.loads((training.work / "no_number.json").read_text())
    assert written["step"] == step
    (keys,) = written["keys"].values()
    assert len(keys) == TINY["batch_size"] and found[4] == ", ".join(keys)
    known = {row["caption_id"] for row in Dataset(data["captions"], "captions").rows()}
    known |= {row["sentence_id"] for row in Dataset(data["corpus"], "corpus").rows()}
    assert {key.partition("#")[0] for key in keys} <= known
    for state in training.work.glob("state-*[0-9]"):
        assert all(bool(tensor.isfinite().all()) for tensor in load_file(state / "tensors.safetensors").values())


def test_losses_that_are_read_late_still_name_the_first_step_that_is_no_number(tmp_path):
    """As on a GPU, which is not waited for in every step."""
    record = Record(tmp_path, "pretrain x", Schedule(40, 1e-3, 0, 0.0, 1.0), Running())
    record.resume(torch.nn.Linear(1, 1), torch.optim.AdamW(torch.nn.Linear(1, 1).parameters()))
    for step, loss in enumerate([0.5, 0.25, float("inf"), float("nan")], 1):
        of_step = {"xMLM": torch.tensor(1.0), "VLM": torch.tensor(loss)}
        record.add(Taken(step, of_step, torch.tensor(1.0), {"xMLM": ["s1"], "VLM": [f"c{step}", "c9"]}))
    with pytest.raises(InputError, match=r"the loss of VLM in step 3 is inf\. Its samples: c3, c9 \(all"):
        record.read()
    gradient = Record(tmp_path, "pretrain x", Schedule(40, 1e-3, 0, 0.0, 1.0), Running())
    gradient.add(Taken(7, {"VLM": torch.tensor(0.5)}, torch.tensor(float("nan")), {"VLM": ["c1"]}))
    with pytest.raises(InputError, match=r"the gradient in step 7 is nan\. Its samples: c1 \(all"):
        gradient.read()


def test_a_best_that_a_replayed_step_does_not_reach_again_leaves_the_one_before(tmp_path):
    """On a GPU a step may end otherwise when it is taken again after a kill."""
    schedule, running = Schedule(8, 1e-3, 0, 0.0, 1.0), Running(validate_every=2, best_metric="VLM.loss")
    network = torch.nn.Linear(1, 1)
    optimiser = torch.optim.AdamW(network.parameters())

    def validated(record, step, metric):
        torch.nn.init.constant_(network.weight, step)
        for done in (step - 1, step):
            record.add(Taken(done, {"VLM": torch.tensor(1.0)}, torch.tensor(1.0), {"VLM": ["c1"]}))
        record.read()
        record.add_validation(step, {"VLM.loss": metric}, network.state_dict())

    killed = Record(tmp_path, "pretrain x", schedule, running)
    assert killed.resume(network, optimiser) == 0
    validated(killed, 2, 0.9)
    validated(killed, 4, 0.7)
    killed.save(4, state_of(network, optimiser))
    validated(killed, 6, 0.5)  # the best, behind the last state; then it is killed
    again = Record(tmp_path, "pretrain x", schedule, running)
    assert again.resume(network, optimiser) == 4
    validated(again, 6, 0.8)
    validated(again, 8, 0.8)
    assert again.best_step() == 4
    again.load_best(network)
    assert network.weight.item() == 4
