"""What every task's evaluation gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from model.task_config import EvaluateConfig
from model.task_inputs import Inputs


class Evaluation(Protocol):
    """What a module of this package holds."""

    def measure(self, inputs: Inputs, config: EvaluateConfig, parts: Sequence[str]) -> dict[str, Any]:
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

    Mappings are merged and lists joined; of anything else stays what all of them say.
    """
    merged: dict[str, Any] = {}
    for name in dict.fromkeys(name for metrics in several for name in metrics):
        values = [metrics[name] for metrics in several if name in metrics]
        if all(isinstance(value, dict) for value in values):
            merged[name] = together(values)
        elif all(isinstance(value, list) for value in values):
            merged[name] = [one for value in values for one in value]
        elif all(value == values[0] for value in values):
            merged[name] = values[0]
    return merged


def mean_of(values: Iterable[float]) -> float | None:
    """The mean with two decimals, each language counting the same; None where there is none."""
    every = list(values)
    return round(float(np.mean(every)), 2) if every else None


def averages(by_language: Mapping[str, Mapping[str, Any]], measure: str) -> dict[str, float | None]:
    """The mean of a measure over all languages, and over those other than English."""
    return {
        "non_english": mean_of(one[measure] for lang, one in by_language.items() if lang != "en"),
        "all": mean_of(one[measure] for one in by_language.values()),
    }
