"""One sampler, two callers: what training draws anew in an epoch is what the stage writes as that variant."""

import json

import numpy as np
import pytest
from task_world import THINGS, world, write_dataset  # noqa: F401

from contract.dataset import Dataset
from contract.errors import InputError
from contract.hashing import MANIFEST
from model.data import read_codeswitch
from model.regions import RegionStore
from model.switching import SwitchedAnew
from model.tokenizer import Tokenizer
from pipelines.codeswitch.stage import main

LONGEST = 32
SETTINGS = {
    "word_probability": 0.5, "sentence_share": 0.8, "language_draw": "sentence", "languages": "de,zh",
    "language_weights": '{"zh": 2}', "never": "ring", "translation_draw": "score",
}  # fmt: skip


def write_lexicon(folder, things=THINGS):
    rows = [
        {"source": english, "lang": lang, "targets": sorted([things[lang][number], f"{things[lang][number]}x"]),
         "scores": [3.0, 1.0], "origins": ["test"]}
        for lang in ("de", "zh") for number, english in enumerate(things["en"])
    ]  # fmt: skip
    return write_dataset(folder, "lexicon", [*rows, rows[0] | {"lang": "fr"}])


@pytest.fixture(scope="module")
def made(world, tmp_path_factory):  # noqa: F811
    """A lexicon, and four variants of the world's captions, by the stage itself."""
    folder = tmp_path_factory.mktemp("switched")
    write_lexicon(folder / "lexicon")
    paths = ["--captions", str(world / "captions"), "--lexicon", str(folder / "lexicon"), "--out", str(folder / "out")]
    given = [word for name, value in SETTINGS.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    assert main([*paths, *given, "--variants", "4", "--seed", "11", "--workers", "1"]) == 0
    return folder


@pytest.fixture(scope="module")
def anew(world, made):  # noqa: F811
    tokenizer, store = Tokenizer(world / "tokenizer"), RegionStore(world / "regions")
    return SwitchedAnew(made / "out", made / "lexicon", world / "captions", tokenizer, store, LONGEST)


def test_an_epoch_sees_the_variant_of_its_number(world, made, anew):  # noqa: F811
    written = read_codeswitch(made / "out", Tokenizer(world / "tokenizer"), RegionStore(world / "regions"), LONGEST)
    assert len(written) > 200
    drawn = {}
    for epoch in (0, 3, 1, 2):
        texts = anew.in_epoch(epoch)
        drawn |= {key: (texts.tokens[row], texts.pictures[row]) for row, key in enumerate(texts.keys)}
    assert set(written.keys) <= set(drawn)
    for row, key in enumerate(written.keys):
        tokens, picture = drawn[key]
        assert np.array_equal(tokens, written.tokens[row]) and picture == written.pictures[row], key
    rejected = {reject["key"] for reject in Dataset(made / "out", "codeswitch").rejects()}
    assert set(drawn) - set(written.keys) <= rejected, "what the stage does not write, it rejects"


def test_later_epochs_bring_what_no_dataset_holds(anew):
    texts = [[tuple(one) for one in anew.in_epoch(epoch).tokens] for epoch in (0, 4, 5)]
    assert texts[0] != texts[1] != texts[2]
    assert len({text for epoch in texts for text in epoch}) > 1.5 * len(set(texts[0]))


def test_another_lexicon_than_the_datasets_is_refused(world, made, tmp_path):  # noqa: F811
    tokenizer, store = Tokenizer(world / "tokenizer"), RegionStore(world / "regions")
    other = write_lexicon(tmp_path / "lexicon", THINGS | {"de": THINGS["zh"]})
    with pytest.raises(InputError, match="made with another lexicon"):
        SwitchedAnew(made / "out", other, world / "captions", tokenizer, store, LONGEST)


def test_a_dataset_of_before_scores_is_drawn_uniformly(made, world, tmp_path):  # noqa: F811
    (tmp_path / "old").mkdir()
    for path in (made / "out").iterdir():
        (tmp_path / "old" / path.name).symlink_to(path)
    manifest = json.loads((made / "out" / MANIFEST).read_text())
    del manifest["parameters"]["translation_draw"]
    (tmp_path / "old" / MANIFEST).unlink()
    (tmp_path / "old" / MANIFEST).write_text(json.dumps(manifest))
    tokenizer, store = Tokenizer(world / "tokenizer"), RegionStore(world / "regions")
    old = SwitchedAnew(tmp_path / "old", made / "lexicon", world / "captions", tokenizer, store, LONGEST)
    assert len(old) > 50
