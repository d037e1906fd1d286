"""The draws behind the objectives, held against the shares that the paper states."""

import numpy as np
import pytest

from model.noise import mask_regions, mask_tokens, mismatch, noise_text, zero_runs
from model.objectives import IGNORED
from model.tokenizer import BOS, EOS, PAD

MASK = 500


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def tokens() -> np.ndarray:
    array = draw(1).integers(4, MASK, (400, 22))
    array[:, 0], array[:, 20], array[:, 21] = BOS, EOS, PAD
    return array


def test_fifteen_percent_are_masked_by_eighty_ten_ten(tokens):
    corrupted, labels = mask_tokens(tokens, 0.15, MASK, draw())
    chosen = labels != IGNORED
    assert chosen[:, 1:20].mean() == pytest.approx(0.15, abs=0.02)
    assert (corrupted[chosen] == MASK).mean() == pytest.approx(0.8, abs=0.04)
    assert (corrupted[chosen] == tokens[chosen]).mean() == pytest.approx(0.1, abs=0.03)
    assert (corrupted[~chosen] == tokens[~chosen]).all()
    assert (labels[chosen] == tokens[chosen]).all()


def test_ends_and_padding_are_never_masked_and_one_token_always(tokens):
    corrupted, labels = mask_tokens(tokens, 0.001, MASK, draw())
    assert (labels[:, [0, 20, 21]] == IGNORED).all()
    assert (corrupted[:, [0, 20, 21]] == tokens[:, [0, 20, 21]]).all()
    assert ((labels != IGNORED).sum(axis=1) >= 1).all()
    assert not np.isin(corrupted[:, 1:20], [BOS, EOS, PAD]).any()


def test_regions_are_masked_where_they_are_real_and_zeroed_nine_in_ten():
    real = np.zeros((500, 10), bool)
    real[:, :7] = True
    chosen, zeroed = mask_regions(real, 0.15, draw())
    assert not chosen[:, 7:].any()
    assert (chosen.sum(axis=1) >= 1).all()
    assert zeroed[chosen].mean() == pytest.approx(0.9, abs=0.03)
    assert not zeroed[~chosen].any()


def test_noised_text_keeps_words_whole_and_near_their_place():
    words = [[10 + 2 * i, 11 + 2 * i] for i in range(30)]  # each word has two pieces
    text = np.array([BOS, *(piece for word in words for piece in word), EOS])
    starts = np.isin(text, [word[0] for word in words])
    kept_share, masks = [], []
    for seed in range(200):
        noised = noise_text(text, starts, MASK, draw(seed))
        assert noised[0] == BOS and noised[-1] == EOS
        inner = [token for token in noised[1:-1] if token != MASK]
        pairs = list(zip(inner[::2], inner[1::2], strict=True))
        assert all(second == first + 1 for first, second in pairs)
        masks.append((noised == MASK).sum())
        kept_share.append(len(pairs) / 30)
        places = [(first - 10) // 2 for first, _ in pairs]
        assert all(later > earlier - 3 for i, earlier in enumerate(places) for later in places[i + 1 :])
    assert min(masks) >= 1
    assert 0.3 < np.mean(kept_share) < 0.7  # 30 % dropped, and about 3 words under each mask


def test_a_text_of_one_word_is_noised_without_vanishing():
    noised = noise_text(np.array([BOS, 9, EOS]), np.array([False, True, False]), MASK, draw())
    assert noised[0] == BOS and noised[-1] == EOS and len(noised) > 2


def test_runs_of_regions_are_zeroed_but_never_all():
    counts = np.array([1, 2, 5, 10, 10, 40])
    for seed in range(50):
        zeroed = zero_runs(counts, 40, 0.3, draw(seed))
        for row, count in enumerate(counts):
            assert not zeroed[row, count:].any()
            assert zeroed[row].sum() < count
            assert count == 1 or zeroed[row].any()


def test_mismatched_pictures_are_never_the_same_nor_a_duplicate():
    groups = np.array([0, 0, 1, 2, 2, 3])
    pool = np.array([0, 1, 3, 4, 5])
    pictures = np.array([0, 1, 3, 4, 5] * 40)
    wrong = mismatch(pictures, pool, groups, 3, draw())
    assert wrong.shape == (200, 3)
    assert (groups[wrong] != groups[pictures][:, None]).all()
    assert set(np.unique(wrong)) <= set(pool.tolist())


def test_hard_negatives_come_from_the_like_pictures_unless_they_are_duplicates():
    groups = np.array([0, 0, 1, 2, 3])
    alike = {0: np.array([1, 2]), 4: np.array([3])}
    wrong = mismatch(np.array([0, 4] * 50), np.arange(5), groups, 1, draw(), alike)[:, 0]
    assert set(wrong[1::2]) == {3}
    assert (wrong[0::2] == 2).mean() > 0.4
    assert not np.isin(wrong[0::2], [0, 1]).any()
