"""A task whose data nobody brought is left out, and says so; the stages after it go on."""

import pytest
from task_world import arguments, read, world, write_dataset  # noqa: F401

from model import checkpoint
from model.evaluate import main as evaluate_main
from model.finetune import main as finetune_main


def run(main, monkeypatch, *line, **settings) -> int:
    monkeypatch.setattr("sys.argv", ["stage", *arguments(*line, **settings)])
    return main()


@pytest.mark.parametrize("setting", ["none", "en", "each", "all"])
@pytest.mark.parametrize(
    ("task", "kind", "given", "why"),
    [
        ("entailment", "understanding", "data", "holds no file"), ("headlines", "generation", "data", "holds no file"),
        ("translation", "generation", "data", "holds no file"),
        ("retrieval", "understanding", "captions", "holds no row"),
    ],
)  # fmt: skip
def test_without_data_a_task_is_left_out(world, tmp_path, monkeypatch, capsys, setting, task, kind, given, why):  # noqa: F811
    (tmp_path / "data" / "empty").mkdir(parents=True)
    triples = write_dataset(tmp_path / "captions", "triples", [])
    paths = {given: triples if given == "captions" else tmp_path / "data"}
    out, metrics = tmp_path / f"{task}-{setting}", tmp_path / "metrics.json"
    for _ in range(2):  # what says so may be replaced by the next run
        assert run(finetune_main, monkeypatch, world, world / kind, out, task=task, setting=setting, **paths) == 0
        assert f"{task} is left out" in capsys.readouterr().out
    assert run(evaluate_main, monkeypatch, world, out, metrics, **paths) == 0
    said = read(metrics)
    assert said["task"] == task and why in said["left_out"] and str(paths[given]) in said["left_out"]
    assert set(said) == {"task", "checkpoint", "seed", "left_out"}


def test_what_was_left_out_is_no_checkpoint(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    (tmp_path / "data").mkdir()
    settings = {"task": "entailment", "setting": "en", "data": tmp_path / "data"}
    assert run(finetune_main, monkeypatch, world, world / "understanding", tmp_path / "out", **settings) == 0
    capsys.readouterr()
    with pytest.raises(Exception, match=r"holds no checkpoint: .* holds no file"):
        checkpoint.read_config(tmp_path / "out")


def test_data_that_came_later_are_learnt_and_evaluated(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    data = tmp_path / "data"
    data.mkdir()
    settings = {"task": "entailment", "setting": "en", "data": data, "steps": 1, "batch_size": 2}
    line = (world, world / "understanding", tmp_path / "out")
    assert run(finetune_main, monkeypatch, *line, **settings) == 0
    rows = "premise\thypothesis\tlabel\na cube\ta ball\tneutral\na ring\ta star\tcontradiction\n"
    for split in ("train", "test"):
        (data / f"{split}.en.tsv").write_text(rows)
    assert run(evaluate_main, monkeypatch, world, tmp_path / "out", tmp_path / "m.json", data=data) == 1
    assert "holds no checkpoint" in capsys.readouterr().err
    assert run(finetune_main, monkeypatch, *line, **settings) == 0
    assert run(evaluate_main, monkeypatch, world, tmp_path / "out", tmp_path / "m.json", data=data) == 0
    assert read(tmp_path / "m.json")["languages"]["en"]["items"] == 2
