"""Accuracy of predicted labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from contract.errors import InputError
from model.bootstrap import interval_of_mean


def accuracy(predicted: Mapping[str, str], labels: Mapping[str, str], classes: Collection[str]) -> dict[str, Any]:
    """The share of items whose predicted label is the true one, in percent, with its interval.

    Args:
        predicted: the predicted label by item id.
        labels: the true label by item id; every item has a prediction, and every prediction an item.
        classes: the labels that there are.

    Raises:
        InputError: where ids differ, a label is none of the classes, or there is no item.
    """
    remedy = "evaluate the very file that was predicted for, read with the same labels."
    if unknown := sorted(predicted.keys() - labels.keys()):
        raise InputError(f"There is a prediction for {unknown[0]!r}.", "an id of the evaluated items.", remedy)
    if missing := sorted(labels.keys() - predicted.keys()):
        raise InputError(f"There is no prediction for {missing[0]!r}.", "one for each evaluated item.", remedy)
    for kind, by_id in (("label", labels), ("predicted label", predicted)):
        for item_id, label in by_id.items():
            if label not in classes:
                raise InputError(f"The {kind} of {item_id!r} is {label!r}.", f"one of {', '.join(classes)}.", remedy)
    right = [100.0 * (predicted[item_id] == label) for item_id, label in labels.items()]
    bounds = interval_of_mean(right)
    return {"accuracy": round(sum(right) / len(right), 2), "accuracy_interval": bounds, "items": len(right)}
