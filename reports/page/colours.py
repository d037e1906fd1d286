"""A colour for each language, the same wherever it stands on the page and in every report."""

from __future__ import annotations

from contract.hashing import stable_hash

# Degrees on the colour wheel for the languages that stand together most often, far from each other.
_HUES = {
    "de": 215, "fr": 350, "cs": 130, "es": 35, "it": 95, "pt": 170, "ja": 290, "zh": 10, "ar": 155, "nl": 25,
    "ru": 255, "pl": 320, "tr": 190, "hi": 50, "ko": 270,
}  # fmt: skip


def hue(lang: str) -> int:
    """Degrees on the colour wheel, for whatever text stands where a language should."""
    return _HUES.get(lang, stable_hash(ascii(lang)) % 360)
