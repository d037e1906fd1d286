"""The contrastive head against its definition, and shortlists against brute force."""

import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from task_world import arguments, enliven, read, region_row, world, write_checkpoint, write_dataset  # noqa: F401

from contract.errors import InputError
from contract.hashing import stable_hash
from model import checkpoint
from model.data import encode, pad
from model.evaluate import main as evaluate_main
from model.finetune import main as finetune_main
from model.prepared import Contrasted
from model.regions import RegionStore
from model.retrieval import score_all_pairs
from model.retrieval_metrics import ranks
from model.shortlist import candidates, candidates_first, shortlisted, similarities
from model.similarity import contrastive_loss, similarity
from model.work import work_of

TEXTS = ["there is a cube and a ball here", "ring", "Stern und Kegel", "这里有圆球", "disk and a star", ""]
PICTURES = [5, 0, 33, 12, 7, 3, 6]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def store(world):  # noqa: F811
    return RegionStore(world / "regions")


@pytest.fixture
def loaded(world):  # noqa: F811
    found = checkpoint.load(world / "understanding", CPU)
    torch.manual_seed(2)
    found.network.add_contrastive_head()
    enliven(found.network)
    return found


def tokens_of(loaded, texts=TEXTS):
    return [encode(loaded.tokenizer, text, 32) for text in texts]


@torch.inference_mode()
def by_definition(network, tokens, regions) -> float:
    """One caption and one picture, word after word and region after region."""
    head = network.contrastive
    hidden = {
        "text": network.text(pad([tokens]))[0],
        "picture": network.encode(network.embeddings.regions(regions), regions.mask)[0],
    }
    vectors, weights = {}, {}
    for side, states in hidden.items():
        projected = getattr(head, side).vector(states).tolist()
        lengths = [math.sqrt(sum(number * number for number in vector)) for vector in projected]
        vectors[side] = [[x / length for x in vector] for vector, length in zip(projected, lengths, strict=True)]
        powers = [math.exp(number) for number in getattr(head, side).weight(states)[:, 0].tolist()]
        weights[side] = [power / sum(powers) for power in powers]
    total = 0.0
    for one, other in (("text", "picture"), ("picture", "text")):
        for vector, weight in zip(vectors[one], weights[one], strict=True):
            total += weight * max(sum(a * b for a, b in zip(vector, found, strict=True)) for found in vectors[other])
    return total


@pytest.mark.parametrize("tokens_per_batch", [1, 30, 100_000])
def test_similarities_are_those_of_the_definition(loaded, store, tokens_per_batch):
    tokens = tokens_of(loaded)
    found = similarities(loaded.network, tokens, store, PICTURES, tokens_per_batch)
    expected = [[by_definition(loaded.network, one, store.batch([row])) for row in PICTURES] for one in tokens]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.std(expected) > 1e-2


def test_padding_changes_no_similarity(loaded, store):
    network, tokens = loaded.network, tokens_of(loaded)
    with torch.inference_mode():
        padded = similarity(network.embedded_texts(pad(tokens)), network.embedded_pictures(store.batch(PICTURES)))
    np.testing.assert_allclose(padded, similarities(network, tokens, store, PICTURES, 1000), atol=1e-5)


def test_a_network_without_the_head_says_so(world, store):  # noqa: F811
    plain = checkpoint.load(world / "understanding", CPU)
    with pytest.raises(InputError, match="no contrastive head"):
        similarities(plain.network, tokens_of(plain), store, PICTURES, 100)


def test_true_pairs_beside_the_diagonal_are_no_mismatched_ones():
    logits = torch.tensor([[2.0, 5.0, 1.0], [0.0, 3.0, 1.0], [0.5, 0.0, 1.0]])
    true = torch.eye(3, dtype=torch.bool)
    true[0, 1] = True

    def loss_of(row: list[float], own: float) -> float:
        return math.log(sum(map(math.exp, row))) - own

    rows = loss_of([2, 1], 2) + loss_of([0, 3, 1], 3) + loss_of([0.5, 0, 1], 1)
    columns = loss_of([2, 0, 0.5], 2) + loss_of([3, 0], 3) + loss_of([1, 1, 1], 1)
    assert contrastive_loss(logits, true).item() == pytest.approx((rows + columns) / 2, abs=1e-6)


def test_a_batch_stays_together_and_its_work_is_known(loaded, store):
    tokens = pad(tokens_of(loaded)[:3])
    batch = Contrasted(
        ("a", "b", "c"), tokens, store.batch([5, 0, 33]), torch.eye(3, dtype=torch.bool), 2.0, together=3
    )
    whole, none = batch.share(0, 2), batch.share(1, 2)
    asked = [part.loss(loaded.network) for part in (batch, whole, none)]
    assert [one.count for one in asked] == [3, 3, 0]
    assert asked[0].total == asked[1].total > 0 and asked[2].total == 0
    asked[2].total.backward()  # so that processes that hold no row can gather gradients
    half = Contrasted(batch.keys, tokens, batch.regions, batch.true_BB, 1.0, together=3).loss(loaded.network)
    torch.testing.assert_close(asked[0].total, 2 * half.total)
    work = work_of(batch, loaded.network.config)
    assert work.samples == 3 and work.operations > 0
    assert work.tokens == int((tokens != 1).sum()) + int(batch.regions.mask.sum())


def brute_force(scores, caption_ids, image_ids, depth):
    """The pairs among the best of their caption or picture; of equal ones, those whose hash comes first."""

    def best(found: dict[str, float]) -> list[str]:
        return sorted(found, key=lambda name: (-found[name], stable_hash("ties", name), name))[:depth]

    chosen = np.zeros(scores.shape, bool)
    for row in range(len(caption_ids)):
        for image in best({image: scores[row, column] for column, image in enumerate(image_ids)}):
            chosen[row, image_ids.index(image)] = True
    for column in range(len(image_ids)):
        for caption in best({caption: scores[row, column] for row, caption in enumerate(caption_ids)}):
            chosen[caption_ids.index(caption), column] = True
    return chosen


@pytest.mark.parametrize("seed", range(50))
def test_candidates_are_those_of_brute_force(seed):
    draw = np.random.default_rng(seed)
    captions, pictures, depth = draw.integers(1, 12), draw.integers(1, 12), int(draw.integers(1, 14))
    scores = draw.integers(0, 4, (captions, pictures)).astype(np.float32)  # many ties
    ids = [f"c{row}" for row in range(captions)], [f"p{column}" for column in range(pictures)]
    assert (candidates(scores, *ids, depth) == brute_force(scores, *ids, depth)).all()


def test_candidates_stand_first_by_their_joint_scores_and_the_others_by_similarity():
    joint = np.array([[np.nan, -7.0, 3.0, np.nan, np.nan]], np.float32)
    likeness = np.array([[1.5, -1.0, -2.0, 1.5 - 1e-6, 2.0]], np.float32)
    order = candidates_first(joint, likeness, ~np.isnan(joint))
    assert np.argsort(-order[0]).tolist() == [2, 1, 4, 0, 3]
    np.testing.assert_array_equal(order[0, 1:3], [-7.0, 3.0])


@pytest.mark.parametrize("what", ["joint", "similarity"])
def test_a_score_that_is_no_number_is_an_error_and_never_a_rank(what):
    joint = np.array([[1.0, np.nan], [np.nan, 2.0]], np.float32)
    likeness, chosen = np.ones((2, 2), np.float32), np.eye(2, dtype=bool)
    (joint if what == "joint" else likeness)[1 if what == "joint" else 0, 1] = np.nan
    with pytest.raises(InputError, match="finite number"):
        ranks(candidates_first(joint, likeness, chosen), ["a", "b"], ["x", "y"], [0, 1])


@pytest.mark.parametrize("layers", [1, 2])
def test_a_shortlist_scores_its_candidates_as_the_full_network_does(world, store, tmp_path, layers):  # noqa: F811
    folder = write_checkpoint(tmp_path / "checkpoint", "understanding", world / "tokenizer", layers=layers)
    loaded = checkpoint.load(folder, CPU)
    loaded.network.add_contrastive_head()
    enliven(loaded.network)
    tokens, ids = tokens_of(loaded), [f"c{row}" for row in range(len(TEXTS))]
    images = [f"p{row}" for row in PICTURES]
    exact = score_all_pairs(loaded.network, tokens, store, PICTURES, 200).matrix
    for depth, tokens_per_batch in ((2, 200), (2, 1), (1, 60)):
        found = shortlisted(loaded.network, tokens, ids, store, PICTURES, images, depth, tokens_per_batch)
        likeness = similarities(loaded.network, tokens, store, PICTURES, 200)
        chosen = brute_force(likeness, ids, images, depth)
        assert found.joint_passes == chosen.sum() < exact.size
        np.testing.assert_allclose(found.order_CP[chosen], exact[chosen], atol=1e-5)
        assert found.order_CP[~chosen].max() < found.order_CP[chosen].min()
    everything = shortlisted(loaded.network, tokens, ids, store, PICTURES, images, 40, 200)
    assert everything.joint_passes == exact.size
    np.testing.assert_allclose(everything.order_CP, exact, atol=1e-5)


def finetune(monkeypatch, world, out, **settings) -> int:  # noqa: F811
    settings = {"task": "retrieval", "setting": "en", "batch_size": 16, "steps": 2, "contrastive_batch": 20} | settings
    monkeypatch.setattr("sys.argv", ["finetune", *arguments(world, world / "understanding", out, **settings)])
    return finetune_main()


def evaluated(monkeypatch, world, folder, out, **settings) -> dict:  # noqa: F811
    monkeypatch.setattr("sys.argv", ["evaluate", *arguments(world, folder, out, **settings)])
    assert evaluate_main() == 0
    return read(out)


def test_fine_tuning_adds_the_head_and_a_weight_of_0_adds_none(world, tmp_path, monkeypatch):  # noqa: F811
    assert finetune(monkeypatch, world, tmp_path / "with") == 0
    assert finetune(monkeypatch, world, tmp_path / "without", contrastive=0) == 0
    names = {name: set(load_file(tmp_path / name / checkpoint.WEIGHTS)) for name in ("with", "without")}
    assert {name.split(".")[0] for name in names["with"] - names["without"]} == {"contrastive"}
    assert names["without"] == set(load_file(world / "understanding" / checkpoint.WEIGHTS))
    losses = json.loads((tmp_path / "with" / checkpoint.CONFIG).read_text())["training"]["losses"]
    assert set(losses[-1]) == {"step", "learning_rate", "matching", "contrastive"}
    assert checkpoint.load(tmp_path / "with", CPU).network.contrastive is not None


def test_a_head_that_is_there_is_trained_on(world, tmp_path, monkeypatch):  # noqa: F811
    assert finetune(monkeypatch, world, tmp_path / "first", contrastive_batch=20) == 0
    line = arguments(world, tmp_path / "first", tmp_path / "second", task="retrieval", steps=1, learning_rate=1e-9)
    monkeypatch.setattr("sys.argv", ["finetune", *line, "--contrastive-batch", "20"])
    assert finetune_main() == 0
    first, second = (load_file(tmp_path / name / checkpoint.WEIGHTS) for name in ("first", "second"))
    torch.testing.assert_close(second["contrastive.text.vector.weight"], first["contrastive.text.vector.weight"])


def test_evaluation_tells_the_shortlist_beside_the_exact_figures(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    assert finetune(monkeypatch, world, tmp_path / "tuned") == 0
    metrics = evaluated(monkeypatch, world, tmp_path / "tuned", tmp_path / "m.json", shortlist_depth=2)
    told = metrics["shortlist"]
    assert told["depth"] == 2 and list(told["languages"]) == ["de", "en", "zh"]
    english, exact = told["languages"]["en"], metrics["protocols"]["unique"]["en"]
    assert english["exact_mR"] == exact["mR"] and english["exact_passes"] == 24 * 12
    assert english["difference"] == pytest.approx(exact["mR"] - english["mR"], abs=0.01)
    assert 24 * 2 <= english["joint_passes"] <= 24 * 2 + 12 * 2
    assert told["joint_passes"] == sum(one["joint_passes"] for one in told["languages"].values())
    assert abs(told["largest_difference"]) == max(abs(one["difference"]) for one in told["languages"].values())
    assert "en: shortlist of 2: mR" in capsys.readouterr().out
    everything = evaluated(monkeypatch, world, tmp_path / "tuned", tmp_path / "all.json", shortlist_depth=24)
    assert everything["shortlist"]["largest_difference"] == 0.0
    assert everything["shortlist"]["joint_passes"] == everything["shortlist"]["exact_passes"]


def test_a_checkpoint_without_the_head_is_evaluated_exactly_and_it_is_said(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    metrics = evaluated(monkeypatch, world, world / "understanding", tmp_path / "m.json", shortlist_depth=2)
    assert "shortlist" not in metrics and "no contrastive head: no shortlist" in capsys.readouterr().out


@pytest.mark.slow
def test_a_head_learns_to_pick_the_right_pictures(world, tmp_path, monkeypatch):  # noqa: F811
    settings = {"steps": 60, "batch_size": 8, "negatives": 1, "learning_rate": 2e-3, "contrastive_batch": 60}
    settings |= {"warmup_steps": 20}
    assert finetune(monkeypatch, world, tmp_path / "tuned", **settings) == 0
    metrics = evaluated(monkeypatch, world, tmp_path / "tuned", tmp_path / "m.json", shortlist_depth=3, languages="en")
    assert metrics["shortlist"]["languages"]["en"]["text_to_image"]["R@5"] > 90  # 42 by chance


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"contrastive": -1}, "contrastive is -1"), ({"contrastive_batch": 1}, "contrastive_batch is 1")],
)
def test_settings_that_cannot_be_meant(world, tmp_path, monkeypatch, capsys, settings, message):  # noqa: F811
    assert finetune(monkeypatch, world, tmp_path / "out", **settings) == 2
    assert message in capsys.readouterr().err
