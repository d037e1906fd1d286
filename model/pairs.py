"""Which captions meet which pictures where matching is learnt: true pairs, and mismatched ones beside them."""

from __future__ import annotations

import numpy as np

from contract.errors import InputError
from contract.hashing import stable_hash
from contract.progress import progress
from model.data import Ints, RegionStore, Texts
from model.noise import mismatch


class PairDraws:
    """Draws mismatched pairs, as VLM and retrieval's fine-tuning do.

    A mismatched pair takes another picture for the caption or another picture's caption for the picture, with equal
    chance (section 3.2 of the paper). It is never a true pair: the other picture is no duplicate of the caption's own.

    Args:
        texts: the captions that are drawn from.
        groups: for every picture of the store, the number of its group of duplicates.
        negatives: mismatched pairs for each true one.

    Raises:
        InputError: where no mismatched pair can be drawn.
    """

    def __init__(self, texts: Texts, groups: Ints, negatives: int) -> None:
        self._pictures, self._groups, self._negatives = texts.pictures, groups, negatives
        self._pool = np.unique(texts.pictures)
        if len(np.unique(groups[self._pool])) < 2:
            raise InputError(
                "All training captions are of one picture.", "captions of two different pictures at least."
            )
        self._by_picture = np.argsort(texts.pictures, kind="stable")  # rows of texts, sorted by picture
        self._counts = np.bincount(texts.pictures, minlength=len(groups))
        self._starts = np.cumsum(self._counts) - self._counts

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
        own = self._pictures[rows]
        others = mismatch(own, self._pool, self._groups, self._negatives, draw, alike)
        place = (draw.random(others.shape) * self._counts[others]).astype(np.int64)
        has_caption = self._counts[others] > 0  # a like picture may have none among these texts
        their_caption = self._by_picture[np.where(has_caption, self._starts[others] + place, 0)]
        other_picture = (draw.random(others.shape) < 0.5) | ~has_caption
        captions = np.where(other_picture, rows[:, None], their_caption)
        pictures = np.where(other_picture, others, own[:, None])
        return np.column_stack([rows, captions]), np.column_stack([own, pictures])


def duplicates(store: RegionStore) -> Ints:
    """For every picture the number of its group of duplicates: pictures with the very same features."""
    prints = [
        stable_hash(store.one(row)[0].tobytes().hex())
        for row in progress(range(len(store)), "looking for duplicates", unit="pictures")
    ]
    return np.unique(prints, return_inverse=True)[1].astype(np.int64)
