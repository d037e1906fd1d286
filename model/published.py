"""The published M3P checkpoint: its names and shapes, read into a network of the layout m3p-compat and written back.

Only an understanding network was published; what else such a file holds is skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from contract.errors import InputError
from model.config import M3P_COMPAT, NetworkConfig
from model.network import GenerationNetwork, UnderstandingNetwork
from model.tensor_files import read_tensors

STATE = "model"  # under which a checkpoint of the published code keeps the weights
_PREFIX = "module."  # of weights that were saved from several GPUs
_WORDS, _POSITIONS, _OUTPUT = "embeddings.weight", "position_embeddings.weight", "pred_layer.proj.weight"
_FEATURE, _CLASSES = "image_embeddings.image_embeddings", "pred_obj_layer.proj"
_MODULES = {
    "layer_norm_emb": "embeddings.text_norm", _FEATURE: "embeddings.feature",
    "image_embeddings.image_location_embeddings": "embeddings.location",
    "image_embeddings.LayerNorm": "embeddings.region_norm",
    "pooled_layer.dense": "pool", "seq_relationship": "match", "mrfr_dense": "region_feature",
    "transformer_obj.dense": "region_class_dense", "transformer_obj.LayerNorm": "region_class_norm",
    _CLASSES: "region_class",
}  # fmt: skip
_LAYER = {
    "attentions.{}.q_lin": "self_attention.query", "attentions.{}.k_lin": "self_attention.key",
    "attentions.{}.v_lin": "self_attention.value", "attentions.{}.out_lin": "self_attention.out",
    "layer_norm1.{}": "self_norm", "ffns.{}.lin1": "expand", "ffns.{}.lin2": "contract", "layer_norm2.{}": "feed_norm",
}  # fmt: skip
_MOST_LAYERS = 1000


@dataclass(frozen=True)
class Published:
    """What was read from a published checkpoint.

    Attributes:
        network: with its weights, in evaluation mode.
        skipped: names that this network has no part for, by their first word, and how many.
    """

    network: UnderstandingNetwork
    skipped: dict[str, int]


def names(layers: int) -> dict[str, str]:
    """The published name of every weight, and our network's for the same.

    The output projection's weight is not among them: it is the word embedding.
    """
    modules = dict(_MODULES)
    for layer in range(layers):
        modules |= {theirs.format(layer): f"layers.{layer}.{ours}" for theirs, ours in _LAYER.items()}
    tensors = {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in modules.items() for kind in ("weight", "bias")}
    return tensors | {
        _WORDS: "embeddings.words.weight", _POSITIONS: "embeddings.positions.weight",
        "pred_layer.proj.bias": "vocabulary.bias",
    }  # fmt: skip


def read_published(
    path: Path, heads: int, dropout: float, max_text_length: int, class_names: Sequence[str] = ()
) -> Published:  # fmt: skip
    """A network of the layout m3p-compat with the weights of a published checkpoint.

    Args:
        path: what torch saved, or safetensors; names may begin with ``module.``.
        heads: attention heads, which no weight tells.
        dropout: share of hidden values dropped in training.
        max_text_length: tokens that a text may have, both ends included.
        class_names: of the region classes; numbers where none are given.

    Raises:
        InputError: where weights are missing or have shapes that do not fit each other.
        UsageError: where the settings do not fit the weights.
    """
    given = {name.removeprefix(_PREFIX): tensor for name, tensor in read_tensors(path, STATE).items()}
    layers = _layers(given, path)
    needed = names(layers)
    missing = [name for name in (*needed, _OUTPUT) if name not in given]
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise InputError(f"{path} lacks {', '.join(missing[:5])}{more}.", "the weights of the published layout.")
    classes = tuple(class_names) or tuple(map(str, range(given[f"{_CLASSES}.bias"].numel())))
    words, positions, feature = (given[name] for name in (_WORDS, _POSITIONS, f"{_FEATURE}.weight"))
    for name in (_WORDS, _POSITIONS, f"{_FEATURE}.weight"):
        if given[name].ndim != 2:
            raise InputError(f"{path} has {name} of the shape {list(given[name].shape)}.", "two axes.")
    config = NetworkConfig(
        "understanding", layers, words.shape[1], heads, dropout, words.shape[0], (), feature.shape[1], classes,
        max_text_length, "unit", M3P_COMPAT, positions.shape[0],
    )  # fmt: skip
    with torch.device("meta"):  # nothing is allocated: the weights become those of the file
        network = UnderstandingNetwork(config)
    _check_shapes(given, needed, network, path)
    if not torch.equal(words, given[_OUTPUT]):
        raise InputError(f"{path} has {_OUTPUT} apart from {_WORDS}.", "one weight for both.")
    state = {ours: given[theirs].float() for theirs, ours in needed.items()}
    unused = {"embeddings.feature_mean": torch.zeros, "embeddings.feature_spread": torch.ones}  # of other scalings
    state |= {name: values(config.feature_dim) for name, values in unused.items()}
    network.load_state_dict(state, assign=True)
    skipped = Counter(name.split(".")[0] for name in given if name not in needed and name != _OUTPUT)
    return Published(network.eval(), dict(sorted(skipped.items())))


def _layers(given: dict[str, Tensor], path: Path) -> int:
    numbers = {name.split(".")[1] for name in given if name.startswith("attentions.")}
    if not numbers or not all(number.isdecimal() and int(number) < _MOST_LAYERS for number in numbers):
        raise InputError(f"{path} lacks attentions.0.q_lin.weight.", "the weights of the published layout.")
    return 1 + max(map(int, numbers))


def _check_shapes(given: dict[str, Tensor], needed: dict[str, str], network: UnderstandingNetwork, path: Path) -> None:
    expected = {theirs: network.state_dict()[ours].shape for theirs, ours in needed.items()}
    expected[_OUTPUT] = expected[_WORDS]
    wrong = [name for name, shape in expected.items() if given[name].shape != shape]
    if wrong:
        found = "; ".join(f"{name} {list(given[name].shape)}" for name in wrong[:5])
        fitting = "; ".join(f"{name} {list(expected[name])}" for name in wrong[:5])
        raise InputError(
            f"{path} has shapes that do not fit the others: {found}.", f"{fitting}.",
            "take the whole file, or give --class-names for as many classes as it has.",
        )  # fmt: skip


def to_published(network: UnderstandingNetwork | GenerationNetwork) -> dict[str, Tensor]:
    """The weights of a network of the layout m3p-compat by their published names.

    Raises:
        InputError: where the network has another layout, which the published code cannot run.
    """
    if not network.config.compat:
        raise InputError(f"The checkpoint's layout is {network.config.layout}.", f"{M3P_COMPAT}, from a published one.")
    state = network.state_dict()
    weights = {theirs: state[ours] for theirs, ours in names(network.config.layers).items()}
    return weights | {_OUTPUT: weights[_WORDS]}


def without_place(network: UnderstandingNetwork | GenerationNetwork) -> list[str]:
    """The parts of a network that the published layout has no place for, such as a fine-tuned task's classifier."""
    placed = set(names(network.config.layers).values())
    return sorted({name.split(".")[0] for name, _ in network.named_parameters() if name not in placed})
