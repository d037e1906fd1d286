"""Checkpoints as strangers may hand them over."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from task_world import world  # noqa: F401

from contract.errors import InputError
from model import checkpoint

CPU = torch.device("cpu")


@pytest.fixture
def copied(world, tmp_path):  # noqa: F811
    return shutil.copytree(world / "understanding", tmp_path / "checkpoint")


def test_what_is_saved_comes_back(copied):
    loaded = checkpoint.load(copied, CPU)
    weights = load_file(copied / checkpoint.WEIGHTS)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in loaded.network.state_dict().items())


@pytest.mark.parametrize(
    "change",
    [
        lambda values: [],
        lambda values: {"network": values["network"]},
        lambda values: values | {"network": 5},
        lambda values: values | {"network": {k: v for k, v in values["network"].items() if k != "width"}},
        lambda values: values | {"network": values["network"] | {"width": 10**9}},
        lambda values: values | {"network": values["network"] | {"layers": 10**9}},
        lambda values: values | {"network": values["network"] | {"heads": 0}},
        lambda values: values | {"network": values["network"] | {"heads": 5}},
        lambda values: values | {"network": values["network"] | {"network": "foo"}},
        lambda values: values | {"network": values["network"] | {"vocabulary": 10}},
    ],
)
def test_a_configuration_that_does_not_fit_is_one_message(copied, change):
    path = copied / checkpoint.CONFIG
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(InputError, match=r"is no checkpoint|do not fit its configuration"):
        checkpoint.load(copied, CPU)


def test_a_configuration_without_end_is_one_message(copied):
    (copied / checkpoint.CONFIG).write_text('{"network": ' * 50_000)
    with pytest.raises(InputError, match="is no checkpoint"):
        checkpoint.load(copied, CPU)


def test_another_tokenizer_is_refused(copied):
    with (copied / "sentencepiece.bpe.model").open("ab") as file:
        file.write(b"\x12\x00")  # an empty field more: still a SentencePiece model, and another one
    with pytest.raises(InputError, match=r"is not the tokenizer whose sha256|is no SentencePiece model"):
        checkpoint.load(copied, CPU)


def test_weights_of_another_shape_and_pickles_are_refused(copied):
    weights = load_file(copied / checkpoint.WEIGHTS)
    name = next(name for name, tensor in weights.items() if tensor.ndim == 2)
    save_file(weights | {name: weights[name][:1].clone()}, copied / checkpoint.WEIGHTS)
    with pytest.raises(InputError, match="do not fit its configuration"):
        checkpoint.load(copied, CPU)
    torch.save(weights, copied / checkpoint.WEIGHTS)
    with pytest.raises(InputError, match="is no checkpoint"):
        checkpoint.load(copied, CPU)
