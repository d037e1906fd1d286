"""Step 4: how well a pre-trained checkpoint finds queries and pictures to match, as ``model.match`` wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from contract.dataset import Dataset
from contract.errors import InputError


class Matching:
    """The scores of one shard's pairs.

    Args:
        folder: the dataset ``matching``; None for no scores.
        shard: the shard's number.
    """

    def __init__(self, folder: Path | None, shard: int) -> None:
        self._folder, self._scores = folder, dict[tuple[str, str], float]()
        if folder:
            columns = Dataset(folder, "matching").table(["image_id", "query_id", "score"], shard).columns
            for image_id, query_id, score in zip(*(column.to_pylist() for column in columns), strict=True):
                self._scores[image_id, query_id] = score
            if not np.isfinite(list(self._scores.values())).all():
                raise InputError(f"{folder} has scores that are no finite numbers.", "what model.match writes.")

    def of(
        self, image_ids: Sequence[str], image: np.ndarray, query_ids: Sequence[str], query: np.ndarray
    ) -> np.ndarray:
        """The scores of pairs, float32 [n]; 0 where there are none at all.

        Args:
            image_ids: the pictures' ids.
            image: which of them each pair has, [n].
            query_ids: the queries' ids.
            query: likewise.

        Raises:
            InputError: where a pair has no score while others have.
        """
        if self._folder is None:
            return np.zeros(len(image), np.float32)
        pairs = zip(image.tolist(), query.tolist(), strict=True)
        try:
            scores = [self._scores[image_ids[number], query_ids[other]] for number, other in pairs]
        except KeyError as error:
            raise InputError(
                f"{self._folder} has no score of the pair {' / '.join(error.args[0])}.", "a score of every pair.",
                "write the pairs with the same log and settings as here, and score them again.",
            ) from error  # fmt: skip
        return np.array(scores, np.float32)
