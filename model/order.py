"""In which order samples are seen: a matter of the seed and the epoch alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contract.hashing import stable_hash

Ints = NDArray[np.int64]


_WINDOW = 32  # batches whose samples are sorted by length together


class Order:
    """Which samples the n-th batch holds: a new permutation every epoch, from the seed and the epoch alone.

    Args:
        length: how many samples there are.
        seed: what the permutations depend on.
        lengths: of the samples. The samples of 32 batches are then sorted by it, so that a batch holds samples of like
            length and little padding, and these batches come in an order drawn anew.
    """

    def __init__(self, length: int, *seed: str | int, lengths: Ints | None = None) -> None:
        self._length, self._seed, self._lengths = length, seed, lengths
        self._epoch, self._window = -1, (-1, 0)
        self._permutation: Ints = np.empty(0, np.int64)
        self._batches: Ints = np.empty((0, 2, 0), np.int64)

    def batch(self, number: int, size: int) -> Ints:
        """Indices of the batch of that number, where every batch has ``size`` samples."""
        return self.with_epochs(number, size)[0]

    def with_epochs(self, number: int, size: int) -> Ints:
        """Indices of the batch of that number, and the epoch in which it sees each of them: [2, size]."""
        if self._lengths is None:
            return self._between(number * size, (number + 1) * size)
        window, place = divmod(number, _WINDOW)
        if self._window != (window, size):
            samples = self._between(window * _WINDOW * size, (window + 1) * _WINDOW * size)
            by_length = samples[:, np.argsort(self._lengths[samples[0]], kind="stable")].reshape(2, _WINDOW, size)
            draw = np.random.default_rng(stable_hash(*self._seed, "window", window))
            self._batches, self._window = draw.permutation(by_length.swapaxes(0, 1)), (window, size)
        return self._batches[place]

    def _between(self, start: int, end: int) -> Ints:
        positions = range(start, end)
        return np.array([[self._at(one) for one in positions], [one // self._length for one in positions]], np.int64)

    def _at(self, position: int) -> int:
        epoch, place = divmod(position, self._length)
        if epoch != self._epoch:
            self._permutation = np.random.default_rng(stable_hash(*self._seed, epoch)).permutation(self._length)
            self._epoch = epoch
        return int(self._permutation[place])
