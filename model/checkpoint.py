"""Checkpoints: a folder with weights, configuration and tokenizer, whole or not there; no pickle."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from contract.config import load_config
from contract.errors import InputError
from model.config import NetworkConfig
from model.network import GenerationNetwork, UnderstandingNetwork, build
from model.tokenizer import MODEL_FILE, Tokenizer

WEIGHTS, CONFIG = "weights.safetensors", "config.json"


@dataclasses.dataclass
class Checkpoint:
    """A trained network and what it needs.

    Attributes:
        network: the network, in evaluation mode when it was loaded.
        tokenizer: its tokenizer.
        training: what it was trained with and on: parameters, steps, parent checkpoint, last losses.
    """

    network: UnderstandingNetwork | GenerationNetwork
    tokenizer: Tokenizer
    training: dict[str, Any]


def save(
    folder: Path, network: UnderstandingNetwork | GenerationNetwork, tokenizer_folder: Path, training: dict[str, Any]
) -> None:
    """Writes a checkpoint; the folder appears only when all of it is written.

    Args:
        folder: where it will lie.
        network: the trained network.
        tokenizer_folder: holds its SentencePiece model.
        training: JSON values on how it was trained.
    """
    temporary = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, temporary / WEIGHTS)
    shutil.copyfile(tokenizer_folder / MODEL_FILE, temporary / MODEL_FILE)
    values = {"network": dataclasses.asdict(network.config), "training": training}
    (temporary / CONFIG).write_text(json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    if folder.exists():
        shutil.rmtree(folder)
    temporary.rename(folder)


def load(folder: Path, device: torch.device) -> Checkpoint:
    """Reads a checkpoint onto a device.

    Raises:
        InputError: where the folder is no checkpoint, or weights and configuration do not fit each other.
    """
    try:
        values = json.loads((folder / CONFIG).read_text())
        config = load_config(NetworkConfig, values["network"], str(folder / CONFIG))
        weights = load_file(folder / WEIGHTS, device=str(device))
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise InputError(f"{folder} is no checkpoint ({error}).", f"{CONFIG}, {WEIGHTS} and {MODEL_FILE}.") from error
    network = build(config)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise InputError(f"The weights of {folder} do not fit its configuration: {error}") from error
    return Checkpoint(network.to(device).eval(), Tokenizer(folder), values["training"])
