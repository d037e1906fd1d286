"""One step of a training: parts that add up, precision, recomputing; and what a training says while it runs."""

import copy
import json
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from task_world import world  # noqa: F401
from test_pretrain import EVENLY, command, data  # noqa: F401
from torch.utils.flop_counter import FlopCounterMode
from training_world import Trainings

from contract.command import Call
from model.batches import GenerationTasks, UnderstandingTasks
from model.config import CONFIGS, GenerationConfig, UnderstandingConfig
from model.distributed import World
from model.network import build
from model.pretrain import main, network_config, read_sources
from model.tokenizer import PAD
from model.training_plan import Running, Schedule
from model.training_step import Draw, Stepper
from model.work import Work, work_of

SCHEDULE = Schedule(steps=10, learning_rate=1e-3, warmup_steps=0, weight_decay=0.01, clip_norm=1e9)
SIZES = {"layers": 2, "width": 32, "heads": 2, "max_text_length": 32, "batch_size": 12}
TASKS = [(kind, task) for kind, config in CONFIGS.items() for task in config().task_weights]


@pytest.fixture(scope="module")
def made(data):  # noqa: F811
    """Of both kinds: a network and its tasks."""
    paths = {**data, "out": Path("unused"), "lexicon": None}
    result = {}
    for kind, config_class, tasks in (
        ("understanding", UnderstandingConfig, UnderstandingTasks), ("generation", GenerationConfig, GenerationTasks),
    ):  # fmt: skip
        call = Call(config_class(**SIZES, dropout=0.0), paths, 3, 1)
        sources = read_sources(call, torch.device("cpu"))
        torch.manual_seed(5)
        network = build(network_config(call, sources))
        result[kind] = network, tasks(sources, call.config)
    return result


def step(made, kind: str, *tasks: str, **running) -> tuple[dict[str, torch.Tensor], dict[str, float], torch.nn.Module]:
    """Gradients and losses of a step, and the network after it."""
    network, batches = made[kind]
    network = copy.deepcopy(network)
    stepper = Stepper(network, SCHEDULE, Running(**running), World())
    drawn = [batches.prepare(task, 4 + number) for number, task in enumerate(tasks)]
    torch.manual_seed(0)
    draws = [Draw(task, batch, Work(0)) for task, batch in zip(tasks, drawn, strict=True)]
    taken = stepper.take(0, list(map(stepper.ready, draws)))
    gradients = {name: one.grad for name, one in network.named_parameters() if one.grad is not None}
    return gradients, {task: loss.item() for task, loss in taken.losses.items()}, network


def furthest(ours: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> float:
    """The largest difference between two networks' gradients, as a share of the largest gradient."""
    assert ours.keys() == others.keys()
    largest = max(float(one.abs().max()) for one in others.values())
    return max(float((ours[name] - others[name]).abs().max()) for name in ours) / largest


def test_a_task_drawn_twice_is_told_by_the_mean_of_its_draws(made):
    once, twice = (step(made, "understanding", *["VLM"] * times)[1] for times in (1, 2))
    assert 0.5 < twice["VLM"] / once["VLM"] < 1.5


@pytest.mark.parametrize(("kind", "task"), TASKS)
def test_parts_of_a_batch_have_the_gradients_of_the_whole(made, kind, task, record_property):
    whole, losses, _ = step(made, kind, task)
    for parts in (3, 5, 12):  # 5 does not divide the batch
        gradients, in_parts, _ = step(made, kind, task, accumulate=parts)
        assert in_parts == pytest.approx(losses, rel=1e-6)
        apart = furthest(gradients, whole)
        record_property(f"{task} in {parts} parts, furthest gradient", f"{apart:.1e}")
        assert apart < 1e-6


def test_parts_ask_for_different_amounts_so_the_mean_of_their_means_would_be_wrong(made):
    _, tasks = made["understanding"]
    batch = tasks.prepare("MMLM", 4)
    counts = [len(batch.share(number, 3).asked) for number in range(3)]
    assert len(set(counts)) > 1 and sum(counts) == len(batch.asked)


def test_several_tasks_in_a_step_are_summed_in_parts_too(made):
    tasks = ("xMLM", "VLM", "VLM", "MRM")
    whole, losses, _ = step(made, "understanding", *tasks)
    gradients, in_parts, _ = step(made, "understanding", *tasks, accumulate=4)
    assert in_parts == pytest.approx(losses, rel=1e-6) and set(losses) == {"xMLM", "VLM", "MRM"}
    assert furthest(gradients, whole) < 1e-6
    one, _, _ = step(made, "understanding", "xMLM")
    assert furthest({name: whole[name] for name in one}, one) > 1e-3, "the others add to it"


def test_recomputed_layers_have_the_same_gradients(made):
    for kind, task in (("understanding", "MC-MLM"), ("understanding", "VLM"), ("generation", "IC")):
        kept, losses, _ = step(made, kind, task)
        again, recomputed, _ = step(made, kind, task, recompute=True)
        assert recomputed == losses
        assert all(torch.equal(kept[name], again[name]) for name in kept)


def test_recomputing_keeps_fewer_activations(made):
    """Bytes that autograd keeps for the backward pass of one batch."""
    kept = {}
    for recompute in (False, True):
        network, tasks = made["understanding"]
        network = copy.deepcopy(network)
        stepper = Stepper(network, SCHEDULE, Running(recompute=recompute), World())
        weights = {one.data_ptr() for one in network.parameters()}
        held: dict[int, int] = {}

        def note(tensor, held=held, weights=weights):
            if tensor.data_ptr() not in weights:
                held[tensor.data_ptr()] = tensor.nbytes
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            stepper._asking(tasks.prepare("MMLM", 0))
        kept[recompute] = sum(held.values())
    assert kept[True] < 0.6 * kept[False]


def test_in_bfloat16_weights_and_optimiser_stay_float32(made):
    exact, losses, _ = step(made, "understanding", "MMLM")
    rough, half_losses, network = step(made, "understanding", "MMLM", precision="bfloat16")
    assert half_losses["MMLM"] == pytest.approx(losses["MMLM"], rel=0.02) and half_losses != losses
    assert 1e-4 < furthest(rough, exact) < 0.1
    assert {one.dtype for one in network.parameters()} == {torch.float32}
    stepper = Stepper(network, SCHEDULE, Running(precision="bfloat16"), World())
    stepper.take(0, [stepper.ready(Draw("MMLM", made["understanding"][1].prepare("MMLM", 1), Work(0)))])
    moments = [one for values in stepper.optimiser.state.values() for one in values.values()]
    assert {one.dtype for one in moments} == {torch.float32}


@pytest.mark.parametrize(("kind", "task"), TASKS)
def test_operations_are_those_that_torch_counts_where_there_is_no_padding(made, kind, task, record_property):
    network, tasks = made[kind]
    one = type(tasks)(tasks.sources, replace(tasks.config, batch_size=1))
    batch = next(batch for number in range(40) if is_full(batch := one.prepare(task, number)))
    ours = work_of(batch, network.config)
    network = copy.deepcopy(network)
    with FlopCounterMode(display=False) as counter:
        batch.loss(network).mean.backward()
    record_property(f"{task}: ours over torch's count", f"{ours.operations / counter.get_total_flops():.3f}")
    assert 0.85 < ours.operations / counter.get_total_flops() < 1.15
    assert ours.samples == len(batch.keys)


def is_full(batch) -> bool:
    """Whether a batch has no padding."""
    values = [value for name, value in vars(batch).items() if name.endswith(("_BT", "_PT"))]
    regions = [batch.regions.mask] if hasattr(batch, "regions") else []
    return all(bool((value != PAD).all()) for value in values) and all(bool(mask.all()) for mask in regions)


TOLD = {"steps": 45, "batch_size": 4, "threads": 1, "tasks": '{"VLM": 1, "xMLM": 1}', "checkpoint_every": 10}


def trained(data, folder: Path, **settings) -> Trainings:  # noqa: F811
    folder.mkdir(exist_ok=True)
    line = command("understanding", data, folder / "out", **TOLD | settings)
    return Trainings(line, folder / "said")


def test_a_log_holds_losses_rates_speeds_and_memory_and_the_checkpoint_no_clock(data, tmp_path):  # noqa: F811
    training = trained(data, tmp_path, log_folder=tmp_path / "log", peak_tflops=0.1)
    assert training.run(signal.SIGKILL, after=33) == -signal.SIGKILL
    assert training.run() == 0, training.said
    lines = [json.loads(line) for line in (tmp_path / "log" / "training.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [20, 40, 45], "none twice though it was killed after step 33"
    for line in lines:
        assert {"learning_rate", "loss/VLM", "loss/xMLM"} < set(line)
        assert 0 < line["speed/share_waiting_for_samples"] < 1
        assert (
            line["speed/samples_per_second"] > 0 and line["speed/tokens_per_second"] > line["speed/samples_per_second"]
        )
        assert 0.1 < line["speed/peak_memory_gb"] < 10
        assert 0 < line["speed/mfu"] < 1
    told = json.loads((tmp_path / "out" / "config.json").read_text())["training"]["losses"]
    assert [{"step": line["step"], "learning_rate": line["learning_rate"]} for line in lines] == [
        {"step": line["step"], "learning_rate": line["learning_rate"]} for line in told
    ]
    assert [line["loss/VLM"] for line in lines] == [line["VLM"] for line in told]
    last = training.said.splitlines()[-1]
    assert "samples/s" in last and "tokens/s" in last and "MFU" in last and "GB at most" in last
    assert "second" not in (tmp_path / "out" / "config.json").read_text()


def test_pairs_are_counted_as_what_goes_through_the_network(data, tmp_path):  # noqa: F811
    given = {"tasks": '{"VLM": 1}', "negatives": 3, "steps": 20, "log_folder": tmp_path / "log"}
    assert trained(data, tmp_path, **given).run() == 0
    (line,) = [json.loads(line) for line in (tmp_path / "log" / "training.jsonl").read_text().splitlines()]
    samples = line["speed/samples_per_second"] * line["speed/seconds"]
    assert samples == pytest.approx(20 * 4 * (1 + 3))


def test_tensorboard_reads_the_event_files(data, tmp_path):  # noqa: F811
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    training = trained(data, tmp_path, log_folder=tmp_path / "log")
    assert training.run(signal.SIGTERM, after=33) == 143 and training.run() == 0, training.said
    read = events.EventAccumulator(str(tmp_path / "log"))
    read.Reload()
    lines = [json.loads(line) for line in (tmp_path / "log" / "training.jsonl").read_text().splitlines()]
    for name in ("loss/VLM", "loss/xMLM", "learning_rate", "speed/samples_per_second"):
        found = {scalar.step: scalar.value for scalar in read.Scalars(name)}
        assert found == pytest.approx({line["step"]: line[name] for line in lines}, rel=1e-6), name


def test_without_tensorboard_the_rest_is_logged_and_one_line_says_so(data, tmp_path, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)  # as where the package is not installed
    monkeypatch.setattr(
        sys, "argv", command("understanding", data, tmp_path / "out", log_folder=tmp_path / "log", **TOLD)[2:]
    )
    assert main() == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "TensorBoard" in line]
    assert len(said) == 1 and "pip install -e '.[tensorboard]'" in said[0]
    assert {path.name for path in (tmp_path / "log").iterdir()} == {"training.jsonl", "losses.jsonl"}


def test_accumulated_and_recomputed_a_training_learns_the_same(data, tmp_path):  # noqa: F811
    """Float32's last digits aside, which parts change."""
    assert trained(data, tmp_path / "whole", batch_size=12, dropout=0.0).run() == 0
    thrifty = {"accumulate": 4, "batch_size": 12, "dropout": 0.0, "params": tmp_path / "thrifty.yaml"}
    (tmp_path / "thrifty.yaml").write_text("understanding: {recompute: true}\n")
    assert trained(data, tmp_path / "thrifty", **thrifty).run() == 0
    whole, parts = (
        json.loads((tmp_path / name / "out" / "config.json").read_text())["training"]["losses"]
        for name in ("whole", "thrifty")
    )
    assert len(whole) == len(parts) == 3, "steps are the optimiser's"
    for line, other in zip(whole, parts, strict=True):
        assert other == pytest.approx(line, abs=2e-3) and other["learning_rate"] == line["learning_rate"]


def test_a_training_in_bfloat16_learns_and_is_logged(data, tmp_path):  # noqa: F811
    assert trained(data, tmp_path, precision="bfloat16").run() == 0
    weights = load_file(tmp_path / "out" / "weights.safetensors")
    assert {one.dtype for one in weights.values()} == {torch.float32}


def test_compile_is_left_out_on_a_cpu_and_says_so(data, tmp_path):  # noqa: F811
    (tmp_path / "p.yaml").write_text("understanding: {compile: true}\n")
    training = trained(data, tmp_path, params=tmp_path / "p.yaml", steps=2)
    assert training.run() == 0
    assert "compile is for GPUs: on cpu the layers run as they are." in training.said


def test_what_changes_no_weight_may_change_before_a_training_goes_on(data, tmp_path):  # noqa: F811
    assert trained(data, tmp_path).run(signal.SIGTERM, after=15) == 143
    other = trained(data, tmp_path, checkpoint_every=5, keep_checkpoints=1, peak_tflops=1)
    assert other.run() == 0 and "resuming from step" in other.said


@pytest.mark.parametrize("changed", [{"threads": 2}, {"learning_rate": 0.001}, {"precision": "bfloat16"}])
def test_what_changes_a_weight_begins_a_training_anew(data, tmp_path, changed):  # noqa: F811
    assert trained(data, tmp_path).run(signal.SIGTERM, after=15) == 143
    other = trained(data, tmp_path, **changed)
    assert other.run() == 0 and "resuming" not in other.said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"accumulate": 5}, "accumulate is 5 and batch_size is 4."),
        ({"accumulate": 0}, "accumulate is 0."),
        ({"precision": "float16"}, "one of float32, bfloat16."),
        ({"keep_checkpoints": 0}, "keep_checkpoints is 0."),
        ({"peak_tflops": -1}, "peak_tflops is -1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(data, tmp_path, settings, said):  # noqa: F811
    training = trained(data, tmp_path, **settings)
    assert training.run() == 2
    assert said in training.said and "Traceback" not in training.said
