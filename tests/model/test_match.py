"""A checkpoint's matching scores of pairs: what the relevance model of the triples looks at."""

import numpy as np
import pytest
import torch
from task_world import (
    THINGS,
    world,  # noqa: F401
    write_dataset,
)

from contract.dataset import Dataset
from model import checkpoint
from model.data import encode, pad
from model.match import main
from model.regions import RegionStore

QUERIES = [f"a {thing} here" + " and there" * number for number, thing in enumerate(THINGS["en"])]


@pytest.fixture
def pairs(tmp_path):
    rows = [
        {"image_id": f"p{picture:03d}", "query_id": f"{number:016x}", "lang": "en", "query": query}
        for picture in range(68, 74) for number, query in enumerate(QUERIES)
    ]  # fmt: skip
    return write_dataset(tmp_path / "pairs", "pairs", rows)


def scores(world, pairs, out, kind="understanding", **settings):  # noqa: F811
    given = {"checkpoint": world / kind, "pairs": pairs, "regions": world / "regions", "out": out, "device": "cpu"}
    line = [part for name, value in (given | settings).items() for part in (f"--{name.replace('_', '-')}", str(value))]
    assert main(line) == 0
    return {(row["image_id"], row["query_id"]): row["score"] for row in Dataset(out, "matching").rows()}


def test_scores_are_the_networks_own_whatever_they_are_batched_with(world, pairs, tmp_path):  # noqa: F811
    found = scores(world, pairs, tmp_path / "matching", batch_size=7)
    assert found == pytest.approx(scores(world, pairs, tmp_path / "single", batch_size=1), abs=1e-4)
    loaded, store = checkpoint.load(world / "understanding", torch.device("cpu")), RegionStore(world / "regions")
    expected = {}
    with torch.inference_mode():
        for picture in range(68, 72):
            for number, query in enumerate(QUERIES):
                text = pad([encode(loaded.tokenizer, query, 32)])
                logit = loaded.network.matching(text, store.batch([store.row_of[f"p{picture:03d}"]]))
                expected[f"p{picture:03d}", f"{number:016x}"] = float(logit)
    assert {pair: found[pair] for pair in expected} == pytest.approx(expected, abs=1e-4)
    assert np.std(list(expected.values())) > 0
    without = {pair: score for pair, score in found.items() if pair not in expected}
    assert len(without) == 2 * len(QUERIES), "pictures that have no regions"
    assert max(without.values()) <= max(expected.values())


def test_a_network_that_generates_text_is_refused(world, pairs, tmp_path, capsys):  # noqa: F811
    given = ["--checkpoint", str(world / "generation"), "--pairs", str(pairs), "--regions", str(world / "regions")]
    assert main([*given, "--out", str(tmp_path / "matching")]) == 2
    assert "understanding network" in capsys.readouterr().err and not (tmp_path / "matching").exists()
