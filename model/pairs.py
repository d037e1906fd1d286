"""Which captions meet which pictures where matching is learnt: true pairs, and mismatched ones beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from contract.progress import progress
from model.data import Ints, Texts, numbered
from model.noise import Bools

_ALIKE = 20  # how many like pictures hard negatives are drawn from
_SCORES_AT_ONCE = 1 << 24  # likenesses that are held together: 128 MiB
_COUNTED_AT_ONCE = 4096  # pictures whose objects are counted together
_DRAWS = 100  # in vain, before all pictures are looked through


class TruePairs:
    """Which captions and pictures belong together, though they may not stand so in the data.

    A picture belongs to a caption where a caption of the same words stands beside it or beside a duplicate of it. A
    code-switched caption has the same words as another also where both were switched from the same words.

    Args:
        texts: the captions.
        groups: for every picture of the store, the number of its group of duplicates.

    Raises:
        InputError: where a caption belongs to every picture, so that it has no mismatched one.
    """

    def __init__(self, texts: Texts, groups: Ints) -> None:
        self._groups, self._wide = groups, int(groups.max(initial=0)) + 1
        own = groups[texts.pictures]
        there = len(np.unique(own))
        if there < 2:
            raise InputError(
                "All training captions are of one picture.", "captions of two different pictures at least."
            )
        numberings = [numbered(one.tobytes() for one in texts.tokens)]
        self._numberings = numberings if texts.origins is None else [*numberings, texts.origins]
        self._codes = [np.unique(numbers * self._wide + own) for numbers in self._numberings]
        for numbers, codes in zip(self._numberings, self._codes, strict=True):
            everywhere = np.flatnonzero(np.bincount(codes // self._wide)[numbers] == there)
            if len(everywhere):
                raise no_mismatch(texts.keys[everywhere[0]])

    def hold(self, captions: Ints, pictures: Ints) -> Bools:
        """Whether captions (rows of the texts) and pictures (rows of the store), of one shape, are true pairs."""
        true = np.zeros(captions.shape, bool)
        for numbers, codes in zip(self._numberings, self._codes, strict=True):
            wanted = numbers[captions] * self._wide + self._groups[pictures]
            true |= codes[np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)] == wanted
        return true


def no_mismatch(key: str) -> InputError:
    """What is said where no picture can be mismatched with a caption."""
    return InputError(
        f"Every training picture has a caption of the same words as {key!r}.",
        "captions that tell pictures apart, so that a mismatched pair can be drawn.",
    )


class PairDraws:
    """Draws mismatched pairs, as VLM and retrieval's fine-tuning do.

    A mismatched pair takes another picture for the caption or another picture's caption for the picture, with equal
    chance, as in the paper. It is never a true pair (``TruePairs``).
    Of the other picture's captions the one whose length is nearest is taken, so that a batch stays without much padding
    and a caption's length tells nothing.

    Args:
        texts: the captions that are drawn from.
        groups: for every picture of the store, the number of its group of duplicates.
        negatives: mismatched pairs for each true one.

    Attributes:
        true: the true pairs.

    Raises:
        InputError: where no mismatched pair can be drawn.
    """

    def __init__(self, texts: Texts, groups: Ints, negatives: int) -> None:
        self._texts, self._negatives = texts, negatives
        self.true = TruePairs(texts, groups)
        self._lengths = texts.lengths
        self._pool = np.unique(texts.pictures)
        self._by_picture = np.argsort(texts.pictures, kind="stable")
        self._ends = np.cumsum(np.bincount(texts.pictures, minlength=len(groups)))

    def of(
        self, rows: Ints, draw: np.random.Generator, alike: dict[int, Ints] | None = None
    ) -> tuple[Ints, Ints]:  # fmt: skip
        """The pairs of some captions.

        Args:
            rows: rows of the texts [B].
            draw: the generator.
            alike: for a picture, others with like objects, to take hard negatives from; random ones where None.

        Returns:
            Captions by row of the texts, and pictures by row of the store, both [B, 1 + negatives]; true pairs first.
        """
        own = self._texts.pictures[rows]
        others = self.other_pictures(rows, draw, alike)
        captions, pictures = np.repeat(rows[:, None], self._negatives, axis=1), others.copy()
        for pair in np.argwhere(draw.random(others.shape) < 0.5).tolist():
            row = pair[0]
            candidates = self._captions_of(int(others[tuple(pair)]))
            candidates = candidates[~self.true.hold(candidates, np.broadcast_to(own[row], candidates.shape))]
            if len(candidates):  # a picture whose captions do not serve takes the picture's place
                apart = np.abs(self._lengths[candidates] - self._lengths[rows[row]])
                captions[tuple(pair)] = draw.choice(candidates[apart == apart.min()])
                pictures[tuple(pair)] = own[row]
        return np.column_stack([rows, captions]), np.column_stack([own, pictures])

    def other_pictures(self, rows: Ints, draw: np.random.Generator, alike: dict[int, Ints] | None = None) -> Ints:
        """Pictures [B, negatives] to which the captions do not belong; arguments as of ``of``."""
        wrong = self._pool[draw.integers(0, len(self._pool), (len(rows), self._negatives))]
        if alike is not None:
            for place, picture in enumerate(self._texts.pictures[rows].tolist()):
                if len(alike[picture]):
                    wrong[place] = draw.choice(alike[picture], self._negatives)
        captions = np.repeat(rows[:, None], self._negatives, axis=1)
        for _ in range(_DRAWS):
            true = self.true.hold(captions, wrong)
            if not true.any():
                return wrong
            wrong[true] = self._pool[draw.integers(0, len(self._pool), int(true.sum()))]
        for pair in map(tuple, np.argwhere(self.true.hold(captions, wrong)).tolist()):
            free = self._pool[~self.true.hold(np.full(len(self._pool), captions[pair]), self._pool)]
            if len(free) == 0:
                raise no_mismatch(self._texts.keys[captions[pair]])
            wrong[pair] = draw.choice(free)
        return wrong

    def _captions_of(self, picture: int) -> Ints:
        return self._by_picture[self._ends[picture - 1] if picture else 0 : self._ends[picture]]


def alike(object_ids: Sequence[Ints], pool: Ints) -> dict[int, Ints]:
    """For pictures, the twenty whose detected objects are most like their own: by the cosine of their counts.

    Holds some rows of the N × N likenesses at a time, and never all. Of equally like pictures the first come first.

    Args:
        object_ids: the detector's classes of each picture's regions.
        pool: the pictures, by their place in ``object_ids``.

    Returns:
        The like pictures of each; none of one without objects.
    """
    classes = 1 + max(int(object_ids[picture].max(initial=0)) for picture in pool.tolist())
    most, rows_at_once = min(_ALIKE, len(pool) - 1), max(1, _SCORES_AT_ONCE // len(pool))
    result: dict[int, Ints] = {}
    for first in progress(range(0, len(pool), rows_at_once), "looking for like pictures", unit="blocks"):
        block = pool[first : first + rows_at_once]
        own = _object_counts(object_ids, block, classes)
        scores = np.empty((len(block), len(pool)))
        for start in range(0, len(pool), _COUNTED_AT_ONCE):
            others = _object_counts(object_ids, pool[start : start + _COUNTED_AT_ONCE], classes)
            scores[:, start : start + len(others)] = _likeness(own, others)
        scores[np.arange(len(block)), first + np.arange(len(block))] = -1.0  # not like itself
        for picture, row in zip(block.tolist(), _highest(scores, most), strict=True):
            result[picture] = pool[row] if len(object_ids[picture]) else pool[:0]
    return result


def _object_counts(object_ids: Sequence[Ints], pictures: Ints, classes: int) -> NDArray[np.float32]:
    """How often each class is detected in each picture [N, C]."""
    several = [object_ids[picture] for picture in pictures.tolist()]
    rows = np.repeat(np.arange(len(several)), [len(ids) for ids in several])
    counts = np.bincount(rows * classes + np.concatenate(several), minlength=len(several) * classes)
    return counts.reshape(len(several), classes).astype(np.float32)


def _likeness(own: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """What ranks others as their cosine with each own does: its square, times own's squared length, [own, others].

    It is a quotient of whole numbers, so that equal cosines are equal to the last digit, however the blocks are cut.
    """
    lengths = np.square(others, dtype=np.float64).sum(axis=1)
    return np.square(own @ others.T, dtype=np.float64) / np.maximum(lengths, 1.0)


def _highest(scores: NDArray[np.float64], most: int) -> list[Ints]:
    """The places of the highest scores of each row, from the highest; of equal ones the first."""
    least = np.partition(scores, -most, axis=1)[:, -most]
    result = []
    for row, bound in zip(scores, least, strict=True):
        candidates = np.flatnonzero(row >= bound)
        result.append(candidates[np.argsort(-row[candidates], kind="stable")[:most]])
    return result
