"""What is shown of checkpoints, and what of them is found to be damaged."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest
import torch
from rights import forbidden, open_copy
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from task_world import world  # noqa: F401

from contract.breaches import OF_CHECKPOINTS
from flows.cli import run_command
from flows.inspection import checkpoint as shown_checkpoint
from flows.inspection import found, weights
from model import checkpoint


@pytest.fixture
def folder(world, tmp_path) -> Path:  # noqa: F811
    """Two checkpoints, and one that holds one for each of two languages."""
    root = tmp_path / "checkpoints"
    for name in ("understanding", "generation"):
        shutil.copytree(world / name, root / name)
    for lang in ("de", "fr"):
        shutil.copytree(world / "generation", root / "captioning-each" / lang)
    checkpoint.save_index(
        root / "captioning-each", ["de", "fr"], {"stage": "finetune", "parameters": {"task": "captioning"}}
    )
    return root


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """As where the output goes to a file: workers that run tests are told a terminal's width."""
    monkeypatch.delenv("COLUMNS", raising=False)


def inspected(capsys, *given) -> str:
    assert run_command(["inspect", *map(str, given)]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_names_of_files_are_those_that_are_written():
    assert (found.CONFIG, weights.WEIGHTS) == (checkpoint.CONFIG, checkpoint.WEIGHTS)
    assert (shown_checkpoint.TOKENIZER, shown_checkpoint.LEFT_OUT) == (checkpoint.MODEL_FILE, checkpoint.LEFT_OUT)


def test_a_checkpoint_is_shown_without_its_weights(folder, capsys):
    shown = inspected(capsys, folder / "understanding")
    tensors = load_file(folder / "understanding" / checkpoint.WEIGHTS)
    numbers = sum(tensor.numel() for tensor in tensors.values())
    assert f"{numbers:,} numbers in {len(tensors)} tensors" in shown
    assert "Checkpoint of the understanding network" in shown and "Largest tensors" in shown
    values = json.loads(inspected(capsys, folder / "understanding", "--json"))
    assert values["kind"] == "checkpoint" and values["numbers"] == numbers
    assert {one["name"]: one["shape"] for one in values["tensors"]} == {n: list(t.shape) for n, t in tensors.items()}


def test_it_is_shown_without_torch(folder):
    command = (
        "import sys; from flows.cli import run_command; code = run_command(sys.argv[1:]);"
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", command, "inspect", folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_folder_of_checkpoints_is_a_table(folder, tmp_path, capsys, monkeypatch):
    shown = inspected(capsys, folder)
    assert all(name in shown for name in ("understanding", "generation", "one each: de, fr"))
    monkeypatch.setenv("COLUMNS", "60")
    assert "…" not in inspected(capsys, folder)  # a name that is cut names nothing
    monkeypatch.delenv("COLUMNS")
    assert "Checkpoints for de, fr" in inspected(capsys, folder / "captioning-each")
    assert len(json.loads(inspected(capsys, folder, "--json"))["checkpoints"]) == 3
    inspected(capsys, folder, "--html", tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "3 checkpoints" in text and "<script" not in text and "http" not in text


def trained(folder: Path, steps: int | None, **parameters: object) -> None:
    """Says in a checkpoint how far its training went, whatever was asked for; None where there was none."""
    values = json.loads((folder / checkpoint.CONFIG).read_text())
    losses = [{"step": step, "matching": 0.5} for step in (20, steps)] if steps else []
    values["training"] = {"stage": "finetune", "parameters": {"steps": 120} | parameters, "losses": losses}
    (folder / checkpoint.CONFIG).write_text(json.dumps(values))


def test_steps_are_those_that_were_made(folder, tmp_path, capsys):
    trained(folder / "understanding", 300)
    trained(folder / "generation", None, setting="none")
    for lang, steps in (("de", 40), ("fr", 60)):
        trained(folder / "captioning-each" / lang, steps)
    said = {line.split()[0]: line for line in inspected(capsys, folder).splitlines() if line.split()}
    assert " 300 " in said["understanding"] and " — " in said["generation"] and " 40 to 60 " in said["captioning-each"]
    assert not any(" 120 " in line for line in said.values())
    views = {Path(one["address"]).name: one for one in json.loads(inspected(capsys, folder, "--json"))["checkpoints"]}
    steps = {name: view["steps"] for name, view in views.items()}
    assert steps == {"understanding": [300], "generation": [], "captioning-each": [40, 60]}
    inspected(capsys, folder, "--html", tmp_path / "page.html")
    assert ">40 to 60</td>" in (tmp_path / "page.html").read_text()
    assert "trained in 300 steps" in inspected(capsys, folder / "understanding")
    assert "nothing trained" in inspected(capsys, folder / "generation")


def test_all_parts_of_a_checkpoint_are_named(folder, capsys):
    names = [f"en-{number:02}" for number in range(20)]
    for name in names:
        shutil.copytree(folder / "captioning-each" / "de", folder / "captioning-each" / name)
    checkpoint.save_index(folder / "captioning-each", names, {"stage": "finetune"})
    said = inspected(capsys, folder)
    assert all(name in said for name in names) and "…" not in said


def test_where_no_checkpoint_could_be_made_it_says_why(folder, tmp_path, capsys):
    why = "no split of the data set for entailment is there"
    checkpoint.save_left_out(folder / "entailment-en", why, {"stage": "finetune", "parameters": {"task": "entailment"}})
    assert why in inspected(capsys, folder / "entailment-en")
    said = inspected(capsys, folder)
    assert "left out" in said and "understanding" in said
    inspected(capsys, folder, "--html", tmp_path / "page.html")
    assert why in (tmp_path / "page.html").read_text()
    assert json.loads(inspected(capsys, folder / "entailment-en", "--json"))["left_out"] == why
    assert ": 4 checkpoints, whole" in inspected(capsys, folder, "--verify"), "nothing in it can be damaged"
    assert f"no checkpoint: {why}" in inspected(capsys, folder / "entailment-en", "--verify")


def test_what_is_whole_is_found_whole_at_any_address(folder, capsys):
    assert "4 checkpoints" in inspected(capsys, folder, "--verify")
    fsspec.filesystem("memory").put(str(folder), "/checkpoints", recursive=True)
    assert "4 checkpoints" in inspected(capsys, "memory://checkpoints", "--verify")
    assert "generation" in inspected(capsys, "memory://checkpoints")
    fsspec.filesystem("memory").rm("/checkpoints", recursive=True)


def cut_off(path: Path) -> None:
    (path / checkpoint.WEIGHTS).write_bytes((path / checkpoint.WEIGHTS).read_bytes()[:-8])


def another_shape(path: Path) -> None:
    weights = load_file(path / checkpoint.WEIGHTS)
    name = next(name for name, tensor in weights.items() if tensor.ndim == 2)
    save_file(weights | {name: weights[name][:1].clone()}, path / checkpoint.WEIGHTS)


def pickled(path: Path) -> None:
    torch.save(load_file(path / checkpoint.WEIGHTS), path / "pickle")  # not over what is mapped into memory
    (path / "pickle").replace(path / checkpoint.WEIGHTS)


def other_tokenizer(path: Path) -> None:
    with (path / checkpoint.MODEL_FILE).open("ab") as file:
        file.write(b"\x12\x00")


def other_network(path: Path) -> None:
    values = json.loads((path / checkpoint.CONFIG).read_text())
    values["network"]["layers"] += 1
    (path / checkpoint.CONFIG).write_text(json.dumps(values))


def no_network(path: Path) -> None:
    values = json.loads((path / checkpoint.CONFIG).read_text())
    values["network"]["heads"] = 0
    (path / checkpoint.CONFIG).write_text(json.dumps(values))


DAMAGES = [
    ("weights", cut_off), ("weights", another_shape), ("weights", other_network), ("no_checkpoint", pickled),
    ("no_checkpoint", no_network), ("tokenizer", other_tokenizer),
    ("no_checkpoint", lambda path: (path / checkpoint.WEIGHTS).unlink()),
    ("no_checkpoint", lambda path: (path / checkpoint.MODEL_FILE).unlink()),
    ("no_checkpoint", lambda path: (path / checkpoint.CONFIG).write_text("[]")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_each_damage_is_found_by_its_name(name, damage, folder, capsys):
    damage(folder / "captioning-each" / "fr")
    assert run_command(["inspect", str(folder / "captioning-each"), "--verify"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"m3p: {name}: ") and "fr" in error and "Traceback" not in error


def test_every_breach_of_a_checkpoint_is_planted():
    """Those of datasets are in tests/contract/test_verification.py."""
    assert set(OF_CHECKPOINTS) == {name for name, _ in DAMAGES}


@pytest.mark.parametrize("name", [checkpoint.WEIGHTS, checkpoint.CONFIG, checkpoint.MODEL_FILE])
def test_what_may_not_be_read_is_no_breach(name, folder, capsys):
    with open_copy(folder / "generation") as copy:
        inspected(capsys, copy, "--verify")
        with forbidden(copy / name):
            assert run_command(["inspect", str(copy), "--verify"]) == 1
    assert capsys.readouterr().err.startswith(f"m3p: {copy / name} may not be read")


def test_another_number_among_the_weights_is_not_told(folder, capsys):
    """Nothing states the sha256 of the weights; docs/inspect.md says so."""
    path = folder / "generation" / checkpoint.WEIGHTS
    weights = load_file(path)
    name = next(name for name, tensor in weights.items() if tensor.is_floating_point())
    save_file(weights | {name: weights[name] + 1}, path)
    assert "whole" in inspected(capsys, folder / "generation", "--verify")


def states(path: Path, **changes: object) -> None:
    values = json.loads((path / checkpoint.CONFIG).read_text())
    (path / checkpoint.CONFIG).write_text(json.dumps(values | changes))


def nested(depth: int) -> object:
    return {"in": nested(depth - 1)} if depth else 1


def endless_shape(path: Path) -> None:
    header = b'{"a": {"dtype": "F32", "shape": [Infinity], "data_offsets": [0, 4]}}'
    (path / checkpoint.WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))


ABSURD = {
    "itself": lambda path: states(path, each=["."]),
    "elsewhere": lambda path: states(path, each=["../de"]),
    "none": lambda path: states(path, each=[]),
    "numbers": lambda path: states(path, each=[5]),
    "deep": lambda path: states(path, training={"parameters": nested(300)}),
    "endless": endless_shape,
    "gone": lambda path: (path / checkpoint.CONFIG).unlink(),
}


@pytest.mark.parametrize("damage", ABSURD.values(), ids=ABSURD)
def test_what_no_training_writes_is_no_checkpoint(damage, folder, capsys):
    damage(folder / "captioning-each" / "fr")
    if (folder / "captioning-each" / "fr" / checkpoint.CONFIG).exists():
        for option in ([], ["--json"]):
            assert run_command(["inspect", str(folder / "captioning-each" / "fr"), *option]) == 1
            assert "Error" not in capsys.readouterr().err
    assert run_command(["inspect", str(folder / "captioning-each"), "--verify"]) == 1
    assert capsys.readouterr().err.startswith("m3p: no_checkpoint: ")


def with_header(path: Path, change: Callable[[dict], None], more: bytes = b"") -> None:
    """Changes the header of weights, and adds bytes to the data; all else stays as it is."""
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[end:] + more)


def first_two(header: dict) -> tuple[dict, dict]:
    """The tensors of one shape that lie first in the file."""
    tensors = sorted((one for name, one in header.items() if name != "__metadata__"), key=lambda t: t["data_offsets"])
    one = next(one for one in tensors if sum(other["shape"] == one["shape"] for other in tensors) > 1)
    return one, next(other for other in tensors if other is not one and other["shape"] == one["shape"])


def one_range(header: dict) -> None:
    one, other = first_two(header)
    other["data_offsets"] = one["data_offsets"]


def gap(header: dict) -> None:
    for name, one in header.items():
        if name != "__metadata__":
            one["data_offsets"] = [at + 8 for at in one["data_offsets"]]


NO_SAFETENSORS = {
    "two in one range": one_range,
    "half as wide": lambda header: first_two(header)[0].update(dtype="F16"),
    "an invented dtype": lambda header: first_two(header)[0].update(dtype="F33"),
    "a gap": gap,
    "another key": lambda header: header.update(extra=1),
    "metadata of numbers": lambda header: header.update(__metadata__={"format": 1}),
    "a shape below nothing": lambda header: first_two(header)[0].update(shape=[-1, -4]),
}


@pytest.mark.parametrize("change", NO_SAFETENSORS.values(), ids=NO_SAFETENSORS)
def test_weights_that_safetensors_refuses_are_not_whole(change, folder, capsys):
    path = folder / "generation" / checkpoint.WEIGHTS
    with_header(path, change, more=bytes(8) if change is gap else b"")
    with pytest.raises(SafetensorError):
        safe_open(path, "pt")
    assert run_command(["inspect", str(folder / "generation"), "--verify"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("m3p: no_checkpoint: ") and "is no file of safetensors" in error and "Error" not in error


def test_a_header_that_states_a_tensor_twice_is_told(folder, capsys):
    path = folder / "generation" / checkpoint.WEIGHTS
    one = b'"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}'
    header = b"{" + one + b", " + one + b"}"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert run_command(["inspect", str(folder / "generation")]) == 1
    assert "states a name twice" in capsys.readouterr().err


def test_losses_that_are_no_finite_numbers_make_no_curve(folder, tmp_path, capsys):
    values = [10**400, float("nan"), float("inf"), 2.5, 1.5]
    losses = [{"step": step, "loss": value} for step, value in enumerate(values, 1)]
    states(folder / "generation", training={"stage": "pretrain", "losses": losses})
    inspected(capsys, folder / "generation", "--html", tmp_path / "page.html")
    assert "2.500 → 1.500" in (tmp_path / "page.html").read_text()
