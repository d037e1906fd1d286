"""Step 3: rules against noisy words and numbers. Each has a name, which a reject's message states."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

from pipelines.triples.text import folded

_ADDRESS = re.compile(r"https?:|www\.|\S+@\S+\.\S|\b[\w-]+\.(?:com|org|net|info|biz|edu|gov|io)\b", re.IGNORECASE)
_FILE_NAME = re.compile(
    r"\b(?:img|dsc[fn]?|pict?|dcim|screenshot)_?\d{3,}|"
    r"\w\.(?:jpe?g|png|gif|bmp|webp|tiff?|svg|pdf|zip|mp4|avi|html?|php|docx?)(?-i:(?![a-z]))",
    re.IGNORECASE,
)
_OPERATOR = re.compile(r"\b(?:site|filetype|inurl|intitle|intext|related|cache):|(?:^|\s)-\w+:", re.IGNORECASE)
_REPEATED = re.compile(r"([^\W\d_])\1{3,}|([!?#*=+~_-])\2{3,}")
_CODE = re.compile(r"(?:[a-z]+\d+){3}|(?:\d+[a-z]+){3}", re.IGNORECASE)  # by turns, as in a8f3k2; M16A1 is a name
_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d{2})(?!\d)(?:\s?[年년](?:\s?\d{1,2}\s?[月월](?:\s?\d{1,2}\s?[日일])?)?)?")
_MARKUP = re.compile(r"</?[a-z][^>]*>|&[a-z]+;|%[0-9a-f]{2}", re.IGNORECASE)
_CONSONANTS = re.compile(r"^(?!.+[rl].)[bcdfghjklmnpqrstvwxz]{5,}$")  # between others r and l are vowels in Czech
_MASHED = re.compile(r"asdf|sdfg|dfgh|fghj|ghjk|hjkl|qwer|zxcv|xcvb|yxcv|jklö", re.IGNORECASE)

_GREATEST_NUMBER_SHARE = 1 / 3  # of the words
_GREATEST_DIGIT_SHARE = 0.4  # of letters and digits
_GREATEST_SYMBOL_SHARE = 0.3  # of characters other than spaces
_SYMBOLS = frozenset({"Sm", "Sc", "Sk", "So", "Po", "Pc"})  # brackets, quotation marks and dashes are none
_QUOTATION_MARKS = frozenset("\"'")  # to Unicode these two are as any other punctuation
_LONGEST_WORD = 40  # characters; German compounds stay under it

Rule = Callable[[str, Sequence[str]], bool]


def _number_share(_: str, words: Sequence[str]) -> bool:
    numbers = sum(word.replace(".", "").replace("-", "").isdigit() for word in words if not _YEAR.fullmatch(word))
    return numbers > _GREATEST_NUMBER_SHARE * len(words)


def _digit_share(text: str, _: Sequence[str]) -> bool:
    digits = sum(character.isdigit() for character in _YEAR.sub("", text))  # captions of photographs have dates
    return digits > _GREATEST_DIGIT_SHARE * max(1, sum(character.isalnum() for character in text))


def _symbol_share(text: str, _: Sequence[str]) -> bool:
    visible = text.replace(" ", "")
    signs = (character for character in visible if not character.isalnum() and character not in _QUOTATION_MARKS)
    symbols = sum(unicodedata.category(sign) in _SYMBOLS for sign in signs)
    return symbols > _GREATEST_SYMBOL_SHARE * max(1, len(visible))


def _code(_: str, words: Sequence[str]) -> bool:
    return any(_CODE.match(word) for word in words)


def _repeated_word(_: str, words: Sequence[str]) -> bool:
    return len(words) >= 3 and 2 * Counter(map(folded, words)).most_common(1)[0][1] > len(words)


def _no_vowels(_: str, words: Sequence[str]) -> bool:
    return any(_CONSONANTS.match(word) for word in words)


RULES: dict[str, Rule] = {
    "no_letters": lambda text, _: not any(character.isalpha() for character in text),
    "address": lambda text, _: bool(_ADDRESS.search(text)),
    "file_name": lambda text, _: bool(_FILE_NAME.search(text)),
    "search_operator": lambda text, _: bool(_OPERATOR.search(text)),
    "markup": lambda text, _: bool(_MARKUP.search(text)),
    "unreadable_characters": lambda text, _: "\N{REPLACEMENT CHARACTER}" in text,
    "repeated_characters": lambda text, _: bool(_REPEATED.search(text)),
    "repeated_words": _repeated_word,
    "numbers": _number_share,
    "digits": _digit_share,
    "code": _code,
    "symbols": _symbol_share,
    "no_vowels": _no_vowels,
    "keyboard_row": lambda text, _: bool(_MASHED.search(text)),
    "long_word": lambda text, words: any(len(word) > _LONGEST_WORD for word in words),
}


def noise_rule(text: str, words: Sequence[str]) -> str | None:
    """The name of the first rule by which a query is noise; None where it is not.

    Args:
        text: the normalised query.
        words: its words.
    """
    return next((name for name, is_noise in RULES.items() if is_noise(text, words)), None)
