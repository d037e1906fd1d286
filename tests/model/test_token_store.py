"""Tokenised texts on the disk: made once, whole or not there, the same as made anew."""

import os
import threading
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from task_world import region_row, world, write_dataset  # noqa: F401
from test_pretrain import command, data, kill_once_saved, losses, run  # noqa: F401

from contract.command import Call
from contract.errors import InputError
from model.config import GenerationConfig
from model.data import Texts
from model.distributed import World
from model.pretrain import read_sources
from model.reading import read_captions, read_codeswitch, read_corpus
from model.regions import RegionStore
from model.token_store import TokenStore
from model.tokenizer import Tokenizer

TEXTS = [np.array([0, 7, 300_000, 2]), np.array([0, 2]), np.arange(100)]


def store_in(folder: Path, **changed) -> TokenStore:
    return TokenStore(**{"folder": folder / "tokens", "writer": "out", "world": World()} | changed)


def never():
    raise AssertionError("they are there already")


def same(one: Texts, other: Texts) -> bool:
    pairs = [(list(one.tokens), list(other.tokens)), ([one.pictures], [other.pictures])]
    pairs.append(([], []) if one.origins is None else ([one.origins], [other.origins]))
    arrays = [array for several, others in pairs for array in zip(several, others, strict=True)]
    return (
        all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in arrays)
        and list(one.keys) == list(other.keys)
        and one.languages == other.languages
    )


def test_tokens_come_back_from_the_disk_without_being_made_again(tmp_path):
    made = [(tokens, len(tokens) == 100) for tokens in TEXTS]
    for make in (lambda: iter(made), never, never):
        found = store_in(tmp_path).tokens({"texts": 1}, make)
        assert all(np.array_equal(*two) and two[0].dtype == np.int64 for two in zip(found.tokens, TEXTS, strict=True))
        assert found.cut_N.tolist() == [False, False, True] and found.tokens.lengths.tolist() == [4, 2, 100]
        assert [one.tolist() for one in found.tokens.of([1, 0, 1])] == [[0, 2], TEXTS[0].tolist(), [0, 2]]
    assert len(list((tmp_path / "tokens").iterdir())) == 1
    assert len(store_in(tmp_path).tokens({"texts": 2}, lambda: iter([])).tokens) == 0, "others are made: here none"
    assert len(store_in(tmp_path).tokens({"texts": 2}, never).tokens) == 0


def test_an_unfinished_file_is_never_read(tmp_path):
    def killed():
        yield TEXTS[2], False
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_in(tmp_path).tokens({}, killed)
    (left,) = (tmp_path / "tokens").iterdir()
    assert left.name.endswith(".out.new")
    found = store_in(tmp_path).tokens({}, lambda: iter([(TEXTS[0], False)]))
    assert [one.tolist() for one in found.tokens] == [TEXTS[0].tolist()]
    assert not left.exists(), "what was left is written over, and renamed"


@pytest.mark.parametrize("cut", [1, 20, 428, 10**6])
def test_a_file_that_is_cut_off_is_named(tmp_path, cut):
    store_in(tmp_path).tokens({}, lambda: iter([(TEXTS[2], False)] * 3))
    (path,) = (tmp_path / "tokens").iterdir()
    os.truncate(path, max(0, path.stat().st_size - cut))
    with pytest.raises(InputError, match=f"(?s){path.name} is damaged.*delete"):
        store_in(tmp_path).tokens({}, never)


def test_what_cannot_be_written_is_one_message_and_leaves_nothing(tmp_path):
    def full():
        yield TEXTS[2], False
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"(?s)No space left on device.*make room"):
        store_in(tmp_path).tokens({}, full)
    assert not list((tmp_path / "tokens").iterdir())


def test_of_several_processes_the_first_makes_them_and_the_others_wait(tmp_path):
    found, begun = [], threading.Event()

    def slowly():
        begun.set()
        time.sleep(0.3)
        yield TEXTS[0], False

    follower = store_in(tmp_path, world=World(rank=1, size=2))
    other = threading.Thread(target=lambda: found.append(follower.tokens({}, never)))
    other.start()
    time.sleep(0.05)
    assert not begun.is_set() and not found, "it waits for the first"
    store_in(tmp_path, world=World(rank=0, size=2)).tokens({}, slowly)
    other.join(10)
    assert [one.tolist() for one in found[0].tokens] == [TEXTS[0].tolist()]


def read_all(data, kept: TokenStore | None, longest: int = 10) -> list[Texts]:  # noqa: F811
    tokenizer, store = Tokenizer(data["tokenizer"]), RegionStore(data["regions"])
    return [
        read_captions(data["captions"], tokenizer, store, "train", ("en",), longest, kept),
        read_captions(data["captions"], tokenizer, store, "test", None, longest, kept),
        read_codeswitch(data["codeswitch"], tokenizer, store, longest, kept),
        read_corpus(data["corpus"], tokenizer, "train", longest, kept),
    ]


def test_texts_are_the_same_from_the_disk_and_so_is_what_is_said_of_them(data, tmp_path, capsys):  # noqa: F811
    few = write_dataset(tmp_path / "regions", "regions", [region_row(picture) for picture in range(1, 50)])
    data = data | {"regions": few}
    alone, said = read_all(data, None), capsys.readouterr().out
    assert "their pictures have no regions" in said and "more than 10 tokens and are cut" in said
    for _ in range(2):
        kept = read_all(data, store_in(tmp_path))
        assert all(same(*two) for two in zip(alone, kept, strict=True))
        assert capsys.readouterr().out == said
    with patch.object(Tokenizer, "encode", lambda *_: never()):
        assert all(same(*two) for two in zip(alone, read_all(data, store_in(tmp_path)), strict=True))


def test_other_texts_or_another_length_are_made_anew(data, world, tmp_path):  # noqa: F811
    kept, count = store_in(tmp_path), lambda: len(list((tmp_path / "tokens").iterdir()))
    read_all(data, kept)
    assert count() == 4
    read_all(data, kept, longest=12)
    assert count() == 8
    other = tmp_path / "tokenizer"
    other.mkdir()
    for file in (world / "tokenizer").iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    read_all(data | {"tokenizer": other}, kept)
    assert count() == 8, "what counts is the model, not where it lies"
    corpus = [{"sentence_id": "a", "lang": "en", "text": "a cube", "split": "train"}]
    read_corpus(write_dataset(tmp_path / "corpus", "corpus", corpus), Tokenizer(other), "train", 12, kept)
    assert count() == 9


def test_a_training_that_goes_on_does_not_tokenise_again(data, tmp_path):  # noqa: F811
    line, kept = command("understanding", data, tmp_path / "out"), tmp_path / ".work" / "tokens"
    kill_once_saved(line, tmp_path / "out")
    made = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert len(made) == 3 and all(name.endswith(".tokens") for name in made)
    again = run(line)
    assert again.returncode == 0 and "resuming" in again.stdout, again.stderr
    assert {path.name: path.stat().st_mtime_ns for path in kept.iterdir()} == made
    call = Call(GenerationConfig(max_text_length=32), data | {"out": tmp_path / "other"}, 3, 1)
    with patch.object(Tokenizer, "encode", lambda *_: never()):
        read_sources(call, torch.device("cpu"), TokenStore(kept, "other", World()))  # another network's, the same texts
