import numpy as np
import pytest
import torch
from task_world import enliven, world, write_checkpoint  # noqa: F401

from model import checkpoint
from model.data import encode, pad
from model.regions import RegionStore
from model.retrieval import score_all_pairs

TEXTS = ["there is a cube and a ball here", "ring", "Stern und Kegel", "这里有圆球", "disk and a star", ""]


@pytest.fixture(params=[1, 2, 3])
def loaded(request, world, tmp_path):  # noqa: F811
    folder = write_checkpoint(tmp_path / "checkpoint", "understanding", world / "tokenizer", layers=request.param)
    found = checkpoint.load(folder, torch.device("cpu"))
    enliven(found.network)
    return found


@torch.inference_mode()
def one_pair(network, tokens, store, picture) -> float:
    hidden = network.joint(pad([tokens]), store.batch([picture]))
    return network.matching_logits(hidden).item()


@pytest.mark.parametrize("tokens_per_batch", [1, 40, 100_000])
def test_every_pair_has_the_score_that_it_has_alone(loaded, world, tokens_per_batch):  # noqa: F811
    store = RegionStore(world / "regions")
    tokens = [encode(loaded.tokenizer, text, 32) for text in TEXTS]
    pictures = [5, 0, 33, 12, 7, 3, 6]
    scores = score_all_pairs(loaded.network, tokens, store, pictures, tokens_per_batch)
    expected = [[one_pair(loaded.network, one, store, picture) for picture in pictures] for one in tokens]
    np.testing.assert_allclose(scores.matrix, expected, atol=1e-5)
    assert np.std(expected) > 1e-3  # so that the comparison says something
    assert scores.pairs_per_second > 0
