"""Mismatched pairs, in pre-training and in fine-tuning."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from contract.errors import InputError
from model.data import Texts
from model.pairs import PairDraws, TruePairs, alike


def texts_of(pictures: np.ndarray, words: list[int] | None = None, origins: list[int] | None = None) -> Texts:
    """Captions of these pictures, each of one word: its own where none is given."""
    words = list(range(len(pictures))) if words is None else words
    return Texts(
        [np.array([0, 10 + word, 2]) for word in words], ["en"] * len(pictures), np.asarray(pictures),
        [f"caption {row}" for row in range(len(pictures))], None if origins is None else np.array(origins),
    )  # fmt: skip


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


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("switched", [False, True])
def test_a_caption_with_the_words_of_a_pictures_caption_is_no_mismatch_of_it(hard, switched):
    """Judged by the definition: no negative pair is one that the data state anywhere, up to equal words."""
    draw = np.random.default_rng(1)
    pictures, words = draw.integers(0, 12, 80), draw.integers(0, 25, 80).tolist()
    origins = draw.integers(0, 30, 80).tolist() if switched else None
    groups = np.array([0, 0, *range(1, 11)])
    true = {(word, groups[picture]) for word, picture in zip(words, pictures, strict=True)}
    true_origins = {(origin, groups[picture]) for origin, picture in zip(origins or [], pictures, strict=False)}
    draws = PairDraws(texts_of(pictures, words, origins), groups, 2)
    like = {picture: np.delete(np.arange(12), picture) for picture in range(12)} if hard else None
    for _ in range(20):
        captions, shown = draws.of(draw.integers(0, 80, 32), draw, like)
        for caption, picture in zip(captions[:, 1:].ravel(), shown[:, 1:].ravel(), strict=True):
            assert (words[caption], groups[picture]) not in true
            assert not origins or (origins[caption], groups[picture]) not in true_origins
        assert TruePairs(texts_of(pictures, words, origins), groups).hold(captions[:, 0], shown[:, 0]).all()


def test_a_caption_that_belongs_to_all_pictures_but_one_meets_that_one():
    count = 3_000  # so many that draws in vain are likely
    pictures, words = np.r_[np.arange(count - 1), np.arange(count)], np.r_[[7] * (count - 1), np.arange(count) + 20]
    draws = PairDraws(texts_of(pictures, words.tolist()), np.arange(count), 1)
    captions, shown = draws.of(np.arange(4), np.random.default_rng(0))
    for caption, picture in zip(captions[:, 1], shown[:, 1], strict=True):
        assert picture == count - 1 or words[caption] != 7


@pytest.mark.parametrize("origins", [None, [1, 2, 3, 4]])
def test_a_caption_that_belongs_to_every_picture_is_named(origins):
    with pytest.raises(InputError, match="the same words as 'caption 0'"):
        PairDraws(texts_of(np.array([0, 1, 0, 1]), [5, 5, 6, 7], origins), np.arange(2), 1)
    with pytest.raises(InputError, match="the same words as 'caption 1'"):
        PairDraws(texts_of(np.array([0, 1, 0, 1]), [4, 5, 6, 7], [1, 2, 2, 3]), np.arange(2), 1)


def test_hard_negatives_come_from_the_like_pictures_unless_they_are_duplicates():
    groups, like = np.array([0, 0, 1, 2, 3]), {0: np.array([1, 2]), 4: np.array([3])}
    draws = PairDraws(texts_of(np.arange(5)), groups, 1)
    wrong = draws.other_pictures(np.array([0, 4] * 50), np.random.default_rng(0), like)[:, 0]
    assert set(wrong[1::2]) == {3}
    assert (wrong[0::2] == 2).mean() > 0.4
    assert not np.isin(wrong[0::2], [0, 1]).any()


def test_a_picture_with_no_like_one_meets_any():
    draws = PairDraws(texts_of(np.arange(5)), np.arange(5), 1)
    wrong = draws.other_pictures(np.zeros(100, np.int64), np.random.default_rng(0), {0: np.array([], np.int64)})
    assert set(wrong.ravel().tolist()) == {1, 2, 3, 4}


def test_a_like_picture_without_a_caption_takes_the_pictures_place_only():
    draws = PairDraws(texts_of(np.array([0, 0, 1])), np.arange(3), 1)  # picture 2 has no caption here
    rows = np.zeros(200, np.int64)
    captions, shown = draws.of(rows, np.random.default_rng(1), {0: np.array([2])})
    assert (captions == 0).all() and (shown[:, 1] == 2).all()


def test_one_picture_has_no_mismatched_pair():
    with pytest.raises(InputError, match="of one picture"):
        PairDraws(texts_of(np.array([0, 0, 1])), np.array([4, 4]), 1)


@pytest.mark.parametrize("at_once", [(7, 5), (1, 1), (1 << 24, 4096)])
def test_like_pictures_are_the_twenty_of_highest_cosine_however_the_blocks_are_cut(monkeypatch, at_once):
    monkeypatch.setattr("model.pairs._SCORES_AT_ONCE", at_once[0] * 30)
    monkeypatch.setattr("model.pairs._COUNTED_AT_ONCE", at_once[1])
    draw = np.random.default_rng(0)
    object_ids = [draw.integers(0, 4, draw.integers(0, 6)) for _ in range(60)]  # many are equally like
    object_ids[3] = np.array([], np.int64)
    pool = np.union1d(draw.permutation(60)[:30], [3])
    counts = {picture: np.bincount(object_ids[picture], minlength=4).tolist() for picture in pool.tolist()}

    def squared_cosine(one: int, other: int) -> Fraction:
        dot, *lengths = (
            sum(a * b for a, b in zip(counts[x], counts[y], strict=True))
            for x, y in ((one, other), (one, one), (other, other))
        )
        return Fraction(dot * dot, max(1, lengths[0] * lengths[1]))

    found = alike(object_ids, pool)
    assert list(found) == pool.tolist()
    for picture in pool.tolist():
        ranked = sorted(set(pool.tolist()) - {picture}, key=lambda other: (-squared_cosine(picture, other), other))
        assert found[picture].tolist() == (ranked[:20] if len(object_ids[picture]) else [])


def test_two_pictures_are_each_others_like_ones():
    assert {one: list(like) for one, like in alike([np.array([1]), np.array([2])], np.arange(2)).items()} == {
        0: [1], 1: [0],
    }  # fmt: skip


def test_looking_for_like_pictures_takes_bounded_memory(monkeypatch):
    monkeypatch.setattr("model.pairs._SCORES_AT_ONCE", 1 << 16)
    monkeypatch.setattr("model.pairs._COUNTED_AT_ONCE", 256)
    draw = np.random.default_rng(0)
    object_ids = [draw.integers(0, 50, 10) for _ in range(3_000)]
    tracemalloc.start()
    alike(object_ids, np.arange(3_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000 * 3_000 * 8 / 20, "a twentieth of what all likenesses take"
