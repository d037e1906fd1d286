"""XLM-R's weights, from a folder as the Hugging Face hub has it, by the names of this project's network.

Read are ``config.json`` and ``model.safetensors``, or ``pytorch_model.bin`` where that is all there is. XLM-R has one
type of token, whose vector stands in every sum: here it is added to the positions, which begin at 2 in both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from contract.errors import InputError
from contract.hashing import sha256_of_file
from model.config import M3P
from model.start import Start
from model.tensor_files import read_tensors
from model.tokenizer import MODEL_FILE, PAD

CONFIG, WEIGHTS = "config.json", ("model.safetensors", "pytorch_model.bin")
_TYPE = "xlm-roberta"
# What our network takes for granted, by the keys of XLM-R's configuration; the second is what a missing key means.
_FIXED: dict[str, tuple[Any, Any]] = {
    "hidden_act": ("gelu", "gelu"), "layer_norm_eps": (1e-5, 1e-12), "type_vocab_size": (1, 2),
    "pad_token_id": (PAD, PAD), "position_embedding_type": ("absolute", "absolute"),
    "tie_word_embeddings": (True, True),
}  # fmt: skip
_SIZES = {
    "vocabulary": "vocab_size", "width": "hidden_size", "layers": "num_hidden_layers", "heads": "num_attention_heads"
}  # fmt: skip
_ENCODER = {"embeddings.word_embeddings": "embeddings.words", "embeddings.LayerNorm": "embeddings.text_norm"}
_LAYER = {
    "attention.self.query": "self_attention.query", "attention.self.key": "self_attention.key",
    "attention.self.value": "self_attention.value", "attention.output.dense": "self_attention.out",
    "attention.output.LayerNorm": "self_norm", "intermediate.dense": "expand", "output.dense": "contract",
    "output.LayerNorm": "feed_norm",
}  # fmt: skip
_HEAD = {
    "lm_head.dense": "vocabulary.dense", "lm_head.layer_norm": "vocabulary.norm", "lm_head": "vocabulary"
}  # fmt: skip
_POSITIONS, _TYPES = "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight"


def is_xlmr(folder: Path) -> bool:
    """Whether a folder says of itself that it holds XLM-R."""
    return _stated(folder).get("model_type") == _TYPE


def read_xlmr(folder: Path) -> Start:
    """XLM-R's encoder, and its head over the vocabulary where it is there.

    Args:
        folder: holds ``config.json`` and the weights; where it also holds ``sentencepiece.bpe.model``, only that
            tokenizer fits.

    Raises:
        InputError: where it is of another kind than XLM-R, or parts of it are missing.
    """
    stated = _stated(folder)
    for key, (needed, without) in _FIXED.items():
        if stated.get(key, without) != needed:
            raise InputError(f"{folder / CONFIG} states {key} {stated.get(key, without)!r}.", f"XLM-R's {needed!r}.")
    weights = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if weights is None:
        raise InputError(f"{folder} holds no weights.", f"one of {', '.join(WEIGHTS)}.")
    given = {name.removeprefix("roberta."): tensor for name, tensor in read_tensors(weights).items()}
    sizes: dict[str, Any] = {ours: stated.get(theirs) for ours, theirs in _SIZES.items()}
    if not all(type(size) is int and 0 < size <= 10**9 for size in sizes.values()):
        raise InputError(f"{folder / CONFIG} lacks a size.", f"{', '.join(_SIZES.values())}.")
    tokenizer = folder / MODEL_FILE
    return Start(
        folder, {"layout": M3P, **sizes}, _renamed(given, sizes["layers"], weights),
        sha256_of_file(tokenizer) if tokenizer.is_file() else None, (folder / CONFIG, weights),
    )  # fmt: skip


def _stated(folder: Path) -> dict[str, Any]:
    try:
        stated = json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{folder} holds no {CONFIG} that can be read ({error}).", "the folder of a checkpoint or of XLM-R."
        ) from error
    return stated if isinstance(stated, dict) else {}


def _renamed(given: dict[str, Tensor], layers: int, path: Path) -> dict[str, Tensor]:
    """The tensors that our network has, by its names."""
    modules = dict(_ENCODER)
    for layer in range(min(layers, len(given))):  # the number of layers is a stranger's
        modules |= {f"encoder.layer.{layer}.{theirs}": f"layers.{layer}.{ours}" for theirs, ours in _LAYER.items()}
    encoder = {
        f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in modules.items()
        for kind in (("weight",) if ours == "embeddings.words" else ("weight", "bias"))
    }  # fmt: skip
    missing = sorted({*encoder, _POSITIONS, _TYPES} - given.keys())
    if missing:
        raise InputError(f"{path} lacks {missing[0]} and {len(missing) - 1} more.", "XLM-R's weights.")
    head = {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in _HEAD.items() for kind in ("weight", "bias")}
    tensors = {ours: given[theirs] for theirs, ours in (encoder | head).items() if theirs in given}
    if given[_TYPES].shape != given[_POSITIONS][:1].shape:
        raise InputError(
            f"{path} has {_TYPES} of the shape {list(given[_TYPES].shape)}.", "one row, as wide as a word."
        )
    return tensors | {"embeddings.positions.weight": given[_POSITIONS] + given[_TYPES]}
