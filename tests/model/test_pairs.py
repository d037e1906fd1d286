"""Mismatched pairs, in pre-training and in fine-tuning."""

import numpy as np
import pytest

from contract.errors import InputError
from model.data import Texts
from model.pairs import PairDraws


def texts_of(pictures: np.ndarray) -> Texts:
    return Texts([np.array([0, 2])] * len(pictures), ["en"] * len(pictures), pictures, [str(p) for p in pictures])


def test_negatives_are_never_true_pairs_and_change_either_side():
    pictures = np.random.default_rng(0).permutation(np.repeat(np.arange(20), 3))
    groups = np.arange(20) // 2  # every picture is there twice
    draws = PairDraws(texts_of(pictures), groups, 3)
    other_pictures = other_captions = 0
    seen: set[int] = set()
    for step in range(50):
        draw = np.random.default_rng(step)
        rows = draw.integers(0, 60, 16)
        captions, shown = draws.of(rows, draw)
        assert np.array_equal(captions[:, 0], rows) and np.array_equal(shown[:, 0], pictures[rows])
        assert (groups[pictures[captions[:, 1:]]] != groups[shown[:, 1:]]).all()
        other_pictures += int((captions[:, 1:] == rows[:, None]).sum())
        other_captions += int((shown[:, 1:] == pictures[rows][:, None]).sum())
        seen |= set(captions[:, 1:].ravel().tolist())
    assert other_pictures + other_captions == 50 * 16 * 3
    assert 0.45 < other_pictures / (50 * 16 * 3) < 0.55
    assert seen == set(range(60)), "every caption is drawn"


def test_a_like_picture_without_a_caption_takes_the_pictures_place_only():
    draws = PairDraws(texts_of(np.array([0, 0, 1])), np.arange(3), 1)  # picture 2 has no caption here
    rows = np.zeros(200, np.int64)
    captions, shown = draws.of(rows, np.random.default_rng(1), {0: np.array([2])})
    assert (captions == 0).all() and (shown[:, 1] == 2).all()


def test_one_picture_has_no_mismatched_pair():
    with pytest.raises(InputError, match="of one picture"):
        PairDraws(texts_of(np.array([0, 0, 1])), np.array([4, 4]), 1)
