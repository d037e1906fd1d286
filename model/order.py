"""In which order samples are seen: a matter of the seed and the epoch alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contract.hashing import stable_hash

Ints = NDArray[np.int64]


class Order:
    """Which samples the n-th batch holds: a new permutation every epoch, from the seed and the epoch alone."""

    def __init__(self, length: int, *seed: str | int) -> None:
        self._length, self._seed, self._epoch = length, seed, -1
        self._permutation: Ints = np.empty(0, np.int64)

    def batch(self, number: int, size: int) -> Ints:
        """Indices of the batch of that number, where every batch has ``size`` samples."""
        positions = np.arange(number * size, (number + 1) * size)
        return np.array([self._at(int(position)) for position in positions], np.int64)

    def _at(self, position: int) -> int:
        epoch, place = divmod(position, self._length)
        if epoch != self._epoch:
            self._permutation = np.random.default_rng(stable_hash(*self._seed, epoch)).permutation(self._length)
            self._epoch = epoch
        return int(self._permutation[place])
