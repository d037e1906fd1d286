"""Where pre-training starts from: another training's checkpoint, or XLM-R."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from contract.errors import InputError
from contract.hashing import sha256_of_file, sha256_of_json
from model.network import GenerationNetwork, UnderstandingNetwork
from model.tokenizer import MODEL_FILE

_POSITIONS = "embeddings.positions.weight"
_OF_PARTS = {"languages": "embeddings.languages.weight", "object_classes": "region_class.weight"}
_REMEDY = {"vocabulary": "give the tokenizer that came with the weights (`tokenizer.model`)."}


@dataclass(frozen=True)
class Start:
    """Weights to start from.

    Attributes:
        folder: where they lie.
        sizes: what they were trained with, by the names of NetworkConfig: what the network must have too.
        tensors: the weights by the names of the network's own state.
        tokenizer: sha256 of the SentencePiece model that they were trained with; None where that is not known.
        files: what was read.
    """

    folder: Path
    sizes: dict[str, Any]
    tensors: dict[str, Tensor]
    tokenizer: str | None
    files: tuple[Path, ...]

    def fingerprint(self) -> str:
        """The sha256 of what the weights are, wherever they lie."""
        return sha256_of_json({file.name: sha256_of_file(file) for file in self.files})


@dataclass(frozen=True)
class Started:
    """The parts in which a network and its start differ, by their names, ``*`` for every layer.

    Attributes:
        fresh: parts that the start lacks.
        left_out: parts of the start that the network lacks.
    """

    fresh: list[str]
    left_out: list[str]


@torch.no_grad()
def begin(network: UnderstandingNetwork | GenerationNetwork, start: Start, tokenizer_folder: Path) -> Started:
    """Puts the weights of a start into a fresh network; what the start lacks stays as it is.

    Of positions, those that the network has are taken.

    Raises:
        InputError: where tokenizer or shape differ; names the first difference.
    """
    _check(network, start, tokenizer_folder)
    state = network.state_dict()
    shared = [name for name in state if name in start.tensors]
    tensors = {name: start.tensors[name] for name in shared}
    if _POSITIONS in tensors:
        tensors[_POSITIONS] = tensors[_POSITIONS][: len(state[_POSITIONS])]
    for name, tensor in tensors.items():
        if tensor.shape != state[name].shape:
            raise InputError(
                f"{start.folder} has {name} of the shape {list(tensor.shape)}.", f"{list(state[name].shape)}."
            )
    for name, tensor in tensors.items():
        state[name].copy_(tensor)  # the state shares the network's memory
    parameters = [name for name, _ in network.named_parameters()]
    return Started(_parts(set(parameters) - set(shared)), _parts(start.tensors.keys() - state.keys()))


def _check(network: UnderstandingNetwork | GenerationNetwork, start: Start, tokenizer_folder: Path) -> None:
    mine = dataclasses.asdict(network.config)
    state = network.state_dict()
    for name, value in start.sizes.items():
        part = _OF_PARTS.get(name)
        if part is not None and not (part in state and part in start.tensors):
            continue
        if mine[name] != value:
            raise InputError(
                f"{start.folder} was trained with {name} {_short(value)}; this network has {_short(mine[name])}.",
                f"the same {name}.", _REMEDY.get(name, "change the setting, the data, or what to start from."),
            )  # fmt: skip
    if start.tokenizer is not None and start.tokenizer != sha256_of_file(tokenizer_folder / MODEL_FILE):
        raise InputError(
            f"{tokenizer_folder / MODEL_FILE} is not the tokenizer of the weights in {start.folder}.",
            "the same pieces in the same order.", _REMEDY["vocabulary"],
        )  # fmt: skip


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list | tuple) else repr(value)
    return text if len(text) < 80 else f"{text[:70]}… ({len(value)})"


def _parts(names: Iterable[str]) -> list[str]:
    """The modules to which weights belong, each layer's alike."""
    return sorted({re.sub(r"\.\d+\.", ".*.", name.rpartition(".")[0] or name) for name in names})
