"""Checkpoints: a folder with weights, configuration and tokenizer, whole or not there; no pickle."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from contract.config import load_config
from contract.errors import InputError, UsageError
from contract.hashing import sha256_of_file
from contract.outputs import Mark, written_beside
from model.config import NetworkConfig
from model.network import GenerationNetwork, UnderstandingNetwork, build
from model.tokenizer import MODEL_FILE, Tokenizer

T = TypeVar("T")
WEIGHTS, CONFIG = "weights.safetensors", "config.json"
LEFT_OUT = "left_out"  # the key that says why there is no checkpoint
# What to do where its answers are no numbers.
DIVERGED = (
    "where the checkpoint diverged, train it again with a lower learning rate; where features of regions are no "
    "numbers, run the stage of the regions again."
)


def made_by(stage: str) -> Mark:
    """How a checkpoint that a stage wrote is known."""
    return Mark(CONFIG, f'"stage": "{stage}"')


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
    folder: Path, network: UnderstandingNetwork | GenerationNetwork, tokenizer_folder: Path, training: dict[str, Any],
    weights: Mapping[str, Tensor] | None = None,
) -> None:  # fmt: skip
    """Writes a checkpoint; the folder appears only when all of it is written.

    Args:
        folder: where it will lie.
        network: the trained network.
        tokenizer_folder: holds its SentencePiece model.
        training: JSON values on how it was trained.
        weights: its weights where it holds a part of them alone.
    """
    weights = network.state_dict() if weights is None else weights
    with written_beside(folder) as new:
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, new / WEIGHTS)
        shutil.copyfile(tokenizer_folder / MODEL_FILE, new / MODEL_FILE)
        values = {
            "network": dataclasses.asdict(network.config), "training": training,
            "tokenizer": sha256_of_file(new / MODEL_FILE),
        }  # fmt: skip
        (new / CONFIG).write_text(json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def save_index(folder: Path, parts: Sequence[str], training: dict[str, Any]) -> None:
    """Says that a folder holds a checkpoint for each of several languages or directions, in a folder of that name."""
    values = {"each": list(parts), "training": training}
    (folder / CONFIG).write_text(json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def save_left_out(folder: Path, why: str, training: dict[str, Any]) -> None:
    """Says in a folder why no checkpoint was made, which a sentence tells."""
    with written_beside(folder) as new:
        values = {LEFT_OUT: why, "training": training}
        (new / CONFIG).write_text(json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_index(folder: Path) -> list[str]:
    """The languages or directions for each of which a folder holds a checkpoint; none where it is one itself.

    Raises:
        InputError: where it names one that it does not hold.
    """
    try:
        parts = json.loads((folder / CONFIG).read_text()).get("each", [])
    except (OSError, ValueError, AttributeError, RecursionError):
        return []  # whoever reads it as a checkpoint says what is wrong
    folders = {path.name for path in folder.iterdir() if path.is_dir()}
    if not isinstance(parts, list) or not all(isinstance(part, str) and part in folders for part in parts):
        raise InputError(f"{folder} names the checkpoints {parts}.", f"some of {', '.join(sorted(folders)) or 'none'}.")
    return parts


def task_of(folder: Path) -> str | None:
    """The task for which a checkpoint was fine-tuned, or was to be had there been data; None where it says none."""
    return _told(folder, str, "parameters", "task")


def reads_of(folder: Path) -> str | None:
    """What a checkpoint that was fine-tuned for retrieval read beside a picture; None where it says nothing."""
    return _told(folder, str, "parameters", "reads")


def seed_of(folder: Path) -> int | None:
    """The seed with which a checkpoint, or those of a folder, was trained; None where it says none."""
    return _told(folder, int, "seed")


def best_step_of(folder: Path) -> int | None:
    """The step whose weights were chosen on held-out texts; None where the weights are the last ones."""
    return _told(folder, int, "best_step")


def _told(folder: Path, kind: type[T], *keys: str) -> T | None:
    """What a checkpoint says of its training under some keys, one below the other; None where it is of another kind."""
    try:
        value = json.loads((folder / CONFIG).read_text())["training"]
        for key in keys:
            value = value[key]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return value if isinstance(value, kind) else None


def read_config(folder: Path) -> tuple[NetworkConfig, dict[str, Any]]:
    """What a checkpoint says of its network, and all that it says, without its weights.

    Raises:
        InputError: where the folder is no checkpoint.
    """
    try:
        values = json.loads((folder / CONFIG).read_text())
        if LEFT_OUT in values:
            raise InputError(f"{folder} holds no checkpoint: {values[LEFT_OUT]}", "data to train on.")
        return load_config(NetworkConfig, values["network"], str(folder / CONFIG)), values
    except (OSError, ValueError, KeyError, TypeError, RecursionError, UsageError) as error:
        raise InputError(f"{folder} is no checkpoint ({error}).", f"{CONFIG}, {WEIGHTS} and {MODEL_FILE}.") from error


def load(folder: Path, device: torch.device) -> Checkpoint:
    """Reads a checkpoint onto a device.

    Raises:
        InputError: where the folder is no checkpoint, or weights and configuration do not fit each other.
    """
    config, values = read_config(folder)
    try:
        weights = load_file(folder / WEIGHTS, device=str(device))
        training = dict(values["training"])
        with torch.device("meta"):  # its sizes are a stranger's: nothing is allocated before the weights fit them
            network = build(config)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{folder} is no checkpoint ({error}).", f"{CONFIG}, {WEIGHTS} and {MODEL_FILE}.") from error
    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if expected != {name: tensor.shape for name, tensor in weights.items()}:
        raise InputError(f"The weights of {folder} do not fit its configuration.", "weights of the sizes it states.")
    tokenizer = Tokenizer(folder)
    if values.get("tokenizer") != sha256_of_file(folder / MODEL_FILE):
        raise InputError(
            f"{folder / MODEL_FILE} is not the tokenizer whose sha256 {CONFIG} states.",
            "the one that the checkpoint was saved with.", "take both from one training, or train again.",
        )  # fmt: skip
    network = build(config)
    network.load_state_dict(weights)
    return Checkpoint(network.to(device).eval(), tokenizer, training)
