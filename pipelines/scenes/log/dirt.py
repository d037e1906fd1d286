"""What real queries are like: untidy ones, which mean what they say, and noise, which nobody can answer."""

from __future__ import annotations

import html
from collections.abc import Callable
from random import Random

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # of a keyboard
_SITES = ("meadow", "harbour", "window", "garden")
_NUDITY = {  # mild words, which the word lists of the stage triples have
    "en": "nude", "de": "nackt", "fr": "nudité", "pt": "pelado", "es": "desnudo", "it": "nudo", "ja": "ヌード",
    "zh": "裸体",
}  # fmt: skip


def _upper_case(text: str, _: Random) -> str:
    return text.upper()


def _mixed_case(text: str, draw: Random) -> str:
    return "".join(draw.choice((letter.lower(), letter.upper())) for letter in text)


def _doubled_spaces(text: str, draw: Random) -> str:
    return f" {text.replace(' ', '  ')}{draw.choice(('  ', '　'))}"


def _full_width(text: str, _: Random) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _entities(text: str, draw: Random) -> str:
    if draw.random() < 0.5:
        return f"&quot;{html.escape(text)}&quot;"
    return "".join(letter if letter.isascii() else f"&#{ord(letter)};" for letter in text).replace(" ", "&nbsp;")


def _invisible(text: str, draw: Random) -> str:
    at = draw.randrange(len(text) + 1)
    return f"{text[:at]}\N{ZERO WIDTH SPACE}{text[at:]}"


UNTIDY: dict[str, Callable[[str, Random], str]] = {
    "upper_case": _upper_case, "mixed_case": _mixed_case, "doubled_spaces": _doubled_spaces,
    "full_width": _full_width, "entities": _entities, "invisible": _invisible,
}  # fmt: skip


def _numbers(text: str, lang: str, draw: Random) -> str:
    return " ".join(str(draw.randint(1, 99_999)) for _ in range(draw.randint(1, 6)))


def _address(text: str, lang: str, draw: Random) -> str:
    return (
        f"{draw.choice(('https://www.', 'http://', 'www.'))}{draw.choice(_SITES)}.example/{draw.randint(1, 999)}.html"
    )


def _mail(text: str, lang: str, draw: Random) -> str:
    return f"{draw.choice(_SITES)}{draw.randint(1, 99)}@{draw.choice(_SITES)}.example"


def _keyboard(text: str, lang: str, draw: Random) -> str:
    row = draw.choice(_ROWS)
    return " ".join("".join(draw.choices(row, k=draw.randint(4, 9))) for _ in range(draw.randint(1, 4))) + row[:5]


def _too_short(text: str, lang: str, draw: Random) -> str:
    return text[:2] if lang in ("ja", "zh") else text.split()[-1]


def _sensitive(text: str, lang: str, draw: Random) -> str:
    return f"{_NUDITY[lang]} {text}"


def _file_name(text: str, lang: str, draw: Random) -> str:
    return f"IMG_{draw.randint(1, 9999):04d}.jpg"


def _empty(text: str, lang: str, draw: Random) -> str:
    return draw.choice(("", " ", "&nbsp;", "\N{ZERO WIDTH SPACE}"))


NOISE: dict[str, Callable[[str, str, Random], str]] = {
    "numbers": _numbers, "address": _address, "mail": _mail, "keyboard": _keyboard, "too_short": _too_short,
    "sensitive": _sensitive, "file_name": _file_name, "empty": _empty,
}  # fmt: skip
FAULTS = {"too_short": "query_short", "sensitive": "query_sensitive", "empty": "query_empty"}  # the others are noise
