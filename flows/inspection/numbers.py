"""What a column of numbers holds, counted in one pass and little memory."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from contract.text import quantile

_BARS = 10
_MOST_VALUES = 4_000  # different ones that are counted; beyond, they are rounded to two digits


@dataclass(frozen=True)
class Bar:
    """So many values from one number to another."""

    label: str
    count: int


@dataclass(frozen=True)
class Summary:
    """Of the finite values, and how many are not."""

    count: int
    least: float
    mean: float
    median: float
    ninety_fifth_percent: float
    most: float
    not_finite: int
    histogram: list[Bar]


class Numbers:
    """Counts numbers.

    Args:
        shares: whether they lie between 0 and 1, which are counted by tenths.
    """

    def __init__(self, shares: bool = False) -> None:
        self._shares, self._counts, self._sum, self._lost, self._digits = shares, Counter[float](), 0.0, 0, False

    def add(self, values: np.ndarray) -> None:
        """Takes some more."""
        values = values.astype(np.float64)
        finite = values[np.isfinite(values)]
        self._lost += len(values) - len(finite)
        with np.errstate(over="ignore"):  # then it is infinite, and so is the mean
            self._sum += float(finite.sum())
        self._count(finite)
        if len(self._counts) > _MOST_VALUES:
            self._digits = True
            old, self._counts = self._counts, Counter()
            for value, count in old.items():
                self._counts[_two_digits(value)] += count

    def _count(self, finite: np.ndarray) -> None:
        rounded = np.round(finite, 3) if self._shares else finite
        for value, count in zip(*(part.tolist() for part in np.unique(rounded, return_counts=True)), strict=True):
            self._counts[_two_digits(value) if self._digits else value] += count

    def summary(self) -> Summary | None:
        """What they are; None where there are none."""
        total = self._counts.total()
        if not total:
            return None
        values = sorted(self._counts.items())
        return Summary(
            total, values[0][0], self._sum / total, quantile(values, 0.5 * total), quantile(values, 0.95 * total),
            values[-1][0], self._lost, self._bars(values),
        )  # fmt: skip

    def _bars(self, values: list[tuple[float, int]]) -> list[Bar]:
        whole = all(value == int(value) for value, _ in values)
        least, most = (0.0, 1.0) if self._shares else (values[0][0], values[-1][0])
        if whole and not self._shares and most - least < _BARS:
            counts = dict(values)
            return [Bar(f"{at}", counts.get(at, 0)) for at in range(int(least), int(most) + 1)]
        scale = 1.0 if math.isfinite(most - least) else 0.5  # two numbers may be further apart than any number is large
        width = (scale * most - scale * least) / _BARS or 1.0
        counted = Counter[int]()
        for value, count in values:
            counted[min(_BARS - 1, max(0, int((scale * value - scale * least) / width + 1e-9)))] += count
        return [Bar(f"{(scale * least + at * width) / scale:.4g}", counted[at]) for at in range(_BARS)]


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")
