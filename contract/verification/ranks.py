"""Whether each picture's queries are ranked from 1 on, by falling relevance."""

from __future__ import annotations

from contract.verification.part import Part

_MOST_RANK = 5


class Ranks:
    """Follows the rows of one file of triples, which are sorted by picture and rank."""

    def __init__(self) -> None:
        self._last: tuple[str, int, float] = ("", 0, 0.0)

    def check(self, part: Part) -> None:
        """Checks the rows that come next.

        Raises:
            BreachError: ranks.
        """
        for row, (image_id, rank, relevance) in enumerate(part.values("image_id", "rank", "relevance")):
            image, before, greatest = self._last
            expected = before + 1 if image_id == image else 1
            if rank != expected or rank > _MOST_RANK:
                raise part.breach("ranks", row, f"rank {rank} follows {before}.", f"1, 2, 3 … to {_MOST_RANK}.")
            if rank > 1 and relevance > greatest:
                raise part.breach(
                    "ranks", row, f"relevance {relevance:.4f} follows {greatest:.4f}.", "falling numbers."
                )
            self._last = (image_id, rank, relevance)
