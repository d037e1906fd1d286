"""A checkpoint as people ask it: the right one for the question and its language, or one message."""

from __future__ import annotations

from pathlib import Path

from contract.device import choose_device
from contract.errors import InputError, UsageError
from model import checkpoint
from model.checkpoint import Checkpoint


def open_checkpoint(folder: Path, network: str, lang: str | None, device: str) -> Checkpoint:
    """A checkpoint; of a folder that holds one for each language, that of the language.

    Args:
        folder: where it lies.
        network: the network that the question needs: understanding or generation.
        lang: of the question; None where it is not said.
        device: auto, cpu or cuda.

    Raises:
        InputError: where it is no checkpoint, or one of the other network.
        UsageError: where the language is not among its languages, or none is named and there is one for each.
    """
    parts = checkpoint.read_index(folder)
    if parts and lang not in parts:
        asked = "no language is named" if lang is None else f"the language is {lang!r}"
        raise UsageError(f"{folder} holds a checkpoint a language, and {asked}.", f"--lang with {', '.join(parts)}.")
    place = folder / lang if parts and lang is not None else folder
    config, _ = checkpoint.read_config(place)
    if config.network != network:
        raise InputError(
            f"{place} is a checkpoint of the {config.network} network.", f"one of the {network} network.",
            f"give one that was trained for {'captioning' if network == 'generation' else 'retrieval'}.",
        )  # fmt: skip
    if lang is not None and config.languages and lang not in config.languages:
        raise UsageError(f"{place} knows no language {lang!r}.", f"one of {', '.join(config.languages)}.")
    return checkpoint.load(place, choose_device(device))
