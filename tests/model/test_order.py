"""Batches of samples of like length, in which no sample stands twice."""

import numpy as np
import pytest

from model.order import Order


@pytest.mark.parametrize(("samples", "size"), [(32, 32), (300, 32), (1000, 64), (5000, 1024), (40, 7)])
def test_a_batch_holds_no_sample_twice_but_where_one_epoch_meets_the_next(samples, size):
    lengths = np.random.default_rng(0).integers(8, 25, samples)
    order = Order(samples, 7, lengths=lengths)
    seen = [order.batch(number, size) for number in range(40)]
    shares = [len(set(one.tolist())) / size for one in seen]
    assert np.mean(shares) > 0.85
    counts = np.bincount(np.concatenate(seen), minlength=samples)
    assert counts.max() - counts.min() <= 2  # every sample about as often


def test_a_batch_holds_samples_of_like_length():
    lengths = np.random.default_rng(0).integers(5, 60, 5000)
    order = Order(5000, 7, lengths=lengths)
    spreads = [np.ptp(lengths[order.batch(number, 32)]) for number in range(64)]
    assert np.mean(spreads) < 5
