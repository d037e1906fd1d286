"""What can be set for the stage."""

from __future__ import annotations

from dataclasses import dataclass

from contract.config import option
from contract.errors import UsageError


@dataclass(frozen=True)
class Config:
    """Settings of the stage ``corpus``."""

    languages: tuple[str, ...] = option((), "languages to take; empty takes all that are there")
    min_characters: int = option(5, "shorter sentences are rejected", "characters")
    max_characters: int = option(1000, "longer sentences are rejected", "characters")
    alpha: float = option(0.3, "smoothing of languages: λ_l = p_l^α / Σ p^α; 0.3 in the paper, section 3.2", "0 to 1")
    max_sentences: int = option(0, "sample so many sentences with λ; 0 keeps all", "sentences")
    val_fraction: float = option(0.01, "share of the sentences that goes to val, by a stable hash", "0 to 1")
    shards: int = option(4, "shards of the dataset; one should fit in memory (about 1 GB for 700,000 sentences)")
    piece_megabytes: int = option(64, "files are read in pieces of this size, side by side; .gz as a whole", "MB")

    def check(self) -> None:
        """Refuses values that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        rules = {
            f"corpus.shards is {self.shards}.": (1 <= self.shards <= 99_999, "1 to 99,999."),
            f"corpus.alpha is {self.alpha}.": (0 <= self.alpha <= 1, "0 to 1."),
            f"corpus.val_fraction is {self.val_fraction}.": (0 <= self.val_fraction < 1, "0 to less than 1."),
            f"corpus.max_sentences is {self.max_sentences}.": (self.max_sentences >= 0, "0 or more."),
            f"corpus.piece_megabytes is {self.piece_megabytes}.": (self.piece_megabytes >= 1, "1 or more."),
            f"corpus.min_characters and max_characters are {self.min_characters} and {self.max_characters}.": (
                1 <= self.min_characters <= self.max_characters, "1 or more, and not the wrong way round."
            ),
        }  # fmt: skip
        for found, (holds, expected) in rules.items():
            if not holds:
                raise UsageError(found, expected)
