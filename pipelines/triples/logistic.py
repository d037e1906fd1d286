"""A logistic regression kept as numbers: trained by scikit-learn, stored as JSON, applied by NumPy."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contract.errors import InputError

_DIGITS = 9  # significant digits of a stored number
_FEWEST = 5  # examples of either label, to learn from and to measure by
_BINS = 10


@dataclass(frozen=True)
class Logistic:
    """``probability = sigmoid(intercept + Σ weight · (feature − mean) / scale)``.

    Attributes:
        features: names of the features, in the order of the columns.
        means: of the examples that it was trained on.
        scales: their standard deviations; 1 for a feature that never changes.
        weights: one a feature.
        intercept: what is added.
    """

    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Probabilities, rounded to 6 digits so that they are the same on every machine.

        Args:
            features: float [n, number of features].

        Returns:
            float32 [n].
        """
        standard = (features.astype(np.float64) - np.array(self.means)) / np.array(self.scales)
        score = (standard * np.array(self.weights)).sum(axis=1) + self.intercept
        return np.round(1 / (1 + np.exp(-np.clip(score, -50, 50))), 6).astype(np.float32)

    def as_json(self) -> dict[str, Any]:
        """The model as JSON values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def read_logistic(path: Path, features: tuple[str, ...]) -> Logistic:
    """A model from JSON, as ``as_json`` gives it or under the key ``model``.

    Raises:
        InputError: where it is no such model, or one over other features.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        values = values.get("model", values)
        means, scales, weights = (tuple(map(float, values[name])) for name in ("means", "scales", "weights"))
        model = Logistic(tuple(map(str, values["features"])), means, scales, weights, float(values["intercept"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise InputError(
            f"{path} is no model: {type(error).__name__}: {error}", "JSON that this stage wrote."
        ) from error
    lengths = {len(values) for values in (model.means, model.scales, model.weights)}
    numbers = [*model.means, *model.scales, *model.weights, model.intercept]
    if not np.isfinite(numbers).all() or min(model.scales, default=1) <= 0:
        raise InputError(f"{path} holds numbers that are not finite, or scales of 0.", "a model that this stage wrote.")
    if model.features != features or lengths != {len(features)}:
        raise InputError(
            f"{path} is a model over {', '.join(model.features)}.",
            f"one over {', '.join(features)}.",
            "train it again.",
        )
    return model


def train_logistic(features: np.ndarray, labels: np.ndarray, names: tuple[str, ...]) -> Logistic | None:
    """Fits a model, both labels weighing the same; None where there are too few examples of either.

    Args:
        features: float [n, number of names].
        labels: bool [n].
        names: names of the features.
    """
    if min(labels.sum(), (~labels).sum()) < _FEWEST:
        return None
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    features = features.astype(np.float64)
    means, scales = features.mean(axis=0), features.std(axis=0)
    scales[scales < 1e-9] = 1.0
    with threadpool_limits(1):  # the order of a sum must not depend on the number of cores
        fitted = LogisticRegression(class_weight="balanced", max_iter=2000).fit((features - means) / scales, labels)
    return Logistic(
        names, _rounded(means), _rounded(scales), _rounded(fitted.coef_[0]), _rounded(fitted.intercept_)[0]
    )  # fmt: skip


def measure(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """How good probabilities are on labelled examples that the model has not seen.

    Returns:
        examples, positives, AUC, Brier score, and the expected calibration error over ten equal bins; AUC is None
        where there are too few examples of either label.
    """
    from sklearn.metrics import brier_score_loss, roc_auc_score

    both = min(labels.sum(), (~labels).sum()) >= _FEWEST
    return {
        "examples": len(labels), "positives": int(labels.sum()),
        "auc": round(float(roc_auc_score(labels, probabilities)), 4) if both else None,
        "brier": round(float(brier_score_loss(labels, probabilities)), 4) if len(labels) else None,
        "calibration_error": round(_calibration_error(probabilities, labels), 4) if len(labels) else None,
    }  # fmt: skip


def _calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    gaps = [abs(probabilities[bins == b].sum() - labels[bins == b].sum()) for b in range(_BINS)]
    return float(sum(gaps) / len(labels))


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{value:.{_DIGITS}g}") for value in np.ravel(values))
