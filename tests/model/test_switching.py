"""One sampler, two callers: what training draws anew in an epoch is what the stage writes as that variant."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from task_world import THINGS, caption_rows, world, write_dataset  # noqa: F401

from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.switcher import Switcher
from contract.dataset import Dataset
from contract.errors import InputError
from contract.hashing import MANIFEST
from model.data import encode
from model.order import Order
from model.reading import read_codeswitch
from model.regions import RegionStore
from model.switching import SwitchedAnew, settings_of
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


def seen(anew, epoch):
    """Tokens and picture of every caption as an epoch sees it, by the key that the dataset gives it."""
    texts = anew.in_epochs(np.arange(len(anew)), np.full(len(anew), epoch))
    return dict(zip(texts.keys, zip(map(tuple, texts.tokens), texts.pictures.tolist(), strict=True), strict=True))


def test_an_epoch_sees_the_variant_of_its_number(world, made, anew):  # noqa: F811
    written = read_codeswitch(made / "out", Tokenizer(world / "tokenizer"), RegionStore(world / "regions"), LONGEST)
    assert len(written) > 200
    drawn = seen(anew, 0) | seen(anew, 3) | seen(anew, 1) | seen(anew, 2)
    for row, key in enumerate(written.keys):
        assert drawn[key] == (tuple(written.tokens[row]), written.pictures[row]), key
    rejected = {reject["key"] for reject in Dataset(made / "out", "codeswitch").rejects()}
    assert set(drawn) - set(written.keys) <= rejected, "what the stage does not write, it rejects"


def test_later_epochs_bring_what_no_dataset_holds(anew):
    epochs = [list(seen(anew, epoch).values()) for epoch in (0, 4, 5)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert len({text for epoch in epochs for text in epoch}) > 1.5 * len(set(epochs[0]))


def test_one_batch_may_hold_several_epochs_and_a_caption_twice(anew):
    rows, epochs = np.array([5, 3, 5, 5]), np.array([1, 0, 0, 1])
    few, whole = anew.in_epochs(rows, epochs), [list(seen(anew, epoch).values()) for epoch in (0, 1)]
    assert few.keys == [f"{anew.plain.keys[row]}#{epoch}" for row, epoch in zip(rows, epochs, strict=True)]
    for place, (row, epoch) in enumerate(zip(rows, epochs, strict=True)):
        assert (tuple(few.tokens[place]), few.pictures[place]) == whole[epoch][row]


def test_every_caption_is_seen_once_an_epoch_as_that_epochs_variant(anew):
    """Across the windows in which batches are put in order by length, too."""
    order, size = Order(len(anew), 3, "MC-MLM", lengths=np.array([len(one) for one in anew.plain.tokens])), 8
    times = Counter()
    for number in range(32 * 9):
        rows, epochs = order.with_epochs(number, size)
        times.update(zip(rows.tolist(), epochs.tolist(), strict=True))
    whole_epochs = 32 * 9 * size // len(anew)
    assert whole_epochs > 15 and set(times.values()) == {1}
    assert {place for place in times if place[1] < whole_epochs} == {
        (row, epoch) for row in range(len(anew)) for epoch in range(whole_epochs)
    }


@pytest.mark.parametrize("other", ["lexicon", "captions"])
def test_another_lexicon_or_other_captions_than_the_datasets_are_refused(world, made, tmp_path, other):  # noqa: F811
    given = {"lexicon": made / "lexicon", "captions": world / "captions"}
    if other == "lexicon":
        given[other] = write_lexicon(tmp_path / "lexicon", THINGS | {"de": THINGS["zh"]})
    else:
        given[other] = write_dataset(
            tmp_path / "captions", "captions", [row for p in range(9) for row in caption_rows(p)]
        )
    tokenizer, store = Tokenizer(world / "tokenizer"), RegionStore(world / "regions")
    with pytest.raises(InputError, match=f"made with another {other}"):
        SwitchedAnew(made / "out", given["lexicon"], given["captions"], tokenizer, store, LONGEST)


def test_a_dataset_of_before_scores_is_drawn_uniformly(made, anew, world, tmp_path):  # noqa: F811
    (tmp_path / "old").mkdir()
    for path in (made / "out").iterdir():
        (tmp_path / "old" / path.name).symlink_to(path)
    manifest = json.loads((made / "out" / MANIFEST).read_text())
    del manifest["parameters"]["translation_draw"]
    (tmp_path / "old" / MANIFEST).unlink()
    (tmp_path / "old" / MANIFEST).write_text(json.dumps(manifest))
    tokenizer, store = Tokenizer(world / "tokenizer"), RegionStore(world / "regions")
    old = SwitchedAnew(tmp_path / "old", made / "lexicon", world / "captions", tokenizer, store, LONGEST)
    lexicon = Lexicon.load(made / "lexicon", ("de", "zh"))
    uniform = Switcher(lexicon, replace(settings_of(manifest["parameters"]), translation_draw="uniform"))
    texts = {row["caption_id"]: row["text"] for row in Dataset(world / "captions", "captions").rows()}
    expected = uniform.switch(old.plain.keys, [texts[key] for key in old.plain.keys], [0], manifest["seed"])
    assert [tokens for tokens, _ in seen(old, 0).values()] == [
        tuple(encode(tokenizer, text, LONGEST)) for text in expected.texts.to_pylist()
    ]
    assert seen(old, 0) != seen(anew, 0), "by score other translations are drawn"
