import numpy as np
import pytest

from contract.errors import InputError
from contract.hashing import stable_hash
from model.bootstrap import interval, resampled_sums
from model.retrieval_metrics import Ranks, by_protocol, duplicated, measured, ranks, ranks_in_folds


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


def literal_mr(images, texts):
    return np.mean(
        [100 * np.mean([rank <= cutoff for rank in way]) for way in (images, texts) for cutoff in (1, 5, 10)]
    )


def random_case(draw, most_images):
    """One to five captions a picture, in any order, and scores of which many are the same."""
    images = int(draw.integers(1, most_images + 1))
    truth = draw.permutation(np.repeat(np.arange(images), draw.integers(1, 6, images)))
    scores = draw.integers(0, 4, (len(truth), images)).astype(np.float32)
    return scores, ids("c", len(truth)), ids("i", images), truth


def test_ranks_and_mr_equal_a_brute_force_sort_over_random_matrices_with_ties(record_property):
    draw, with_ties, furthest = np.random.default_rng(5), 0, 0.0
    for _ in range(1000):
        case = random_case(draw, most_images=16)
        found, expected = ranks(*case), brute_force(*case)
        assert (found.image_to_text.tolist(), found.text_to_image.tolist()) == expected
        apart = abs(measured(found)["mR"] - literal_mr(*expected))
        assert apart < 0.0051, "it has two decimals"
        furthest = max(furthest, apart)
        with_ties += len(np.unique(case[0])) < case[0].size
    record_property(
        f"mR of 1,000 matrices, {with_ties} with ties, furthest from sorting (two decimals)", f"{furthest:.4f}"
    )


def test_ranks_in_folds_are_those_of_each_folds_own_matrix():
    draw = np.random.default_rng(7)
    scores, captions, images, truth = random_case(draw, most_images=60)
    found = ranks_in_folds(scores, captions, images, truth, 8)
    order = sorted(range(len(images)), key=lambda i: stable_hash("folds", images[i]))
    assert len(found) == len(images) // 8 > 1
    for number, fold in enumerate(found):
        own = order[8 * number : 8 * number + 8]
        rows = [c for c in range(len(captions)) if truth[c] in own]
        expected = brute_force(
            scores[rows][:, own], [captions[c] for c in rows], [images[i] for i in own],
            [own.index(truth[c]) for c in rows],
        )  # fmt: skip
        assert (fold.image_to_text.tolist(), fold.text_to_image.tolist()) == expected


@pytest.mark.parametrize(
    ("images", "protocols", "in_folds"),
    [
        (1999, ["unique", "five_duplicated"], None),
        (2500, ["unique", "five_duplicated", "1k"], 2),
        (5000, ["unique", "five_duplicated", "1k", "5k"], 5),
    ],
)
def test_large_protocols_are_there_where_the_pictures_are(images, protocols, in_folds):
    scores = np.random.default_rng(4).standard_normal((images, images), np.float32)
    scores[np.arange(images), np.arange(images)] += 3
    found = by_protocol(scores, ids("c", images), ids("i", images), range(images))
    assert list(found) == protocols
    if in_folds:
        assert (found["1k"]["folds"], found["1k"]["images"]) == (in_folds, 1000 * in_folds)
        assert found["1k"]["mR"] > found["unique"]["mR"] + 5  # fewer candidates
        low, high = found["1k"]["mR_interval"]
        assert low < found["1k"]["mR"] < high
    if "5k" in found:
        assert found["5k"] == found["unique"]


def test_several_folds_are_measured_by_their_mean():
    draw = np.random.default_rng(11)
    folds = [ranks(*random_case(draw, most_images=30)) for _ in range(3)]
    single = [measured(fold) for fold in folds]
    together = measured(*folds)
    assert together["mR"] == pytest.approx(np.mean([one["mR"] for one in single]), abs=0.01)
    assert together["text_to_image"]["R@5"] == pytest.approx(
        np.mean([one["text_to_image"]["R@5"] for one in single]), abs=0.01
    )
    assert (together["captions"], together["images"]) == tuple(
        sum(one[name] for one in single) for name in ("captions", "images")
    )


def test_a_resample_draws_pictures_with_all_of_their_captions():
    found = ranks(*random_case(np.random.default_rng(3), most_images=40))
    pictures = len(found.image_to_text)
    values = []
    for drawn in resampled_sums(np.eye(pictures, dtype=np.int64)):
        values.append(literal_mr(
            [rank for rank, times in zip(found.image_to_text, drawn, strict=True) for _ in range(times)],
            [rank for rank, of in zip(found.text_to_image, found.truth, strict=True) for _ in range(drawn[of])],
        ))  # fmt: skip
    assert measured(found)["mR_interval"] == pytest.approx(interval(values), abs=0.0101)


def test_captions_that_repeat_each_other_make_no_interval_narrower():
    draw = np.random.default_rng(2)
    once = Ranks(draw.integers(1, 20, 50), draw.integers(1, 20, 50), np.arange(50))
    copied = Ranks(once.image_to_text, np.repeat(once.text_to_image, 5), np.repeat(once.truth, 5))
    assert measured(copied)["mR_interval"] == measured(once)["mR_interval"]


def test_an_interval_contains_the_mr_and_narrows_with_more_pictures():
    widths = []
    for images in (50, 200, 800):
        found = ranks(*random_case_of(images))
        one = measured(found)
        low, high = one["mR_interval"]
        assert low < one["mR"] < high
        widths.append(high - low)
    assert widths[0] > 1.5 * widths[1] > 1.5 * 1.5 * widths[2]


def random_case_of(images):
    """Five captions a picture that are found among the first ten half the time, whatever the number of pictures."""
    truth = np.repeat(np.arange(images), 5)
    scores = np.random.default_rng(images).random((len(truth), images))
    scores[np.arange(len(truth)), truth] = 1 - np.random.default_rng(1).random(len(truth)) * 20 / images
    return scores, ids("c", len(truth)), ids("i", images), truth


def test_five_copies_of_each_caption_are_what_the_formula_says():
    draw = np.random.default_rng(6)
    scores = draw.permutation(400).reshape(20, 20).astype(np.float32)
    names = ids("c", 20), ids("i", 20)
    copied = np.repeat(scores, 5, axis=0)
    several = ranks(copied, ids("c", 100), names[1], np.repeat(np.arange(20), 5))
    once = ranks(scores, *names, np.arange(20))
    assert np.array_equal(np.sort(several.image_to_text), np.sort(duplicated(once).image_to_text))
    assert measured(several)["text_to_image"] == measured(duplicated(once))["text_to_image"]
    assert measured(duplicated(once))["image_to_text"]["R@5"] == measured(once)["image_to_text"]["R@1"]


@pytest.mark.parametrize("several", [1, 5])
def test_a_constant_scorer_gets_the_level_of_chance(several):
    images = 200
    truth = np.repeat(np.arange(images), several)
    found = measured(ranks(np.zeros((len(truth), images)), ids("c", len(truth)), ids("i", images), truth))
    assert found["text_to_image"] == {"R@1": 0.5, "R@5": 2.5, "R@10": 5.0}
    assert found["image_to_text"]["R@10"] <= 5.0
    assert found["mR"] < 3.0


@pytest.mark.parametrize("captions_of", [[1] * 30, [5] * 30, [1, 2, 5] * 4, [1], [3]])
def test_chance_is_what_random_scores_get_on_average(captions_of):
    draw, images = np.random.default_rng(11), len(captions_of)
    truth = np.repeat(np.arange(images), captions_of)
    names = ids("c", len(truth)), ids("i", images)
    found = [by_protocol(draw.random((len(truth), images)), *names, truth) for _ in range(400)]
    for protocol, one in found[0].items():
        assert one["chance"] == pytest.approx(np.mean([each[protocol]["mR"] for each in found]), abs=0.7), protocol


def test_a_perfect_scorer_gets_everything():
    truth = np.repeat(np.arange(12), 5)
    scores = (truth[:, None] == np.arange(12)).astype(np.float32)
    assert measured(ranks(scores, ids("c", 60), ids("i", 12), truth)) == {
        "mR": 100.0,
        "mR_interval": [100.0, 100.0],
        "image_to_text": {"R@1": 100.0, "R@5": 100.0, "R@10": 100.0},
        "text_to_image": {"R@1": 100.0, "R@5": 100.0, "R@10": 100.0},
        "captions": 60,
        "images": 12,
        "chance": 39.86,
    }


def test_one_picture_is_always_found():
    assert measured(ranks(np.zeros((1, 1)), ["c"], ["i"], [0]))["mR"] == 100.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_finite_number_is_an_error_that_names_the_pair(value):
    scores = np.zeros((2, 2))
    scores[1, 0] = value
    with pytest.raises(InputError, match=f"'c1' and picture 'i0' is {value}"):
        by_protocol(scores, ["c0", "c1"], ["i0", "i1"], [0, 1])
