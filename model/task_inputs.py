"""What fine-tuning and evaluation of every task are given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from model.network import GenerationNetwork, UnderstandingNetwork
from model.regions import RegionStore
from model.task_data import read_regions
from model.tokenizer import Tokenizer


@dataclass(frozen=True)
class Inputs:
    """A network, and what it is to learn from or to be asked.

    Attributes:
        network: the network.
        tokenizer: its tokenizer.
        captions: the dataset of captions, where it is given.
        regions: the dataset of regions, where it is given.
        data: the folder of the task's own text files, where it is given.
    """

    network: UnderstandingNetwork | GenerationNetwork
    tokenizer: Tokenizer
    captions: Path | None
    regions: Path | None
    data: Path | None

    def store(self) -> RegionStore:
        """The regions, which must fit the network.

        Raises:
            UsageError: where they are not given.
        """
        return read_regions(given(self.regions, "regions"), self.network.config)

    @property
    def longest(self) -> int:
        """Tokens that a text may have."""
        return self.network.config.max_text_length


def given(path: Path | None, option: str) -> Path:
    """An input that a task cannot do without.

    Raises:
        UsageError: where it is not given.
    """
    if path is None:
        raise UsageError(f"--{option} is missing.", "a path: the task needs it.")
    return path
