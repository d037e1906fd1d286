"""In which order samples are seen: a matter of the seed and the epoch alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contract.hashing import stable_hash

Ints = NDArray[np.int64]
_WINDOW = 32  # batches whose samples are sorted by length together, at most


class Order:
    """Which samples the n-th batch holds: a new permutation every epoch, from the seed and the epoch alone.

    Args:
        length: how many samples there are.
        seed: what the permutations depend on.
        lengths: of the samples. The samples of 32 batches are then sorted by it, or of as many as an epoch has, so
            that a batch holds samples of like length and little padding; these batches come in an order drawn anew.
    """

    def __init__(self, length: int, *seed: str | int, lengths: Ints | None = None) -> None:
        self._length, self._seed, self._lengths = length, seed, lengths
        # Each is replaced as a whole, so that a thread that reads ahead never sees half of one.
        self._drawn: tuple[int, Ints] = (-1, np.empty(0, np.int64))
        self._sorted: tuple[tuple[int, int], Ints] = ((-1, 0), np.empty((0, 2, 0), np.int64))

    def batch(self, number: int, size: int) -> Ints:
        """Indices of the batch of that number, where every batch has ``size`` samples."""
        return self.with_epochs(number, size)[0]

    def with_epochs(self, number: int, size: int) -> Ints:
        """Indices of the batch of that number, and the epoch in which it sees each of them: [2, size]."""
        if self._lengths is None:
            return self._between(number * size, (number + 1) * size)
        window, place = divmod(number, self._batches(size))
        of, batches = self._sorted
        if of != (window, size):
            batches = self._window(window, size, self._lengths)
            self._sorted = ((window, size), batches)
        return batches[place]

    def _window(self, window: int, size: int, lengths: Ints) -> Ints:
        """The batches of a window, [batches, 2, size]: sorted by length, then put in an order drawn anew."""
        batches = self._batches(size)
        samples = self._between(window * batches * size, (window + 1) * batches * size)
        by_length = samples[:, np.argsort(lengths[samples[0]], kind="stable")].reshape(2, batches, size)
        draw = np.random.default_rng(stable_hash(*self._seed, "window", window))
        return draw.permutation(by_length.swapaxes(0, 1))

    def _batches(self, size: int) -> int:
        """Batches of a window: of more than an epoch's samples one would hold the same ones twice."""
        return max(1, min(_WINDOW, self._length // size))

    def _between(self, start: int, end: int) -> Ints:
        """Samples at the positions from ``start`` to ``end`` of the endless row of epochs, and their epochs."""
        first, last = start // self._length, (end - 1) // self._length
        row = np.concatenate([self._permutation(epoch) for epoch in range(first, last + 1)])
        offset = first * self._length
        return np.stack([row[start - offset : end - offset], np.arange(start, end) // self._length])

    def _permutation(self, epoch: int) -> Ints:
        of, permutation = self._drawn
        if of != epoch:
            permutation = np.random.default_rng(stable_hash(*self._seed, epoch)).permutation(self._length)
            self._drawn = (epoch, permutation)
        return permutation
