"""Which captions meet which pictures where matching is learnt: true pairs, and mismatched ones beside them."""

from __future__ import annotations

import numpy as np

from contract.errors import InputError
from contract.hashing import stable_hash
from contract.progress import progress
from model.data import Ints, Texts
from model.noise import mismatch
from model.regions import RegionStore


class PairDraws:
    """Draws mismatched pairs, as VLM and retrieval's fine-tuning do.

    A mismatched pair takes another picture for the caption or another picture's caption for the picture, with equal
    chance, as in the paper. It is never a true pair: the other picture is no duplicate of the caption's own.
    Of the other picture's captions the one whose length is nearest is taken, so that a batch stays without much padding
    and a caption's length tells nothing.

    Args:
        texts: the captions that are drawn from.
        groups: for every picture of the store, the number of its group of duplicates.
        negatives: mismatched pairs for each true one.

    Raises:
        InputError: where no mismatched pair can be drawn.
    """

    def __init__(self, texts: Texts, groups: Ints, negatives: int) -> None:
        self._pictures, self._groups, self._negatives = texts.pictures, groups, negatives
        self._lengths = np.array([len(one) for one in texts.tokens])
        self._pool = np.unique(texts.pictures)
        if len(np.unique(groups[self._pool])) < 2:
            raise InputError(
                "All training captions are of one picture.", "captions of two different pictures at least."
            )
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
        own = self._pictures[rows]
        others = mismatch(own, self._pool, self._groups, self._negatives, draw, alike)
        captions, pictures = np.repeat(rows[:, None], self._negatives, axis=1), others.copy()
        for pair in np.argwhere(draw.random(others.shape) < 0.5).tolist():
            candidates = self._captions_of(int(others[tuple(pair)]))
            if len(candidates):  # a like picture may have none among these texts: it takes the picture's place then
                apart = np.abs(self._lengths[candidates] - self._lengths[rows[pair[0]]])
                captions[tuple(pair)] = draw.choice(candidates[apart == apart.min()])
                pictures[tuple(pair)] = own[pair[0]]
        return np.column_stack([rows, captions]), np.column_stack([own, pictures])

    def _captions_of(self, picture: int) -> Ints:
        return self._by_picture[self._ends[picture - 1] if picture else 0 : self._ends[picture]]


def duplicates(store: RegionStore) -> Ints:
    """For every picture the number of its group of duplicates: pictures with the very same features."""
    prints = [
        stable_hash(store.one(row)[0].tobytes().hex())
        for row in progress(range(len(store)), "looking for duplicates", unit="pictures")
    ]
    return np.unique(prints, return_inverse=True)[1].astype(np.int64)
