"""Step 1: which language a query is in, where the log does not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def primary_language(tag: str | None) -> str | None:
    """The language of a BCP 47 tag without script and region: "pt-BR" and "PT_br" are "pt"."""
    primary = (tag or "").strip().replace("_", "-").split("-")[0].lower()
    return primary if primary.isascii() and primary.isalpha() and 2 <= len(primary) <= 3 else None


_MOST_CAPITALS = 0.25  # of the letters; German's nouns stay under it


def _in_usual_case(text: str) -> str:
    """The text in lower case where it has more capitals than languages write, which mislead the model."""
    capitals = sum(character.isupper() for character in text)
    return text.lower() if capitals > _MOST_CAPITALS * sum(map(str.isalpha, text)) else text


class LanguageIdentifier:
    """py3langid with the model inside its package.

    All of its languages compete, so that a Russian query is not taken for the nearest wanted language; a query is
    accepted when the wanted languages together have enough of the probability, and goes to the likeliest of them.

    Args:
        languages: the languages wanted, ISO 639-1.
        confidence: the least share of the probability that they must have together.
    """

    def __init__(self, languages: Sequence[str], confidence: float) -> None:
        from py3langid.langid import MODEL_FILE
        from py3langid.langid import LanguageIdentifier as Model

        self._languages, self._confidence = tuple(languages), confidence
        self._model: Any = Model.from_model_file(MODEL_FILE, norm_probs=True)

    def identify(self, text: str) -> str | None:
        """The language of a normalised text; None where it is none of those wanted, or cannot be told."""
        probabilities: dict[str, float] = dict(self._model.rank(_in_usual_case(text)))
        wanted = {language: probabilities.get(language, 0.0) for language in self._languages}
        if sum(wanted.values()) < self._confidence:
            return None
        return max(wanted, key=lambda language: wanted[language])
