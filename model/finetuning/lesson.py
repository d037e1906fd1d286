"""What every task's fine-tuning gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from model.data import Texts
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs
from model.training import DrawsOfStep

# Settings beside those that name a language or a direction: the network as it is, all merged, and one for each.
NONE, ALL, EACH = "none", "all", "each"


@dataclass(frozen=True)
class Lesson:
    """What a network is to learn.

    Attributes:
        counts: training texts by language or direction.
        steps: optimiser steps.
        draws: what each step asks.
        texts: all that it reads and writes, from which a generation network learns how each language is written.
        written: the languages that a generation network is to write.
    """

    counts: dict[str, int]
    steps: int
    draws: DrawsOfStep
    texts: Sequence[Texts] = ()
    written: Sequence[str] = ()


class Finetuning(Protocol):
    """What a module of this package holds."""

    def parts(self, inputs: Inputs) -> Sequence[str]:
        """The languages or directions for each of which the setting ``each`` trains a network."""

    def lesson(self, inputs: Inputs, config: FinetuneConfig, setting: str, seed: int) -> Lesson:
        """What is learnt in a setting."""
