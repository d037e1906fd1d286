"""Confidence intervals by the bootstrap: items are drawn with replacement, as many as there are, and measured again.

An item is what the test set is a sample of: a picture with its captions, a sentence. Drawn are the items' statistics,
of whose sums the metric is made (hits, matching n-grams, lengths, scores), so that nothing is ranked or counted twice.

The draws depend on the number of items alone: they are the same on every machine, and the same for two checkpoints that
are evaluated on the same items.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contract.errors import InputError
from contract.hashing import stable_hash

RESAMPLES, LEVEL = 1000, 0.95


def resampled_sums(statistics: NDArray[Any], stream: int = 0) -> NDArray[Any]:
    """The sums of the items' statistics in each resample.

    Args:
        statistics: [items, …], whole numbers (whose sums are exact) or others.
        stream: another one gives other draws, for items that are resampled beside these.

    Returns:
        [resamples, …], of the statistics' type.

    Raises:
        InputError: where there is no item.
    """
    items = len(statistics)
    if not items:
        raise InputError("There is nothing to measure.", "one item at least.", "evaluate a split that is not empty.")
    # The bit generator's own numbers: those of numpy's Generator may change with its version.
    draws = np.random.PCG64(stable_hash("bootstrap", stream))

    def once() -> NDArray[Any]:
        drawn = (draws.random_raw(items) % np.uint64(items)).astype(np.int64)
        return np.bincount(drawn, minlength=items) @ statistics

    return np.stack([once() for _ in range(RESAMPLES)])


def interval(resampled: NDArray[Any] | list[float]) -> list[float]:
    """The percentile interval [low, high] of a metric's values in the resamples, with two decimals."""
    return [round(float(bound), 2) for bound in np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])]


def interval_of_mean(values: ArrayLike) -> list[float]:
    """The interval of the items' mean: of an accuracy, or of any score that is a mean over items."""
    each = np.asarray(values, np.float64)
    return interval(resampled_sums(each) / len(each))
