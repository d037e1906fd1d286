"""The published layout against a slow, literal computation, and wherever a checkpoint of it is used."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from published_world import CLASSES, FEATURES, HEADS, LAYERS, POSITIONS, WIDTH, published_file, published_weights
from task_world import arguments, read, world, write_dataset  # noqa: F401

from contract.dataset import Dataset
from contract.errors import InputError, UsageError
from model import checkpoint, objectives
from model.config import NetworkConfig
from model.evaluate import main as evaluate_main
from model.finetune import main as finetune_main
from model.match import main as match_main
from model.network import Regions, build
from model.objectives import Places
from model.published import names, read_published, to_published
from model.regions import RegionStore
from model.retrieval import score_all_pairs
from model.start import begin
from model.start_from import read_start
from model.tokenizer import BOS, EOS, PAD, Tokenizer

VOCABULARY = 50


@pytest.fixture
def network(tmp_path):
    torch.save(published_file(VOCABULARY), tmp_path / "checkpoint.pth")
    return read_published(tmp_path / "checkpoint.pth", HEADS, 0.0, 16).network


def literal_joint(weights: dict[str, torch.Tensor], tokens: list[int], features, locations) -> torch.Tensor:
    """The joint pass of one caption and one picture [R + T, D], from the published names, in plain operations."""

    def linear(name: str, x: torch.Tensor) -> torch.Tensor:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        centred = x - x.mean(dim=-1, keepdim=True)
        scaled = centred / torch.sqrt((centred**2).mean(dim=-1, keepdim=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def unit(x: torch.Tensor) -> torch.Tensor:
        return x / torch.sqrt((x**2).sum(dim=-1, keepdim=True))

    image = linear("image_embeddings.image_embeddings", unit(features))
    image = norm(
        "image_embeddings.LayerNorm", image + linear("image_embeddings.image_location_embeddings", unit(locations))
    )
    x = torch.cat([image, weights["embeddings.weight"][tokens]])
    x = norm("layer_norm_emb", x + weights["position_embeddings.weight"][: len(x)])
    size = WIDTH // HEADS
    for layer in range(LAYERS):
        q, k, v = (linear(f"attentions.{layer}.{name}_lin", x) for name in "qkv")
        heads = []
        for start in range(0, WIDTH, size):
            part = slice(start, start + size)
            heads.append(torch.softmax(q[:, part] @ k[:, part].T / math.sqrt(size), dim=-1) @ v[:, part])
        x = norm(f"layer_norm1.{layer}", x + linear(f"attentions.{layer}.out_lin", torch.cat(heads, dim=-1)))
        inner = linear(f"ffns.{layer}.lin1", x)
        inner = inner * (1 + torch.erf(inner / math.sqrt(2))) / 2
        x = norm(f"layer_norm2.{layer}", x + linear(f"ffns.{layer}.lin2", inner))
    return x


def literal_matching(weights: dict[str, torch.Tensor], joint: torch.Tensor) -> torch.Tensor:
    pooled = torch.tanh(joint[0] @ weights["pooled_layer.dense.weight"].T + weights["pooled_layer.dense.bias"])
    return pooled @ weights["seq_relationship.weight"][0] + weights["seq_relationship.bias"][0]


CAPTIONS = [[BOS, 9, 8, 7, EOS], [BOS, 10, EOS]]
COUNTS = [2, 5]  # regions of the two pictures


@pytest.fixture
def batch():
    """Two captions and two pictures, padded, with garbage where no region is."""
    draw = torch.Generator().manual_seed(3)
    tokens = torch.tensor([[*caption, *[PAD] * (5 - len(caption))] for caption in CAPTIONS])
    mask = torch.arange(5)[None] < torch.tensor(COUNTS)[:, None]
    features, locations = (torch.rand(2, 5, size, generator=draw) for size in (FEATURES, 5))
    return tokens, Regions(features * 4, locations, mask, torch.randint(CLASSES, (2, 5), generator=draw))


@pytest.mark.parametrize("packs", [True, False])
@torch.inference_mode()
def test_the_joint_pass_and_every_head_are_those_of_the_published_layout(network, batch, packs):
    network.packs = packs
    tokens, regions = batch
    weights = published_weights(VOCABULARY)
    hidden, scores = network.joint(tokens, regions), network.matching(tokens, regions)
    expected_scores = []
    for row, (caption, count) in enumerate(zip(CAPTIONS, COUNTS, strict=True)):
        expected = literal_joint(weights, caption, regions.features[row, :count], regions.locations[row, :count])
        found = torch.cat([hidden[row, 5 : 5 + count], hidden[row, : len(caption)]])
        torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)
        expected_scores.append(literal_matching(weights, expected))
        words, seen = hidden[row, : len(caption)], hidden[row, 5 : 5 + count]
        logits = words @ weights["embeddings.weight"].T + weights["pred_layer.proj.bias"]
        torch.testing.assert_close(network.vocabulary(words), logits, atol=1e-4, rtol=0)
        features = seen @ weights["mrfr_dense.weight"].T + weights["mrfr_dense.bias"]
        torch.testing.assert_close(network.region_feature(seen), features, atol=1e-4, rtol=0)
    torch.testing.assert_close(scores, torch.stack(expected_scores), atol=2e-5, rtol=0)
    assert abs(scores[0] - scores[1]) > 0.01  # so that the comparison says something


@torch.inference_mode()
def test_text_alone_stands_at_positions_from_zero(network):
    weights = published_weights(VOCABULARY)
    summed = weights["embeddings.weight"][CAPTIONS[0]] + weights["position_embeddings.weight"][:5]
    expected = torch.nn.functional.layer_norm(
        summed, (WIDTH,), weights["layer_norm_emb.weight"], weights["layer_norm_emb.bias"], 1e-12
    )
    torch.testing.assert_close(network.embeddings.text(torch.tensor(CAPTIONS[:1]))[0], expected)


def test_every_weight_of_the_network_has_a_published_name_and_every_published_one_comes_back(network):
    assert set(names(LAYERS).values()) == {name for name, _ in network.named_parameters()}
    weights, back = published_weights(VOCABULARY), to_published(network)
    assert back.keys() == weights.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in weights.items())


@torch.inference_mode()
def test_a_picture_without_regions_is_scored_from_the_first_word(network, batch):
    tokens, regions = batch
    none = dataclasses.replace(regions, mask=torch.zeros_like(regions.mask))
    expected = network.matching_logits(network.text(tokens))
    torch.testing.assert_close(network.matching(tokens, none), expected)
    no_place = Regions(*(getattr(regions, field.name)[:, :0] for field in dataclasses.fields(regions)))
    torch.testing.assert_close(network.matching(tokens, no_place), expected)


def test_more_regions_than_there_are_positions_are_one_message(network, batch):
    tokens, regions = batch
    many = Regions(*(getattr(regions, f.name).repeat_interleave(8, 1) for f in dataclasses.fields(regions)))
    with pytest.raises(InputError, match=r"40 regions and a text of 5 tokens meet.\n.*40 positions"):
        network.joint(tokens, many)


def test_pretraining_losses_are_finite_and_reach_the_weights(network, batch):
    tokens, regions = batch
    words = Places.where(tokens == 9)
    chosen = torch.tensor([[True, *[False] * 4], [False, True, *[False] * 3]])
    network.train()
    loss = (
        objectives.masked_language_loss(network, tokens, tokens, words).mean
        + objectives.multimodal_masked_language_loss(network, tokens, tokens, regions, words).mean
        + objectives.masked_region_loss(network, tokens, regions, chosen, Places.where(chosen)).mean
        + objectives.matching_loss(network, tokens, regions, torch.tensor([1.0, 0.0])).mean
    )
    loss.backward()
    assert torch.isfinite(loss)
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in network.parameters())


@pytest.fixture
def imported(world, tmp_path):  # noqa: F811
    vocabulary = Tokenizer(world / "tokenizer").vocabulary
    torch.save(published_file(vocabulary), tmp_path / "published.pth")
    network = read_published(tmp_path / "published.pth", HEADS, 0.0, 32).network
    checkpoint.save(tmp_path / "imported", network, world / "tokenizer", {"stage": "import"})
    return tmp_path / "imported"


@torch.inference_mode()
def test_retrieval_scores_all_pairs_as_one_pair_alone(imported, world):  # noqa: F811
    loaded, store = checkpoint.load(imported, torch.device("cpu")), RegionStore(world / "regions")
    captions = [np.array(one) for one in ([BOS, 9, 8, 7, EOS], [BOS, 10, EOS], [BOS, 11, 12, EOS], [BOS, EOS])]
    pictures = [5, 0, 33, 12, 7, 3]  # of two and of three regions
    assert len({len(store.object_ids[row]) for row in pictures}) > 1
    weights = published_weights(loaded.tokenizer.vocabulary)
    expected = []
    for caption in captions:
        for row in pictures:
            one = store.batch([row])
            expected.append(
                literal_matching(weights, literal_joint(weights, caption, one.features[0], one.locations[0]))
            )
    for tokens_per_batch in (1, 50, 10_000):
        scores = score_all_pairs(loaded.network, captions, store, pictures, tokens_per_batch).matrix
        np.testing.assert_allclose(scores.ravel(), torch.stack(expected).numpy(), atol=3e-5)
    assert np.std(scores) > 1e-3


def test_it_is_evaluated_and_fine_tuned_as_it_is(imported, world, tmp_path, monkeypatch):  # noqa: F811
    small = {"steps": 2, "batch_size": 4, "warmup_steps": 1, "task": "retrieval", "setting": "en"}
    line = arguments(world, imported, tmp_path / "tuned", **small)
    monkeypatch.setattr("sys.argv", ["finetune", *line])
    assert finetune_main() == 0
    tuned = checkpoint.load(tmp_path / "tuned", torch.device("cpu"))
    assert tuned.network.config.compat and tuned.network.config.positions == POSITIONS
    monkeypatch.setattr("sys.argv", ["evaluate", *arguments(world, tmp_path / "tuned", tmp_path / "metrics.json")])
    assert evaluate_main() == 0
    assert read(tmp_path / "metrics.json")["task"] == "retrieval"


def test_pretraining_does_not_go_on_from_it(imported, world):  # noqa: F811
    start = read_start(imported)
    ours = dataclasses.replace(checkpoint.read_config(imported)[0], layout="m3p", positions=None)
    with pytest.raises(InputError, match="was trained with layout 'm3p-compat'; this network has 'm3p'"):
        begin(build(ours), start, world / "tokenizer")


def test_it_matches_pairs_for_the_triples_as_it_scores_them(imported, world, tmp_path):  # noqa: F811
    rows = [
        {"image_id": f"p{picture:03d}", "query_id": f"{picture:016x}", "lang": "en", "query": "a cube and a ball"}
        for picture in range(6)
    ]  # fmt: skip
    write_dataset(tmp_path / "pairs", "pairs", rows)
    paths = {"checkpoint": imported, "pairs": tmp_path / "pairs", "regions": world / "regions", "out": tmp_path / "out"}
    line = [word for name, value in paths.items() for word in (f"--{name}", str(value))]
    assert match_main([*line, "--device", "cpu"]) == 0
    loaded, store = checkpoint.load(imported, torch.device("cpu")), RegionStore(world / "regions")
    tokens = np.array([BOS, *loaded.tokenizer.encode("a cube and a ball"), EOS])
    expected = score_all_pairs(loaded.network, [tokens], store, [store.row_of[row["image_id"]] for row in rows], 500)
    found = {row["image_id"]: row["score"] for row in Dataset(tmp_path / "out", "matching").rows()}
    np.testing.assert_allclose([found[row["image_id"]] for row in rows], expected.matrix[0], atol=3e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"network": "generation"}, "the understanding network"),
        ({"feature_scaling": "standard"}, "unit features"),
        ({"positions": None}, "both of one layout"),
        ({"layout": "m3p"}, "both of one layout"),
        ({"layout": "other"}, "one of m3p, m3p-compat"),
        ({"positions": 16}, "one region at least"),
    ],
)
def test_a_configuration_of_no_layout_is_refused(network, change, said):
    with pytest.raises(UsageError, match=said):
        NetworkConfig(**dataclasses.asdict(network.config) | change)
