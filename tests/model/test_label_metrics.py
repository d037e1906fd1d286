import pytest

from contract.errors import InputError
from model.label_metrics import accuracy

CLASSES = ("contradiction", "entailment", "neutral")


def test_the_share_of_right_labels_is_told_with_interval_and_items():
    labels = {f"s{i}": CLASSES[i % 3] for i in range(30)}
    predicted = dict.fromkeys(reversed(labels), "neutral")
    found = accuracy(predicted, labels, CLASSES)
    assert (found["accuracy"], found["items"]) == (33.33, 30)
    low, high = found["accuracy_interval"]
    assert 10 < low < 33.33 < high < 60


def test_one_item():
    assert accuracy({"a": "neutral"}, {"a": "neutral"}, CLASSES) == {
        "accuracy": 100.0, "accuracy_interval": [100.0, 100.0], "items": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("predicted", "labels", "message"),
    [
        ({"a": "neutral", "x": "neutral"}, {"a": "neutral"}, "a prediction for 'x'"),
        ({"a": "neutral"}, {"a": "neutral", "b": "neutral"}, "no prediction for 'b'"),
        (
            {"a": "neutral"},
            {"a": "contradictory"},
            "The label of 'a' is 'contradictory'.*\n.*one of contradiction, ent",
        ),
        ({"a": "maybe"}, {"a": "neutral"}, "The predicted label of 'a' is 'maybe'"),
        ({}, {}, "nothing to measure"),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_the_item(predicted, labels, message):
    with pytest.raises(InputError, match=message):
        accuracy(predicted, labels, CLASSES)
