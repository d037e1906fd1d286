"""The draws behind the objectives, over 100,000 draws each, held against the shares that the paper states.

A mean is held to three of its standard errors, a variance likewise; seeds are fixed.
"""

import math

import numpy as np
import pytest

from model.noise import Words, drop_words, mask_regions, mask_spans, mask_tokens, noise_texts, shuffle_words, zero_runs
from model.tokenizer import BOS, EOS, PAD, UNK

MASK, DRAWS = 500, 100_000


def draw(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def assert_mean(values: np.ndarray, expected: float) -> None:
    values = np.asarray(values, float).ravel()
    assert len(values) >= 2_000, "too few draws to say anything"
    bound = 3 * values.std() / math.sqrt(len(values)) + 1e-9
    assert abs(values.mean() - expected) <= bound, f"{values.mean():.5f}, not {expected:.5f} ± {bound:.5f}"


def assert_variance(values: np.ndarray, expected: float) -> None:
    values = np.asarray(values, float).ravel()
    assert_mean((values - values.mean()) ** 2, expected)


def poisson(length: int) -> float:
    return math.exp(-3) * 3**length / math.factorial(length)


def cut_poisson(most: int) -> np.ndarray:
    """The chances of the lengths 0 to ``most`` of min(Poisson(3), most)."""
    chances = [poisson(length) for length in range(most)]
    return np.array([*chances, 1 - sum(chances)])


def batch_of(texts: int, tokens: int) -> np.ndarray:
    """Texts of that many tokens between both ends, and one of padding."""
    array = draw(1).integers(UNK + 1, MASK, (texts, tokens + 3))
    array[:, 0], array[:, -2], array[:, -1] = BOS, EOS, PAD
    return array


def words_of(texts: int, words: int) -> Words:
    """Texts of words of one piece each; the piece at place n is n."""
    return Words(np.repeat(np.arange(texts), words), np.arange(texts * words), np.ones(texts * words, np.int64))


# Masked tokens and regions


def test_fifteen_percent_of_the_candidates_are_masked_by_eighty_ten_ten():
    tokens = batch_of(2_000, 100)  # so long that none is left without a masked token: 200,000 candidates
    seen, chosen = mask_tokens(tokens, 0.15, MASK, draw())
    assert_mean(chosen[:, 1:-2], 0.15)
    assert (seen[~chosen] == tokens[~chosen]).all()
    seen, chosen = mask_tokens(tokens := batch_of(7_000, 100), 0.15, MASK, draw(2))
    asked, true = seen[chosen], tokens[chosen]
    assert len(asked) > DRAWS
    ordinary = MASK - UNK - 1  # ids that a random one is drawn from, the true one among them
    assert_mean(asked == MASK, 0.8)
    assert_mean((asked != MASK) & (asked != true), 0.1 * (1 - 1 / ordinary))
    assert_mean(asked == true, 0.1 + 0.1 / ordinary)
    replaced = asked[(asked != MASK) & (asked != true)]
    assert replaced.min() == UNK + 1 and replaced.max() == MASK - 1
    assert_mean(replaced, (UNK + 1 + MASK - 1) / 2)


@pytest.mark.parametrize("candidates", [1, 3, 10, 30])
def test_at_least_one_token_a_text_raises_the_share_as_the_docstring_says(candidates):
    _, chosen = mask_tokens(batch_of(DRAWS // candidates + 10_000, candidates), 0.15, MASK, draw())
    assert (chosen.sum(axis=1) >= 1).all()
    assert_mean(chosen[:, 1:-2].mean(axis=1), 0.15 + 0.85**candidates / candidates)
    if candidates > 1:  # it is any of them
        assert_mean(chosen[:, 1], 0.15 + 0.85**candidates / candidates)
        assert_mean(chosen[:, candidates], 0.15 + 0.85**candidates / candidates)


def test_ends_and_padding_are_never_masked_and_a_text_without_words_is_asked_for_nothing():
    tokens = batch_of(400, 20)
    tokens[7, 1:-2] = PAD
    tokens[7, 1] = EOS
    seen, chosen = mask_tokens(tokens, 0.9, MASK, draw())
    ends = np.isin(tokens, (BOS, EOS, PAD))
    assert not chosen[ends].any() and (seen[ends] == tokens[ends]).all()
    assert not np.isin(seen[~ends], [BOS, EOS, PAD]).any()
    assert not chosen[7].any() and chosen[8].any()


def test_fifteen_percent_of_the_regions_are_masked_and_nine_in_ten_of_them_zeroed():
    real = np.zeros((20_000, 50), bool)
    real[:, :40] = True
    chosen, zeroed = mask_regions(real, 0.15, draw())
    assert not chosen[:, 40:].any() and not zeroed[~chosen].any()
    assert (chosen.sum(axis=1) >= 1).all()
    assert_mean(chosen[:, :40], 0.15 + 0.85**40 / 40)
    assert chosen.sum() > DRAWS
    assert_mean(zeroed[chosen], 0.9)


def test_a_picture_without_regions_is_asked_for_none():
    chosen, zeroed = mask_regions(np.array([[False, False], [True, False]]), 0.15, draw())
    assert chosen.tolist() == [[False, False], [True, False]] and not zeroed[0].any()
    assert mask_regions(np.zeros((2, 0), bool), 0.15, draw())[0].shape == (2, 0)


# xDAE


def test_words_are_shuffled_by_at_most_two_places_and_as_the_rule_says():
    moves = []
    for seed in range(4):
        shuffled = shuffle_words(words_of(1_000, 30), draw(seed))
        assert (shuffled.text_W == np.repeat(np.arange(1_000), 30)).all(), "no word leaves its text"
        moves.append(np.arange(30_000) - shuffled.first_W)
    moves = np.concatenate(moves)
    assert len(moves) > DRAWS and set(np.unique(moves)) == {-2, -1, 0, 1, 2}
    # The rule written out: how often words at distance 1 and 2 change places is P(U₁ - U₂ > d) for U on [0, 3).
    order = [shuffle_words(words_of(DRAWS, 3), draw(5)).first_W.reshape(-1, 3) % 3]
    places = np.argsort(order[0], axis=1)
    assert_mean(places[:, 0] > places[:, 1], (3 - 1) ** 2 / (2 * 9))
    assert_mean(places[:, 0] > places[:, 2], (3 - 2) ** 2 / (2 * 9))


def test_thirty_percent_of_the_words_are_dropped_but_never_all():
    kept = drop_words(words_of(4_000, 30), draw())
    assert_mean(np.isin(np.arange(120_000), kept.first_W), 0.7)
    assert (np.diff(kept.first_W) > 0).all(), "their order stays"
    short = drop_words(words_of(DRAWS, 2), draw())
    left = np.bincount(short.text_W, minlength=DRAWS)
    assert left.min() == 1
    assert_mean(left, 2 * 0.7 + 0.3**2)


def test_spans_are_poisson_of_three_words_under_one_mask_each():
    words = words_of(DRAWS, 10)
    texts = mask_spans(words, np.arange(DRAWS * 10) + MASK + 9, DRAWS, MASK, draw())
    masks = np.array([(text == MASK).sum() for text in texts])
    assert (masks == 1).all(), "one span for ten words"
    lengths = np.array([10 - (len(text) - 3) for text in texts])
    chances, all_lengths = cut_poisson(10), np.arange(11)  # cut: one text in 900 has a span longer than itself
    mean = (chances * all_lengths).sum()
    assert_mean(lengths, mean)
    assert_variance(lengths, (chances * (all_lengths - mean) ** 2).sum())
    assert abs(mean - 3) < 0.002
    for length in range(6):
        assert_mean(lengths == length, poisson(length))
    starts = np.array([np.argmax(text == MASK) - 1 for text in texts])
    for length in (0, 3):
        assert_mean(starts[lengths == length], (10 - length) / 2)  # anywhere, with equal chance
    for number, (text, length, start) in enumerate(zip(texts[:500], lengths, starts, strict=False)):
        own = [MASK + 9 + 10 * number + place for place in range(10)]  # what is left stands in its order
        assert text.tolist() == [BOS, *own[:start], MASK, *own[start + length :], EOS]


@pytest.mark.parametrize(("words", "spans"), [(0, 0), (1, 1), (10, 1), (11, 2), (35, 4)])
def test_there_is_a_span_for_every_ten_words_or_part_of_them(words, spans):
    texts = mask_spans(words_of(200, words), np.zeros(200 * words, np.int64) + 7, 200, MASK, draw())
    assert len(texts) == 200
    assert {int((text == MASK).sum()) for text in texts} == {spans}
    assert all(text[0] == BOS and text[-1] == EOS and set(text[1:-1]) <= {7, MASK} for text in texts)


def test_spans_of_a_long_text_do_not_overlap():
    texts = mask_spans(words_of(DRAWS // 10, 40), np.full(DRAWS * 4, 7), DRAWS // 10, MASK, draw())
    hidden = np.array([40 - (text == 7).sum() for text in texts])
    assert_mean(hidden, 4 * 3)  # the sum of four spans: were they to overlap, it would be less
    assert_variance(hidden, 4 * 3)


def test_noised_text_keeps_words_whole_near_their_place_and_in_their_text():
    several = []
    for number in range(3_000):
        count = number % 31
        pieces = [[1_000 * number + 10 + 2 * i, 1_000 * number + 11 + 2 * i] for i in range(count)]
        several.append(np.array([BOS, *(one for word in pieces for one in word), EOS]))
    starts = [np.isin(np.arange(len(text)), range(1, len(text) - 1, 2)) for text in several]
    mask = 10**9
    noised = noise_texts(several, starts, mask, draw())
    assert len(noised) == 3_000
    for number, (text, result) in enumerate(zip(several, noised, strict=True)):
        assert result[0] == BOS and result[-1] == EOS and not np.isin(result[1:-1], [BOS, EOS]).any()
        inner = [token for token in result[1:-1].tolist() if token != mask]
        pairs = list(zip(inner[::2], inner[1::2], strict=True))
        assert all(second == first + 1 for first, second in pairs) and set(inner) <= set(text.tolist())
        assert len(set(inner)) == len(inner)
        places = [(first - 1_000 * number - 10) // 2 for first, _ in pairs]
        assert all(later > earlier - 3 for i, earlier in enumerate(places) for later in places[i + 1 :])
        assert (mask in result) == (number % 31 > 0)
    thirty = [len(one) for number, one in enumerate(noised) if number % 31 == 30]
    assert 0.3 < (np.mean(thirty) - 5) / 60 < 0.55  # 30 % dropped, and about three of ten of the others under masks


def test_a_first_piece_that_begins_no_word_is_one_all_the_same():
    """As of a text that was cut, or begins with what the tokenizer joins to nothing."""
    text = np.array([BOS, 9, EOS])
    (noised,) = noise_texts([text], [np.array([False, False, False])], MASK, draw())
    assert noised[0] == BOS and noised[-1] == EOS and MASK in noised


def test_an_empty_text_stays_empty():
    nothing, starts = np.array([BOS, EOS]), np.ones(2, bool)
    assert [one.tolist() for one in noise_texts([nothing] * 2, [starts] * 2, MASK, draw())] == [[BOS, EOS]] * 2


# DIC


def test_runs_of_regions_are_poisson_of_three_and_zero_nothing_where_they_are_of_length_zero():
    zeroed = zero_runs(np.full(DRAWS, 10), 12, draw())  # ten regions have one run, so that it is seen by itself
    assert not zeroed[:, 10:].any()
    lengths = zeroed.sum(axis=1)
    begun = (np.diff(zeroed.astype(int), axis=1, prepend=0) == 1).sum(axis=1)
    assert (begun == (lengths > 0)).all(), "a run is in one piece"
    chances, all_lengths = cut_poisson(9), np.arange(10)  # never all ten
    mean = (chances * all_lengths).sum()
    assert abs(mean - 3) < 0.006
    assert_mean(lengths, mean)
    assert_variance(lengths, (chances * (all_lengths - mean) ** 2).sum())
    for length in range(6):
        assert_mean(lengths == length, poisson(length))
    assert_mean(zeroed[lengths == 3].argmax(axis=1), 7 / 2)  # it begins anywhere


@pytest.mark.parametrize("regions", [20, 36, 45, 100])
def test_thirty_percent_of_the_regions_are_zeroed_whatever_their_number(regions):
    zeroed = zero_runs(np.full(DRAWS // regions + 10_000, regions), regions, draw())
    assert_mean(zeroed.sum(axis=1), 0.3 * regions)
    assert not zeroed.all(axis=1).any()


def test_runs_of_short_rows_leave_one_region_at_least():
    counts = np.tile([0, 1, 2, 3, 5, 9], 20_000)
    zeroed = zero_runs(counts, 9, draw())
    assert not (zeroed & (np.arange(9) >= counts[:, None])).any()
    assert (zeroed.sum(axis=1) < np.maximum(counts, 1)).all()
    for count in (2, 3, 5, 9):
        chances = cut_poisson(count - 1)
        expected = count / 10 * (chances * np.arange(count)).sum()  # a run with a tenth of chance for each region
        assert_mean(zeroed[counts == count].sum(axis=1), expected)
