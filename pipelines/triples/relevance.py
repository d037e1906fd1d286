"""Step 4: which pairs the relevance model learns from, and the model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from contract.errors import InputError
from contract.hashing import stable_hash
from contract.lines import read_lines
from contract.text import is_text
from pipelines.triples.logistic import Logistic, measure, train_logistic
from pipelines.triples.pair_features import FEATURES
from pipelines.triples.text import normalise

RELEVANCE_LABELS, IMAGE_LABELS = "relevance_labels.jsonl", "image_labels.jsonl"
_HELD_OUT = 5  # one picture in so many is kept from training


class PairLabel(NamedTuple):
    """A judged pair: a query in normal form, a picture, the query's language if stated, and whether they match."""

    query: str
    image_id: str
    lang: str | None
    label: bool


def read_pair_labels(log: Path) -> list[PairLabel]:
    """Judged pairs out of the log's folder; empty where it has none.

    Raises:
        InputError: names the line that is no judged pair.
    """
    return [
        PairLabel(
            normalise(_text(row, "query", where)),
            _text(row, "image_id", where),
            None if row.get("lang") is None else _text(row, "lang", where),
            label,
        )
        for row, label, where in _labelled(log / RELEVANCE_LABELS, "label")
    ]


def read_image_labels(log: Path) -> dict[str, bool]:
    """Whether features of pictures can be reliably extracted, by picture; empty where the log's folder has no labels.

    Raises:
        InputError: names the line that is no labelled picture.
    """
    return {_text(row, "image_id", where): label for row, label, where in _labelled(log / IMAGE_LABELS, "reliable")}


def is_held_out(seed: int, image_id: str) -> bool:
    """Whether examples of a picture measure a model rather than train it."""
    return stable_hash(seed, "held out", image_id) % _HELD_OUT == 0


def weak_negatives(
    query: np.ndarray,
    image: np.ndarray,
    clicked: set[tuple[int, int]],
    image_ids: Sequence[str],
    queries: Sequence[str],
    seed: int,
) -> np.ndarray:
    """For each clicked pair a picture that was not clicked for the same query, drawn by hash.

    Args:
        query: numbers of the queries, [n].
        image: numbers of the clicked pictures, [n].
        clicked: all pairs of such numbers that were clicked.
        image_ids: all pictures that may be drawn.
        queries: ids of the queries.
        seed: the job's.

    Returns:
        Numbers of pictures, [n]; -1 where the draw met a clicked one.
    """
    drawn = np.full(len(query), -1, np.int64)
    for row, (number, positive) in enumerate(zip(query.tolist(), image.tolist(), strict=True)):
        other = stable_hash(seed, "negative", queries[number], image_ids[positive]) % len(image_ids)
        if (number, other) not in clicked:
            drawn[row] = other
    return drawn


def train_held_out(
    features: np.ndarray, labels: np.ndarray, image_ids: Sequence[str], names: tuple[str, ...], seed: int
) -> tuple[Logistic | None, dict[str, Any]]:
    """Trains on four pictures of five, and measures on the fifth.

    Returns:
        The model, None where there are too few examples; and what to say of it: examples it was trained on, and the
        metrics of ``logistic.measure`` on the others.
    """
    held_out = np.array([is_held_out(seed, image_id) for image_id in image_ids], bool)
    model = train_logistic(features[~held_out], labels[~held_out], names)
    if model is None:
        return None, {"trained_on": 0, "held_out": {"examples": 0, "auc": None}}
    metrics = measure(model.probability(features[held_out]), labels[held_out])
    return model, {"trained_on": int((~held_out).sum()), "held_out": metrics, "model": model.as_json()}


def untrained() -> Logistic:
    """What stands in where there is nothing to learn from: named classes that the picture shows speak for a pair."""
    weights = tuple(4.0 if name == "named_mean" else 0.0 for name in FEATURES)
    return Logistic(FEATURES, (0.0,) * len(FEATURES), (1.0,) * len(FEATURES), weights, -2.0)


def _labelled(path: Path, name: str) -> Iterator[tuple[dict[str, Any], bool, str]]:
    lines = read_lines(path) if path.is_file() else iter(())
    for line in (line for line in lines if line.fault or line.text.strip()):
        where = f"{path}, byte {line.offset}"
        try:
            row = json.loads(line.text or line.fault)
            if row[name] not in (0, 1):  # which true and false are, too
                raise ValueError(f"{name} is {row[name]!r}")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"{where} is no labelled row: {type(error).__name__}: {error}",
                f"a JSON object with image_id and {name}, which is true or false, a line.",
            ) from error
        yield row, bool(row[name]), where


def _text(row: dict[str, Any], name: str, where: str) -> str:
    if not is_text(row.get(name)):
        raise InputError(f"{where}: {name} is {str(row.get(name))[:50]!a}.", "text.")
    return row[name]
