"""From a matrix of scores to recall: ranks, R@K, mR, and the protocols by name.

``unique``: every caption of the language counts once. Text to image: rank of the caption's picture among all pictures.
Image to text: rank of the picture's best-ranked true caption among all captions.

``five_duplicated``: for languages with one caption a picture, each repeated five times, as the published code does.
The copies of a caption have its score, so a caption of rank r comes to stand at 5 (r - 1) + 1: R@5 equals R@1.

Ties are broken by a stable hash of the candidates' ids, which is the same on every machine: a scorer that gives every
pair the same score gets the level of chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from contract.hashing import stable_hash

UNIQUE, FIVE_DUPLICATED = "unique", "five_duplicated"
CUTOFFS = (1, 5, 10)
_COPIES = 5


@dataclass(frozen=True)
class Ranks:
    """Ranks from 1: one a picture (image to text), one a caption (text to image)."""

    image_to_text: NDArray[np.int64]
    text_to_image: NDArray[np.int64]


def ranks(
    scores: NDArray[np.floating[Any]], caption_ids: Sequence[str], image_ids: Sequence[str], truth: Sequence[int]
) -> Ranks:
    """Ranks both ways, exact over all pairs.

    Args:
        scores: [captions, pictures], the higher the better.
        caption_ids: ids of the rows, by which ties are broken.
        image_ids: ids of the columns, by which ties are broken.
        truth: the column of each row's picture; every column is some row's.

    Raises:
        InputError: where a score is not a number, which must never become a rank.
    """
    if not np.isfinite(scores).all():
        caption, image = (int(index) for index in np.argwhere(~np.isfinite(scores))[0])
        raise InputError(
            f"The score of caption {caption_ids[caption]!r} and picture {image_ids[image]!r} is "
            f"{scores[caption, image]}.",
            "a finite number.",
            "the checkpoint diverged: train it again with a lower learning rate.",
        )
    rows, columns = np.arange(len(caption_ids)), np.asarray(truth)
    true_image = np.zeros(scores.shape, bool)
    true_image[rows, columns] = True
    return Ranks(
        image_to_text=_best_true_rank(scores.T, true_image.T, _order_of_ties(caption_ids)),
        text_to_image=_best_true_rank(scores, true_image, _order_of_ties(image_ids)),
    )


def _order_of_ties(ids: Sequence[str]) -> NDArray[np.int64]:
    by_hash = sorted(range(len(ids)), key=lambda index: (stable_hash("ties", ids[index]), ids[index]))
    order = np.empty(len(ids), np.int64)
    order[by_hash] = np.arange(len(ids))
    return order


def _best_true_rank(
    scores: NDArray[np.floating[Any]], true: NDArray[np.bool_], order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rank, for each query (row), of the best-placed true candidate (column)."""
    found = np.empty(len(scores), np.int64)
    for query, (row, wanted) in enumerate(zip(scores, true, strict=True)):
        best = row[wanted].max()
        place = order[wanted & (row == best)].min()
        found[query] = 1 + np.count_nonzero(row > best) + np.count_nonzero((row == best) & (order < place))
    return found


def duplicated(unique: Ranks) -> Ranks:
    """What the ranks become when every caption is there five times; only for one caption a picture.

    A text-to-image query that is asked five times has the same rank five times, which changes no share.
    """
    return Ranks(_COPIES * (unique.image_to_text - 1) + 1, unique.text_to_image)


def recalls(found: NDArray[np.int64]) -> dict[str, float]:
    """R@1, R@5 and R@10 in percent."""
    return {f"R@{cutoff}": 100.0 * float(np.mean(found <= cutoff)) for cutoff in CUTOFFS}


def measured(found: Ranks) -> dict[str, Any]:
    """The mR and the six recalls that it is the mean of, in percent with two decimals; numbers of queries."""
    both = {"image_to_text": recalls(found.image_to_text), "text_to_image": recalls(found.text_to_image)}
    values = [value for recall in both.values() for value in recall.values()]
    return {
        "mR": round(float(np.mean(values)), 2),
        **{way: {name: round(value, 2) for name, value in recall.items()} for way, recall in both.items()},
        "captions": len(found.text_to_image),
        "images": len(found.image_to_text),
    }


def averages(by_language: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """Mean mR over all languages and over those other than English, None where there is none."""

    def mean(values: list[float]) -> float | None:
        return round(float(np.mean(values)), 2) if values else None

    return {
        "non_english": mean([one["mR"] for lang, one in by_language.items() if lang != "en"]),
        "all": mean([one["mR"] for one in by_language.values()]),
    }
