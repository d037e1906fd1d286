"""What every task's evaluation gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from model.task_config import EvaluateConfig
from model.task_inputs import Inputs


class Evaluation(Protocol):
    """What a module of this package holds."""

    def measure(self, inputs: Inputs, config: EvaluateConfig, parts: Sequence[str], seed: int) -> dict[str, Any]:
        """Metrics in some languages or directions, or in all that the data has where none is named."""

    def primary(self, metrics: dict[str, Any]) -> float:
        """The figure by which checkpoints are compared, in percent: the mean over languages or directions."""

    def summary(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Metrics over all languages, from those of each."""


def is_asked(part: str, languages: Sequence[str]) -> bool:
    """Whether a language, or a direction such as ``en-de``, is among those that are named; all are where none is.

    A direction is asked for where both of its languages are, too.
    """
    return not languages or part in languages or any(part == f"{a}-{b}" for a in languages for b in languages)


def together(several: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Metrics of several checkpoints, each of its own languages, as if one had them all.

    Mappings are merged and lists joined; of anything else the first is taken.
    """
    merged: dict[str, Any] = {}
    for metrics in several:
        for name, value in metrics.items():
            known = merged.get(name)
            if isinstance(known, dict) and isinstance(value, dict):
                merged[name] = together([known, value])
            elif isinstance(known, list) and isinstance(value, list):
                merged[name] = known + value
            else:
                merged.setdefault(name, value)
    return merged
