"""Cutting captions into the tokens that BLEU-4 and CIDEr count.

``ptb-like``: what the caption literature does with the Penn Treebank tokenizer — lower case, English contractions
split, punctuation marks dropped — for every language that puts spaces between its words.
``characters``: every character of Chinese, Japanese, Thai, … by itself, because words are not marked there; digits and
Latin letters between them stay together. Punctuation is dropped too.
"""

from __future__ import annotations

import re
import unicodedata

from contract.text import normal_form, without_spaces

PTB_LIKE, CHARACTERS = "ptb-like", "characters"

_CONTRACTION = re.compile(r"(?<=\w)(n't|'s|'re|'ve|'ll|'d|'m)(?!\w)")
_JOINED_WORDS = re.compile(r"\b(?:(can)(not)|(gon|wan)(na)|(got)(ta)|(gim|lem)(me))\b")
_APOSTROPHES = str.maketrans("‘’ʼ`´", "'''''")
# In this order: abbreviations, a contraction's ending, words and numbers with what may stand in them, any other mark.
_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|n't|'(?:s|re|ve|ll|d|m)\b|\w+(?:[-/.,'&@:]\w+)*|[^\w\s]")
_CHARACTER = re.compile(r"[a-z0-9]+|\w[\u0300-\u036f\u0e31-\u0e4e\u3099\u309a]*")


def tokenizer_name(lang: str) -> str:
    """Which tokenizer a language's captions are cut with: ``ptb-like`` or ``characters``."""
    return CHARACTERS if without_spaces(lang) else PTB_LIKE


def caption_tokens(text: str, lang: str) -> list[str]:
    """The tokens of a caption, lower-cased and without punctuation.

    Args:
        text: a caption.
        lang: its language, BCP 47.
    """
    lowered = normal_form("NFKC" if tokenizer_name(lang) == CHARACTERS else "NFC", text).lower()
    if tokenizer_name(lang) == CHARACTERS:
        return _CHARACTER.findall(lowered)
    spaced = _CONTRACTION.sub(r" \1", lowered.translate(_APOSTROPHES))
    spaced = _JOINED_WORDS.sub(lambda match: " ".join(filter(None, match.groups())), spaced)
    return [token for token in _TOKEN.findall(spaced) if not _is_punctuation(token)]


def _is_punctuation(token: str) -> bool:
    return len(token) == 1 and unicodedata.category(token).startswith("P") and token not in "&%#@/*"
