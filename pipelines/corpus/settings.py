"""What can be set for the stage."""

from __future__ import annotations

from dataclasses import dataclass

from contract.config import check_range, option


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

    def __post_init__(self) -> None:
        """Refuses values that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, "shards", 1, 99_999)
        check_range(self, "alpha", 0, 1)
        check_range(self, "val_fraction", 0, 0.99)
        check_range(self, "max_sentences", 0)
        check_range(self, "min_characters piece_megabytes", 1)
        check_range(self, "max_characters", self.min_characters)
