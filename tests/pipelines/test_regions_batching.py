"""Which pictures the detector sees together."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.regions.batching import batches

UPRIGHT, LYING, SQUARE = 4 / 3, 3 / 4, 1.0


def padding(batch: list[float]) -> float:
    """Share of a batch that is padding, its shorter sides being of one length."""
    sizes = [(max(aspect, 1), max(1 / aspect, 1)) for aspect in batch]
    padded = len(sizes) * max(high for high, _ in sizes) * max(wide for _, wide in sizes)
    return 1 - sum(high * wide for high, wide in sizes) / padded


@given(st.dictionaries(st.integers(0, 1000), st.floats(0.02, 50)), st.integers(1, 9))
def test_every_picture_is_in_one_batch_and_little_of_it_is_padding(aspects, size):
    made = batches(aspects, size)
    assert sorted(number for batch in made for number in batch) == sorted(aspects)
    for batch in made:
        assert 1 <= len(batch) <= size and padding([aspects[number] for number in batch]) < 0.1 + 1e-9


def test_upright_and_lying_pictures_never_share_a_batch():
    aspects = {number: (UPRIGHT, LYING)[number % 2] for number in range(12)}
    assert batches(aspects, 8) == [[1, 3, 5, 7, 9, 11], [0, 2, 4, 6, 8, 10]]


def test_pictures_of_one_shape_fill_their_batches_in_order():
    assert batches(dict.fromkeys(range(10), SQUARE), 4) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
