import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from task_world import enliven, read, write_checkpoint

from contract.errors import InputError, UsageError
from model import checkpoint
from model.data import pad
from model.entailment_data import LABELS
from model.evaluate import main as evaluate_main
from model.evaluation.entailment import classify, decided, measured
from model.finetune import main as finetune_main
from model.network import UnderstandingNetwork, build
from model.prepared import Classified
from model.tokenizer import MODEL_FILE
from model.work import work_of

CPU = torch.device("cpu")
QUICK = {
    "task": "entailment", "steps": 120, "batch_size": 32, "learning_rate": 1e-3, "warmup_steps": 20,
}  # fmt: skip
CITIES = ["Wien", "Bern", "Rom", "Kyoto", "Lyon", "Porto"]
WEATHER = {"en": ["it rains in {}", "the sun shines in {}"], "de": ["es regnet in {}", "die Sonne scheint in {}"]}
GROUND = {"en": ["{} is wet", "{} is dry", "{} is old"], "de": ["{} ist nass", "{} ist trocken", "{} ist alt"]}


def pairs_of(lang: str, split: str) -> list[tuple[str, str, str]]:
    """Rain makes wet and sun makes dry, and neither makes old; the test has the weather of other cities."""
    return [
        (
            WEATHER[lang][sun].format(city), GROUND[lang][ground].format(city),
            "neutral" if ground == 2 else "entailment" if ground == sun else "contradiction",
        )
        for city in (CITIES[:4] if split == "train" else CITIES[4:]) for sun in range(2) for ground in range(3)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """The folder `data` with pairs in English and German, a tokenizer, and an untrained checkpoint."""
    import sentencepiece

    folder = tmp_path_factory.mktemp("entailment")
    for name in ("data", "tokenizer"):
        (folder / name).mkdir()
    texts = []
    for lang in WEATHER:
        for split in ("train", "test"):
            rows = [("premise", "hypothesis", "label"), *pairs_of(lang, split)]
            (folder / "data" / f"{split}.{lang}.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
            texts += [sentence for row in rows for sentence in row[:2]]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), vocab_size=90, hard_vocab_limit=False, model_type="word",
        model_prefix=str(folder / "tokenizer" / MODEL_FILE.removesuffix(".model")), minloglevel=2,
    )  # fmt: skip
    write_checkpoint(folder / "understanding", "understanding", folder / "tokenizer")
    return folder


def call(monkeypatch, main, source: Path, out: Path, **settings) -> int:
    """A stage's command line; settings that are None are left out."""
    given = {"checkpoint": source, "out": out, "data": source.parent / "data", "device": "cpu", "seed": 5} | settings
    words = [(f"--{name.replace('_', '-')}", str(value)) for name, value in given.items() if value is not None]
    monkeypatch.setattr("sys.argv", [main.__module__, *[word for pair in words for word in pair]])
    return main()


def finetune(monkeypatch, world, out, **settings) -> int:
    return call(monkeypatch, finetune_main, world / "understanding", out, **QUICK | settings)


def evaluated(monkeypatch, world, source, **settings) -> dict:
    out = source.with_name(f"{source.name}.json")
    assert call(monkeypatch, evaluate_main, source, out, **{"data": world / "data"} | settings) == 0
    return read(out)


def accuracies(metrics: dict) -> dict[str, float]:
    return {lang: one["accuracy"] for lang, one in metrics["languages"].items()}


def test_a_small_world_is_learnt_in_the_languages_of_its_setting(world, tmp_path, monkeypatch):
    for setting in ("en", "all", "each"):
        assert finetune(monkeypatch, world, tmp_path / setting, setting=setting) == 0
        found = accuracies(evaluated(monkeypatch, world, tmp_path / setting))
        assert found["en"] > 90
        assert list(found) == ["de", "en"]
        if setting != "en":
            assert found["de"] > 90


def test_the_setting_none_is_an_untrained_classifier(world, tmp_path, monkeypatch):
    assert finetune(monkeypatch, world, tmp_path / "none", setting="none") == 0
    assert finetune(monkeypatch, world, tmp_path / "again", setting="none") == 0
    assert finetune(monkeypatch, world, tmp_path / "other", setting="none", seed=6) == 0
    before, after = (checkpoint.load(folder, CPU).network for folder in (world / "understanding", tmp_path / "none"))
    assert after.config == dataclasses.replace(before.config, classes=LABELS)
    old, new = before.state_dict(), after.state_dict()
    assert all(torch.equal(old[name], new[name]) for name in old)
    assert sorted(new.keys() - old.keys()) == [
        f"classifier.{layer}.{kind}" for layer in ("dense", "out") for kind in ("bias", "weight")
    ]
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("none", "again", "other")]
    assert weights[0] == weights[1] != weights[2]
    metrics = evaluated(monkeypatch, world, tmp_path / "none")
    for one in metrics["languages"].values():
        assert one["accuracy"] < 60 and one["chance"] == 33.33


def test_metrics_are_told_by_language_and_the_same_call_gives_the_same_bytes(
    world, tmp_path, monkeypatch
):  # fmt: skip
    assert finetune(monkeypatch, world, tmp_path / "c", setting="none") == 0
    metrics = evaluated(monkeypatch, world, tmp_path / "c")
    first = (tmp_path / "c.json").read_bytes()
    evaluated(monkeypatch, world, tmp_path / "c")
    assert (tmp_path / "c.json").read_bytes() == first
    assert (metrics["task"], metrics["split"], metrics["labels"]) == ("entailment", "test", list(LABELS))
    assert metrics["rows_left_out"] == {}
    one = metrics["languages"]["de"]
    assert one["items"] == 12 == sum(sum(row.values()) for row in one["confusion"].values())
    right = sum(one["confusion"][label][label] for label in LABELS)
    assert one["accuracy"] == round(100 * right / 12, 2)
    found = accuracies(metrics)
    assert metrics["averages"] == {
        "non_english": found["de"],
        "all": pytest.approx(np.mean([*found.values()]), abs=0.01),
    }
    assert accuracies(evaluated(monkeypatch, world, tmp_path / "c", tokens_per_batch=1)) == found
    fewer = evaluated(monkeypatch, world, tmp_path / "c", max_pairs=5)
    assert fewer["max_pairs"] == 5 and [one["items"] for one in fewer["languages"].values()] == [5, 5]


def test_the_same_seed_gives_the_same_weights(world, tmp_path, monkeypatch):
    for name, seed in (("first", 5), ("second", 5), ("other", 6)):
        settings = {"setting": "all", "steps": 3, "seed": seed}
        assert finetune(monkeypatch, world, tmp_path / name, **settings) == 0
    first, second, other = (
        (tmp_path / name / "weights.safetensors").read_bytes() for name in ("first", "second", "other")
    )
    assert first == second != other
    training = json.loads((tmp_path / "first" / "config.json").read_text())["training"]
    assert training["texts"] == {"de": 24, "en": 24}


def test_the_best_weights_on_validation_pairs_are_kept(world, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    for path in (world / "data").iterdir():
        (tmp_path / "data" / path.name.replace("test", "val")).symlink_to(path)
    settings = {"data": tmp_path / "data", "setting": "en", "steps": 60, "validate_every": 10}
    assert finetune(monkeypatch, world, tmp_path / "c", **settings) == 0
    training = read(tmp_path / "c" / "config.json")["training"]
    best = min(training["validation"], key=lambda line: (line["missed"], line["step"]))
    assert training["best_step"] == best["step"] and len(training["validation"]) == 6
    found = evaluated(monkeypatch, world, tmp_path / "c", languages="en")
    assert found["languages"]["en"]["accuracy"] == pytest.approx(100 - best["missed"], abs=0.01)


def test_bad_rows_are_in_the_metrics(world, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "en.test.txt").write_text("a\tb\tneutral\na\tb\t-\na\tb\n")
    assert finetune(monkeypatch, world, tmp_path / "c", setting="none") == 0
    metrics = evaluated(monkeypatch, world, tmp_path / "c", data=tmp_path / "data")
    assert metrics["rows_left_out"] == {"en": {"columns": 1, "label": 1}}
    assert metrics["languages"]["en"]["items"] == 1
    assert metrics["averages"]["non_english"] is None


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"setting": "fr"}, 1, "has no pair in 'fr'"),
        ({"data": None}, 2, "--data is missing"),
        ({"steps": 0}, 2, "steps is 0"),
    ],
)
def test_what_cannot_be_learnt_is_one_message(
    world, tmp_path, monkeypatch, capsys, settings, code, message
):  # fmt: skip
    assert finetune(monkeypatch, world, tmp_path / "out", **settings) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_language_that_the_tokenizer_lacks_is_said(world, tmp_path, monkeypatch, capsys):
    assert finetune(monkeypatch, world, tmp_path / "none", setting="none") == 0
    shutil.copytree(world / "data", tmp_path / "data")
    (tmp_path / "data" / "test.ur.tsv").write_text("یہ سرخ\tگیند\tneutral\n" * 3)
    evaluated(monkeypatch, world, tmp_path / "none", data=tmp_path / "data")
    told = capsys.readouterr().out
    assert "pairs in ur: 3 of 3 hold characters that the tokenizer does not know" in told and "in en: " not in told


def test_a_checkpoint_without_classifier_is_refused(world, tmp_path, monkeypatch, capsys):
    source = world / "understanding"
    assert call(monkeypatch, evaluate_main, source, tmp_path / "m.json", task="entailment") == 1
    assert "has no classifier for entailment" in capsys.readouterr().err
    with pytest.raises(InputError, match="has no classifier"):
        checkpoint.load(source, CPU).network.classify(torch.tensor([[0, 5, 2]]))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_an_answer_that_is_no_number_names_its_pair(bad):
    with pytest.raises(InputError, match=r"answer to test\.de\.tsv:3 is \[0\.0, .*, 0\.0\]"):
        decided(np.array([[0, 1, 2], [0, bad, 0]], np.float32), ["test.de.tsv:2", "test.de.tsv:3"])


def test_ties_go_to_the_first_label():
    logits = np.array([[1, 1, 1], [0, 2, 2], [0, 0, 1]], np.float32)
    assert decided(logits, ["a", "b", "c"]).tolist() == [0, 1, 2]


def test_accuracy_chance_and_confusion_are_counted():
    answers = [("a", 0, 0), ("b", 0, 0), ("c", 0, 2), ("d", 1, 1), ("e", 2, 0)]
    one = measured(answers)
    assert (one["accuracy"], one["chance"], one["items"]) == (60.0, 60.0, 5)
    assert one["confusion"]["entailment"] == {"entailment": 2, "neutral": 0, "contradiction": 1}
    assert one["confusion"]["contradiction"] == {"entailment": 1, "neutral": 0, "contradiction": 0}
    low, high = one["accuracy_interval"]
    assert 0 < low < 60 < high <= 100


@pytest.fixture
def lively(world) -> UnderstandingNetwork:
    network = checkpoint.load(world / "understanding", CPU).network
    network.add_classes(LABELS, 1)
    enliven(network)
    return network.eval()


def test_padding_and_packing_change_no_answer(lively):
    texts = [np.array([0, *range(5, 5 + length), 2]) for length in (3, 9, 1, 9)]
    alone = np.concatenate([lively.classify(pad([text])).detach().numpy() for text in texts])
    np.testing.assert_allclose(classify(lively, texts, 1000), alone, atol=1e-5)
    np.testing.assert_allclose(classify(lively, texts, 12), alone, atol=1e-5)
    lively.packs = False
    np.testing.assert_allclose(classify(lively, texts, 1000), alone, atol=1e-5)
    assert np.ptp(alone, axis=0).min() > 0.01


def test_shares_of_a_batch_add_up_to_its_loss(lively):
    tokens = pad([np.array([0, *range(5, 5 + length), 2]) for length in (3, 9, 1)])
    batch = Classified(("a", "b", "c"), tokens, torch.tensor([0, 2, 1]))
    shares = [batch.share(rank, 2).loss(lively) for rank in range(2)]
    assert sum(share.count for share in shares) == batch.count == 3
    assert sum(share.total.item() for share in shares) == pytest.approx(batch.loss(lively).total.item(), rel=1e-5)


def test_the_work_of_a_batch_is_counted(lively):
    tokens = pad([np.array([0, *range(5, 5 + length), 2]) for length in (3, 9)])
    work = work_of(Classified(("a", "b"), tokens, torch.tensor([0, 2])), lively.config)
    assert (work.samples, work.tokens) == (2, 5 + 11)
    width, positions, squares = 32, 16, 5**2 + 11**2
    whole_layer = 12 * width**2 * positions + 2 * width * squares
    last_layer = 2 * width**2 * (2 + positions) + 2 * width * positions + 8 * width**2 * 2
    assert work.operations == 6 * (whole_layer + last_layer + 2 * width * (width + 3))


def test_fresh_classifiers_depend_on_seed_and_classes_alone(world):
    first, second, other = (checkpoint.load(world / "understanding", CPU).network for _ in range(3))
    for network, seed in ((first, 1), (second, 1), (other, 2)):
        torch.manual_seed(seed + id(network))
        network.add_classes(LABELS, seed)
    weights = [network.classifier.dense.weight for network in (first, second, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    assert weights[0].std().item() == pytest.approx(0.02 * (768 / 32) ** 0.5, rel=0.1)
    assert not first.classifier.training
    second.add_classes(LABELS, 9)
    assert torch.equal(weights[0], second.classifier.dense.weight), "one of the same classes is kept"
    second.add_classes(("yes", "no"), 9)
    assert second.classify(torch.tensor([[0, 5, 2]])).shape == (1, 2)


@pytest.mark.parametrize(
    ("network", "classes"),
    [("generation", LABELS), ("understanding", ("yes",)), ("understanding", ("yes", "yes", "no"))],
)
def test_classes_that_cannot_be_meant_are_refused(world, network, classes):
    config = checkpoint.read_config(world / "understanding")[0]
    with pytest.raises(UsageError, match="classes is"):
        build(dataclasses.replace(config, network=network, classes=classes))


def test_classes_without_their_weights_are_refused(world, tmp_path):
    for name in ("weights.safetensors", checkpoint.MODEL_FILE):
        (tmp_path / name).symlink_to(world / "understanding" / name)
    values = read(world / "understanding" / "config.json")
    values["network"]["classes"] = list(LABELS)
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(InputError, match="do not fit its configuration"):
        checkpoint.load(tmp_path, CPU)


def test_a_checkpoint_from_before_there_were_classifiers_still_loads(world, tmp_path):
    for name in ("weights.safetensors", checkpoint.MODEL_FILE):
        (tmp_path / name).symlink_to(world / "understanding" / name)
    values = read(world / "understanding" / "config.json")
    del values["network"]["classes"]
    (tmp_path / "config.json").write_text(json.dumps(values))
    assert checkpoint.load(tmp_path, CPU).network.classifier is None
