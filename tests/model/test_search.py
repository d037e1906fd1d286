"""Answers of a checkpoint: pictures by words, and the checkpoint that is opened for a question."""

import numpy as np
import pytest
import torch
from task_world import caption_rows, enliven, region_row, world, write_checkpoint, write_dataset  # noqa: F401

from contract.errors import InputError, UsageError
from model import checkpoint, search
from model.ask import open_checkpoint
from model.data import encode
from model.describe import describe
from model.regions import RegionStore
from model.retrieval import score_all_pairs
from model.retrieval_metrics import order_of_ties
from model.shortlist import similarities

QUERY = "there is a ring and a star here"


@pytest.fixture(scope="module")
def store(world):  # noqa: F811
    return RegionStore(world / "regions")


@pytest.fixture(params=[True, False], ids=["with head", "without"])
def opened(request, world):  # noqa: F811
    found = open_checkpoint(world / "understanding", "understanding", None, "cpu")
    if request.param:
        torch.manual_seed(2)
        found.network.add_contrastive_head()
    enliven(found.network)
    return found


def exact(opened, store, names) -> dict[str, float]:
    tokens = encode(opened.tokenizer, QUERY, 32)
    scores = score_all_pairs(opened.network, [tokens], store, [store.row_of[name] for name in names], 500).matrix[0]
    return dict(zip(names, scores.tolist(), strict=True))


def test_the_full_network_orders_what_was_picked(opened, store, monkeypatch):
    monkeypatch.setattr(search, "DEPTH", 20)
    found = search.search(opened, store, QUERY, None, top=7)
    names = sorted(store.row_of)
    scores = exact(opened, store, names)
    picked = names
    if opened.network.contrastive is not None:
        tokens = encode(opened.tokenizer, QUERY, 32)
        likeness = similarities(opened.network, [tokens], store, [store.row_of[name] for name in names], 500)[0]
        picked = [names[place] for place in np.lexsort((order_of_ties(names), -likeness))[:20]]
    assert (found.pictures, found.scored) == (72, len(picked))
    assert [hit.image_id for hit in found.hits] == sorted(picked, key=lambda name: -scores[name])[:7]
    np.testing.assert_allclose([hit.score for hit in found.hits], [scores[hit.image_id] for hit in found.hits], 1e-4)


def test_parts_of_the_pictures_change_nothing(opened, store, monkeypatch):
    whole = search.search(opened, store, QUERY, None, top=10)
    monkeypatch.setattr(search, "_AT_ONCE", 5)
    parts = search.search(opened, store, QUERY, None, top=10)
    assert [hit.image_id for hit in parts.hits] == [hit.image_id for hit in whole.hits]


def test_only_the_pictures_that_are_given_are_found(opened, store):
    found = search.search(opened, store, QUERY, ["p003", "p010", "unknown"], top=10)
    assert {hit.image_id for hit in found.hits} == {"p003", "p010"}
    with pytest.raises(InputError, match="None of the pictures has regions"):
        search.search(opened, store, QUERY, ["unknown"], top=10)


@pytest.mark.parametrize("query", ["", "  ", "\n\t"])
def test_an_empty_query_is_refused(opened, store, query):
    with pytest.raises(UsageError, match="The query is empty"):
        search.search(opened, store, query, None, top=10)


def test_a_query_in_unknown_letters_alone_is_refused(opened, store):
    with pytest.raises(UsageError, match="knows nothing of the query"):
        search.search(opened, store, "سرخ گیند", None, top=10)
    assert search.search(opened, store, "سرخ گیند ring", None, top=10).hits


def test_a_score_that_is_no_number_is_an_error(opened, store):
    opened.network.match.bias.data.fill_(float("nan"))
    with pytest.raises(InputError, match="'the query' and picture 'p"):
        search.search(opened, store, QUERY, None, top=10)


def test_a_likeness_that_is_no_number_picks_no_candidates(opened, store):
    opened.network.add_contrastive_head()
    for parameter in opened.network.contrastive.parameters():
        parameter.data.fill_(float("nan"))
    with pytest.raises(InputError, match="'the query' and picture 'p"):
        search.search(opened, store, QUERY, None, top=10)


def test_of_a_checkpoint_for_each_language_that_of_the_language_is_opened(world, tmp_path):  # noqa: F811
    for lang, layers in (("de", 1), ("en", 2)):
        write_checkpoint(tmp_path / "each" / lang, "generation", world / "tokenizer", layers=layers)
    checkpoint.save_index(tmp_path / "each", ["de", "en"], {"stage": "finetune"})
    for lang, layers in (("de", 1), ("en", 2)):
        assert open_checkpoint(tmp_path / "each", "generation", lang, "cpu").network.config.layers == layers
    with pytest.raises(UsageError, match="no language is named"):
        open_checkpoint(tmp_path / "each", "generation", None, "cpu")
    with pytest.raises(UsageError, match="the language is 'zh'"):
        open_checkpoint(tmp_path / "each", "generation", "zh", "cpu")


def test_the_wrong_checkpoint_and_an_unknown_language_are_named(world, tmp_path):  # noqa: F811
    with pytest.raises(InputError, match=r"(?s)of the generation network.*trained for retrieval"):
        open_checkpoint(world / "generation", "understanding", None, "cpu")
    with pytest.raises(InputError, match=r"(?s)of the understanding network.*trained for captioning"):
        open_checkpoint(world / "understanding", "generation", "de", "cpu")
    with pytest.raises(UsageError, match=r"knows no language 'fr'(?s:.*)de, en, zh"):
        open_checkpoint(world / "generation", "generation", "fr", "cpu")
    with pytest.raises(InputError, match="is no checkpoint"):
        open_checkpoint(tmp_path, "understanding", None, "cpu")


def test_a_caption_is_that_of_evaluation_and_a_picture_without_regions_is_named(world, store, tmp_path):  # noqa: F811
    opened = open_checkpoint(world / "generation", "generation", "de", "cpu")
    enliven(opened.network)
    texts = {describe(opened, store, f"p{picture:03d}", "de", beam=2) for picture in range(6)}
    assert len(texts) > 1, "it depends on the picture"
    with pytest.raises(InputError, match=r"none is 'p999'(?s:.*)p000, p001, p002(?s:.*)--detector"):
        describe(opened, store, "p999", "de", beam=2)
    empty = region_row(5) | {"num_regions": 0, "features": b"", "boxes": b"", "object_ids": [], "object_scores": []}
    write_dataset(tmp_path / "regions", "regions", [region_row(4), empty])
    with pytest.raises(InputError, match="'p005' has no region"):
        describe(opened, RegionStore(tmp_path / "regions"), "p005", "de", beam=2)
