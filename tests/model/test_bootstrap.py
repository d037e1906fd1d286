import numpy as np
import pytest
from scipy import stats

from contract.errors import InputError
from model.bootstrap import RESAMPLES, interval, interval_of_mean, resampled_sums


def test_each_resample_draws_as_many_items_as_there_are():
    counts = resampled_sums(np.eye(40, dtype=np.int64))
    assert counts.shape == (RESAMPLES, 40) and counts.dtype == np.int64
    assert (counts.sum(axis=1) == 40).all()
    # Each item is as likely as another: 1,000 × 40 draws, 40 items.
    assert stats.chisquare(counts.sum(axis=0)).pvalue > 0.001


def test_the_draws_are_the_same_everywhere_and_others_in_another_stream():
    assert resampled_sums(np.eye(5, dtype=np.int64))[:2].tolist() == [[0, 2, 2, 0, 1], [1, 0, 0, 3, 1]]
    assert not np.array_equal(resampled_sums(np.arange(30)), resampled_sums(np.arange(30), 1))


def test_sums_are_those_of_the_items_drawn():
    statistics = np.random.default_rng(3).integers(0, 9, (17, 4))
    counts = resampled_sums(np.eye(17, dtype=np.int64))
    literal = [np.repeat(statistics, drawn, axis=0).sum(axis=0) for drawn in counts]
    assert np.array_equal(resampled_sums(statistics), literal)


@pytest.mark.parametrize("seed", range(20))
def test_an_interval_of_a_mean_contains_the_mean(seed):
    values = np.random.default_rng(seed).exponential(size=seed + 1)
    low, high = interval_of_mean(values)
    assert low <= round(values.mean(), 2) <= high


def test_an_interval_narrows_with_the_root_of_the_items():
    widths = []
    for items in (100, 400, 1600):
        low, high = interval_of_mean(np.tile([0.0, 100.0], items // 2))
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(2, rel=0.15)
    assert widths[1] / widths[2] == pytest.approx(2, rel=0.15)


def test_items_that_do_not_differ_have_an_interval_without_width():
    assert interval_of_mean([42.0]) == interval_of_mean([42.0] * 50) == [42.0, 42.0]


@pytest.mark.parametrize("right", [100, 500, 800, 950])
def test_the_interval_of_an_accuracy_is_the_binomial_distributions(right):
    low, high = interval_of_mean([100.0] * right + [0.0] * (1000 - right))
    expected = stats.binom(1000, right / 1000).ppf([0.025, 0.975]) / 10
    assert [low, high] == pytest.approx(expected, abs=0.5)


def test_ninety_five_of_a_hundred_intervals_hold_the_true_accuracy():
    draw = np.random.default_rng(8)
    held = 0
    for _ in range(300):
        low, high = interval_of_mean(100.0 * (draw.random(200) < 0.7))
        held += low <= 70.0 <= high
    assert 0.91 < held / 300 < 0.98


def test_percentiles_lie_between_the_values():
    assert interval([0.0, 100.0]) == [2.5, 97.5]


def test_nothing_to_resample_is_an_error():
    with pytest.raises(InputError, match="nothing to measure"):
        interval_of_mean([])
