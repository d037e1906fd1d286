import numpy as np
import pytest

from contract.errors import InputError
from contract.hashing import stable_hash
from model.retrieval_metrics import averages, duplicated, measured, ranks, recalls


def ids(prefix, count):
    return [f"{prefix}{i}" for i in range(count)]


def brute_force(scores, caption_ids, image_ids, truth):
    """Sorts every list in full, with the ids' hash after the score, and looks where the first true one stands."""

    def rank(row, names, is_true):
        ranking = sorted(range(len(names)), key=lambda i: (-row[i], stable_hash("ties", names[i])))
        return next(place for place, i in enumerate(ranking, 1) if is_true(i))

    texts = [rank(scores[c], image_ids, lambda i, c=c: i == truth[c]) for c in range(len(caption_ids))]
    images = [rank(scores[:, j], caption_ids, lambda c, j=j: truth[c] == j) for j in range(len(image_ids))]
    return images, texts


def test_ranks_equal_a_brute_force_sort_over_random_matrices_with_ties():
    draw = np.random.default_rng(5)
    for _ in range(1000):
        images, several = int(draw.integers(1, 9)), int(draw.integers(1, 6))
        truth = draw.permutation(np.repeat(np.arange(images), several))
        scores = draw.integers(0, 4, (len(truth), images)).astype(np.float32)
        names = ids("c", len(truth)), ids("i", images)
        found = ranks(scores, *names, truth)
        assert (found.image_to_text.tolist(), found.text_to_image.tolist()) == brute_force(scores, *names, truth)


def test_five_copies_of_each_caption_are_what_the_formula_says():
    draw = np.random.default_rng(6)
    scores = draw.permutation(400).reshape(20, 20).astype(np.float32)
    names = ids("c", 20), ids("i", 20)
    copied = np.repeat(scores, 5, axis=0)
    several = ranks(copied, ids("c", 100), names[1], np.repeat(np.arange(20), 5))
    once = ranks(scores, *names, np.arange(20))
    assert np.array_equal(np.sort(several.image_to_text), np.sort(duplicated(once).image_to_text))
    assert recalls(several.text_to_image) == recalls(duplicated(once).text_to_image)
    assert recalls(duplicated(once).image_to_text)["R@5"] == recalls(once.image_to_text)["R@1"]


@pytest.mark.parametrize("several", [1, 5])
def test_a_constant_scorer_gets_the_level_of_chance(several):
    images = 200
    truth = np.repeat(np.arange(images), several)
    found = measured(ranks(np.zeros((len(truth), images)), ids("c", len(truth)), ids("i", images), truth))
    assert found["text_to_image"] == {"R@1": 0.5, "R@5": 2.5, "R@10": 5.0}
    assert found["image_to_text"]["R@10"] <= 5.0
    assert found["mR"] < 3.0


def test_a_perfect_scorer_gets_everything():
    truth = np.repeat(np.arange(12), 5)
    scores = (truth[:, None] == np.arange(12)).astype(np.float32)
    assert measured(ranks(scores, ids("c", 60), ids("i", 12), truth)) == {
        "mR": 100.0,
        "image_to_text": {"R@1": 100.0, "R@5": 100.0, "R@10": 100.0},
        "text_to_image": {"R@1": 100.0, "R@5": 100.0, "R@10": 100.0},
        "captions": 60,
        "images": 12,
    }


def test_one_picture_is_always_found():
    assert measured(ranks(np.zeros((1, 1)), ["c"], ["i"], [0]))["mR"] == 100.0


def test_a_score_that_is_no_number_is_an_error_that_names_the_pair():
    scores = np.zeros((2, 2))
    scores[1, 0] = np.nan
    with pytest.raises(InputError, match="'c1' and picture 'i0' is nan"):
        ranks(scores, ["c0", "c1"], ["i0", "i1"], [0, 1])


def test_averages_with_and_without_english():
    assert averages({"en": {"mR": 60.0}, "de": {"mR": 30.0}, "cs": {"mR": 20.0}}) == {"non_english": 25.0, "all": 36.67}
    assert averages({"en": {"mR": 60.0}}) == {"non_english": None, "all": 60.0}
