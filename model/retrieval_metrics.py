"""From a matrix of scores to recall: ranks, R@K, mR, and the protocols by name.

``unique``: every caption of the language counts once. Text to image: rank of the caption's picture among all pictures.
Image to text: rank of the picture's best-ranked true caption among all captions.

``five_duplicated``: for languages with one caption a picture, each repeated five times, as the published code does.
The copies of a caption have its score, so a caption of rank r comes to stand at 5 (r - 1) + 1: R@5 equals R@1.

``1k``: from 2,000 pictures on, the mean over folds of 1,000, in each of which only its own pictures and captions are
candidates; as MSCOCO's 5,000 test pictures are reported. ``5k``: from 5,000 pictures on, ``unique`` over all of them.

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
from model.bootstrap import interval, resampled_sums
from model.checkpoint import DIVERGED

UNIQUE, FIVE_DUPLICATED, FOLDS_OF_1K, ALL_OF_5K = "unique", "five_duplicated", "1k", "5k"
CUTOFFS = (1, 5, 10)
_COPIES = 5
_1K, _5K = 1000, 5000


@dataclass(frozen=True)
class Ranks:
    """Ranks from 1: one a picture (image to text), one a caption (text to image).

    Attributes:
        image_to_text: [pictures].
        text_to_image: [captions].
        truth: [captions], the index of each one's picture.
    """

    image_to_text: NDArray[np.int64]
    text_to_image: NDArray[np.int64]
    truth: NDArray[np.int64]


def by_protocol(
    scores: NDArray[np.floating[Any]], caption_ids: Sequence[str], image_ids: Sequence[str], truth: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """What is measured under each protocol that fits the numbers of pictures and captions; arguments as of ``ranks``.

    Raises:
        InputError: where a score is not a number.
    """
    found = ranks(scores, caption_ids, image_ids, truth)
    protocols = {UNIQUE: measured(found)}
    if len(caption_ids) == len(image_ids):
        chance = _chance(found, [(cutoff - 1) // _COPIES + 1 for cutoff in CUTOFFS])
        protocols[FIVE_DUPLICATED] = measured(duplicated(found)) | {"chance": round(chance, 2)}
    if len(image_ids) >= 2 * _1K:
        folds = ranks_in_folds(scores, caption_ids, image_ids, truth, _1K)
        protocols[FOLDS_OF_1K] = measured(*folds) | {"folds": len(folds)}
    if len(image_ids) >= _5K:
        protocols[ALL_OF_5K] = protocols[UNIQUE]
    return protocols


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
    check_finite(scores, caption_ids, image_ids)
    rows, columns = np.arange(len(caption_ids)), np.asarray(truth)
    true_image = np.zeros(scores.shape, bool)
    true_image[rows, columns] = True
    return Ranks(
        image_to_text=_best_true_rank(scores.T, true_image.T, order_of_ties(caption_ids)),
        text_to_image=_best_true_rank(scores, true_image, order_of_ties(image_ids)),
        truth=columns,
    )


def check_finite(
    scores: NDArray[np.floating[Any]], caption_ids: Sequence[str], image_ids: Sequence[str]
) -> None:  # fmt: skip
    """Refuses scores [captions, pictures] that are no numbers.

    Raises:
        InputError: names the first such pair.
    """
    if not np.isfinite(scores).all():
        caption, image = (int(index) for index in np.argwhere(~np.isfinite(scores))[0])
        raise InputError(
            f"The score of caption {caption_ids[caption]!r} and picture {image_ids[image]!r} is "
            f"{scores[caption, image]}.",
            "a finite number.",
            DIVERGED,
        )


def ranks_in_folds(
    scores: NDArray[np.floating[Any]],
    caption_ids: Sequence[str],
    image_ids: Sequence[str],
    truth: Sequence[int],
    size: int,
) -> list[Ranks]:
    """Ranks within folds of ``size`` pictures and their captions; other arguments as of ``ranks``.

    The pictures come in the order of a stable hash of their ids; those that fill no fold are left out.
    """
    order, picture = _by_hash("folds", image_ids), np.asarray(truth)
    found = []
    for start in range(0, len(order) - size + 1, size):
        columns = order[start : start + size]
        place = np.full(len(order), -1)
        place[columns] = np.arange(size)
        rows = np.flatnonzero(place[picture] >= 0)
        found.append(
            ranks(
                scores[np.ix_(rows, columns)], [caption_ids[row] for row in rows.tolist()],
                [image_ids[column] for column in columns.tolist()], place[picture[rows]].tolist(),
            )
        )  # fmt: skip
    return found


def _by_hash(purpose: str, ids: Sequence[str]) -> NDArray[np.int64]:
    """The indices of ids in the order of a stable hash, another one for each purpose."""
    return np.array(sorted(range(len(ids)), key=lambda index: (stable_hash(purpose, ids[index]), ids[index])), np.int64)


def order_of_ties(ids: Sequence[str]) -> NDArray[np.int64]:
    """The place of each candidate among those of equal scores."""
    order = np.empty(len(ids), np.int64)
    order[_by_hash("ties", ids)] = np.arange(len(ids))
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
    return Ranks(_COPIES * (unique.image_to_text - 1) + 1, unique.text_to_image, unique.truth)


def measured(*folds: Ranks) -> dict[str, Any]:
    """The mR, its interval, the six recalls that it is the mean of, in percent with two decimals; numbers of queries.

    Beside them stands the mR that a random order is expected to have.

    Of several folds, the mean. A resample draws pictures, each with its own rank and those of its captions, and leaves
    the candidates among which they were ranked as they are.
    """
    hits = [_hits(found) for found in folds]
    recalls = np.mean([_recalls(fold.sum(axis=0)) for fold in hits], axis=0)
    resampled = np.mean([_recalls(resampled_sums(fold, stream)) for stream, fold in enumerate(hits)], axis=0)
    names = [f"R@{cutoff}" for cutoff in CUTOFFS]
    rounded = [round(float(recall), 2) for recall in recalls]
    return {
        "mR": round(float(recalls.mean()), 2),
        "mR_interval": interval(resampled.mean(axis=1)),
        "image_to_text": dict(zip(names, rounded[: len(names)], strict=True)),
        "text_to_image": dict(zip(names, rounded[len(names) :], strict=True)),
        "captions": sum(len(found.text_to_image) for found in folds),
        "images": sum(len(found.image_to_text) for found in folds),
        "chance": round(float(np.mean([_chance(found, CUTOFFS) for found in folds])), 2),
    }


def _chance(found: Ranks, cutoffs_of_captions: Sequence[int]) -> float:
    """The mR in percent that a random order is expected to have: how likely a true candidate is to come early."""
    pictures, captions = len(found.image_to_text), len(found.truth)
    own = np.bincount(found.truth, minlength=pictures)
    to_image = [min(1.0, cutoff / pictures) for cutoff in CUTOFFS]
    to_text = []
    for cutoff in cutoffs_of_captions:
        drawn = np.arange(min(cutoff, captions))[:, None]
        none_is_true = np.prod(np.maximum(captions - own - drawn, 0) / (captions - drawn), axis=0)
        to_text.append(1 - float(none_is_true.mean()))
    return 100 * float(np.mean(to_image + to_text))


def _hits(found: Ranks) -> NDArray[np.int64]:
    """[pictures, 8]: whether the picture is a hit at each cutoff, how many of its captions are, 1, their number."""
    pictures = len(found.image_to_text)
    of_captions = [np.bincount(found.truth[found.text_to_image <= cutoff], minlength=pictures) for cutoff in CUTOFFS]
    of_picture = [found.image_to_text <= cutoff for cutoff in CUTOFFS]
    return np.column_stack(
        [*of_picture, *of_captions, np.ones(pictures, np.int64), np.bincount(found.truth, minlength=pictures)]
    )


def _recalls(sums: NDArray[np.int64]) -> NDArray[np.float64]:
    """The six recalls in percent, [..., 6], image to text first, of sums of hits, [..., 8]."""
    return 100.0 * np.concatenate([sums[..., :3] / sums[..., 6:7], sums[..., 3:6] / sums[..., 7:]], axis=-1)
