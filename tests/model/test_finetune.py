import json

import pytest
import torch
from task_world import arguments, caption_rows, read, world, write_dataset  # noqa: F401

from model import checkpoint
from model.evaluate import main as evaluate_main
from model.finetune import main as finetune_main
from model.finetuning import retrieval
from model.finetuning.retrieval import matching_loss
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs

QUICK = {"batch_size": 16, "learning_rate": 2e-3, "warmup_steps": 20, "contrastive_batch": 16}


def finetune(monkeypatch, *line, **settings) -> int:
    monkeypatch.setattr("sys.argv", ["finetune", *arguments(*line, **settings)])
    return finetune_main()


def evaluated(monkeypatch, *line, **settings) -> dict:
    monkeypatch.setattr("sys.argv", ["evaluate", *arguments(*line, **settings)])
    assert evaluate_main() == 0
    return read(line[-1])


@pytest.mark.slow
def test_retrieval_learns_the_languages_of_its_setting(world, tmp_path, monkeypatch):  # noqa: F811
    found = {}
    for setting in ("en", "all"):
        out = tmp_path / f"retrieval-{setting}"
        settings = QUICK | {"steps": 220, "batch_size": 32, "loss": "softmax", "task": "retrieval", "setting": setting}
        assert finetune(monkeypatch, world, world / "understanding", out, **settings) == 0
        metrics = evaluated(monkeypatch, world, out, tmp_path / f"{setting}.json")
        found[setting] = {lang: one["mR"] for lang, one in metrics["protocols"]["unique"].items()}
    assert found["en"]["en"] > 70  # chance is 44 among twelve pictures
    assert found["all"]["zh"] > found["en"]["zh"] + 10


@pytest.mark.slow
def test_captioning_learns_and_speaks_the_language_that_is_asked_for(world, tmp_path, monkeypatch):  # noqa: F811
    settings = QUICK | {"steps": 250, "task": "captioning", "setting": "all"}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "captioning-all", **settings) == 0
    metrics = evaluated(monkeypatch, world, tmp_path / "captioning-all", tmp_path / "all.json", beam=3)
    assert set(metrics["languages"]) == {"de", "en", "zh"}
    assert all(one["BLEU-4"] > 40 for one in metrics["languages"].values())
    openings = {"de": "hier sind", "en": "there is", "zh": "这里有"}
    assert all(sample["generated"].startswith(openings[sample["language"]]) for sample in metrics["samples"])


@pytest.mark.parametrize(("task", "kind"), [("retrieval", "understanding"), ("captioning", "generation")])
def test_the_same_seed_gives_the_same_weights(world, tmp_path, monkeypatch, task, kind):  # noqa: F811
    settings = QUICK | {"steps": 4, "task": task, "setting": "all"}
    for name, seed in (("first", 5), ("second", 5), ("other", 6)):
        assert finetune(monkeypatch, world, world / kind, tmp_path / name, **settings, seed=seed) == 0
    first, second, other = (
        (tmp_path / name / "weights.safetensors").read_bytes() for name in ("first", "second", "other")
    )
    assert first == second != other


def test_the_checkpoint_says_what_it_was_trained_on(world, tmp_path, monkeypatch):  # noqa: F811
    settings = QUICK | {"steps": 2, "task": "retrieval", "setting": "de"}
    assert finetune(monkeypatch, world, world / "understanding", tmp_path / "out", **settings) == 0
    training = json.loads((tmp_path / "out" / "config.json").read_text())["training"]
    assert training["texts"] == {"de": 60}
    assert training["parameters"]["setting"] == "de"
    assert training["losses"][-1]["step"] == 2


def test_hard_negatives_have_like_objects(world):  # noqa: F811
    loaded = checkpoint.load(world / "understanding", torch.device("cpu"))
    inputs = Inputs(loaded.network, loaded.tokenizer, world / "captions", world / "regions", None)

    def shared(share: float) -> float:
        """The mean number of a true picture's objects that a mismatched one has too."""
        draws = retrieval.lesson(inputs, FinetuneConfig(batch_size=32, hard_negatives=share), "en", 5).draws
        found = []
        for step in range(8):
            batch = draws(step)[0].batch
            objects = [
                set(row[mask].tolist()) for row, mask in zip(batch.regions.object_ids, batch.regions.mask, strict=True)
            ]
            found += [len(objects[i] & objects[i - i % 4]) for i in range(len(objects)) if i % 4]
        return sum(found) / len(found)

    assert shared(1.0) > shared(0.0) + 0.15


def test_both_losses_fall_when_the_true_pair_rises():
    for kind in ("binary", "softmax"):
        losses = [matching_loss(torch.tensor([[true, 0.0, 0.0, 0.0]]), kind).mean.item() for true in (-3.0, 0.0, 3.0)]
        assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(("task", "kind"), [("retrieval", "understanding"), ("captioning", "generation")])
def test_each_trains_a_network_a_language_as_that_language_alone_does(world, tmp_path, monkeypatch, task, kind):  # noqa: F811
    settings = QUICK | {"steps": 4, "task": task}
    assert finetune(monkeypatch, world, world / kind, tmp_path / "each", **settings, setting="each") == 0
    assert finetune(monkeypatch, world, world / kind, tmp_path / "zh", **settings, setting="zh") == 0
    each = tmp_path / "each"
    assert sorted(path.name for path in each.iterdir()) == ["config.json", "de", "en", "zh"]
    assert (each / "zh/weights.safetensors").read_bytes() == (tmp_path / "zh/weights.safetensors").read_bytes()
    one = evaluated(monkeypatch, world, tmp_path / "zh", tmp_path / "zh.json", beam=2, languages="zh")
    all_of_them = evaluated(monkeypatch, world, each, tmp_path / "each.json", beam=2)
    found, alone = (
        (all_of_them["protocols"]["unique"], one["protocols"]["unique"])
        if task == "retrieval" else (all_of_them["languages"], one["languages"])
    )  # fmt: skip
    assert list(found) == ["de", "en", "zh"] and found["zh"] == alone["zh"]
    assert all_of_them["checkpoint"] == "each" and all_of_them["task"] == task
    assert finetune(monkeypatch, world, world / kind, each, **settings, setting="each") == 0, "it may replace its own"


def test_none_is_the_checkpoint_as_it_is(world, tmp_path, monkeypatch):  # noqa: F811
    assert (
        finetune(monkeypatch, world, world / "understanding", tmp_path / "none", task="retrieval", setting="none") == 0
    )
    metrics = [
        evaluated(monkeypatch, world, folder, tmp_path / f"{folder.name}.json")
        for folder in (tmp_path / "none", world / "understanding")
    ]
    assert metrics[0]["protocols"] == metrics[1]["protocols"] and metrics[0]["checkpoint"] == "none"


@pytest.mark.parametrize(("task", "kind"), [("retrieval", "understanding"), ("captioning", "generation")])
def test_weights_are_chosen_by_the_tasks_metric_on_held_out_captions(world, tmp_path, monkeypatch, task, kind):  # noqa: F811
    rows = [row | ({"split": "val"} if row["split"] == "test" else {}) for n in range(72) for row in caption_rows(n)]
    captions = write_dataset(tmp_path / "captions", "captions", rows)
    settings = QUICK | {"learning_rate": 0.02, "steps": 24, "validate_every": 8}
    given = {"task": task, "setting": "all", "captions": captions}
    assert finetune(monkeypatch, world, world / kind, tmp_path / "out", **settings, **given) == 0
    training = json.loads((tmp_path / "out" / "config.json").read_text())["training"]
    missed = {line["step"]: line["missed"] for line in training["validation"]}
    assert list(missed) == [8, 16, 24] and missed[training["best_step"]] == min(missed.values())
    told = {"captions": captions, "split": "val", "captions_per_image": 1, "beam": 1}
    metrics = evaluated(monkeypatch, world, tmp_path / "out", tmp_path / "val.json", **told)
    scores = (
        [one["mR"] for one in metrics["protocols"]["unique"].values()] if task == "retrieval"
        else [one["BLEU-4"] for one in metrics["languages"].values()]
    )  # fmt: skip
    assert sum(scores) / 3 == pytest.approx(100 - min(missed.values()), abs=0.01)
    untrained = evaluated(monkeypatch, world, world / kind, tmp_path / "last.json", task=task)
    assert (metrics["weights"], untrained["weights"]) == ("best on val", "last")


@pytest.mark.parametrize(
    ("kind", "settings", "code", "message"),
    [
        ("generation", {"task": "retrieval"}, 1, "is a checkpoint of the generation network"),
        ("understanding", {"task": "captioning"}, 1, "is a checkpoint of the understanding network"),
        ("understanding", {"task": "parsing"}, 2, "one of retrieval, captioning, translation"),
        ("understanding", {"setting": "fr"}, 1, "has no caption in 'fr' whose picture has regions"),
        ("understanding", {"loss": "hinge"}, 2, "one of binary, softmax"),
        ("understanding", {"negatives": 0}, 2, "finetune: negatives is 0"),
        ("tokenizer", {}, 1, "is no checkpoint"),
    ],
)
def test_bad_input_is_one_message(world, tmp_path, monkeypatch, capsys, kind, settings, code, message):  # noqa: F811
    assert finetune(monkeypatch, world, world / kind, tmp_path / "out", **settings) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_texts_without_a_token_teach_nothing(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    write_dataset(tmp_path / "captions", "captions", [row | {"text": " "} for row in caption_rows(3)])
    settings = {"captions": tmp_path / "captions", "task": "captioning", "setting": "all"}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "out", **settings) == 1
    assert "nothing to learn in the setting 'all'" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize("lang", ["", "..", "../de", "/tmp"])
def test_a_language_that_names_no_folder_is_refused(world, tmp_path, monkeypatch, capsys, lang):  # noqa: F811
    rows = [row | {"lang": lang} for picture in range(4) for row in caption_rows(picture) if row["lang"] == "de"]
    write_dataset(tmp_path / "captions", "captions", rows)
    settings = QUICK | {"captions": tmp_path / "captions", "task": "retrieval", "setting": "each", "steps": 1}
    assert finetune(monkeypatch, world, world / "understanding", tmp_path / "out", **settings) == 1
    assert f"have the language {lang!r}" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize("setting", ["zh", "each"])
def test_what_has_nothing_to_choose_on_is_known_before_any_training(world, tmp_path, monkeypatch, capsys, setting):  # noqa: F811
    rows = [
        row | {"split": "val" if n > 60 and row["lang"] != "zh" else "train"}
        for n in range(72)
        for row in caption_rows(n)
    ]
    settings = QUICK | {"captions": write_dataset(tmp_path / "captions", "captions", rows), "task": "retrieval"}
    more = {"setting": setting, "steps": 2, "validate_every": 1}
    assert finetune(monkeypatch, world, world / "understanding", tmp_path / "out", **settings | more) == 1
    said = capsys.readouterr()
    assert "no caption in 'zh' whose picture has regions in the split 'val'" in said.err
    assert "samples/s" not in said.out and not (tmp_path / "out").exists()


def test_one_picture_has_no_negatives(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    write_dataset(tmp_path / "captions", "captions", caption_rows(3))
    settings = {"captions": tmp_path / "captions"}
    assert finetune(monkeypatch, world, world / "understanding", tmp_path / "out", **settings) == 1
    assert "captions of two different pictures" in capsys.readouterr().err


def test_a_language_that_the_checkpoint_lacks_is_named(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    rows = [row | {"lang": "fr"} for picture in range(4) for row in caption_rows(picture) if row["lang"] == "de"]
    write_dataset(tmp_path / "captions", "captions", rows)
    settings = {"captions": tmp_path / "captions", "task": "captioning", "setting": "all"}
    assert finetune(monkeypatch, world, world / "generation", tmp_path / "out", **settings) == 1
    assert "no embedding for the language 'fr'" in capsys.readouterr().err
