"""What a query looks like after normalisation, and the keys by which its words are compared."""

from __future__ import annotations

import html
import unicodedata

from contract.text import normal_form

# Format characters (zero-width spaces, directional marks) are invisible, and hide a word from a word list.
_INVISIBLE = {"Cf", "Cc", "Cs", "Co", "Cn"}


def normalise(text: str) -> str:
    """Unicode NFKC with entities resolved, invisible characters gone, and single spaces."""
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = normal_form("NFKC", text)
    if not text.isprintable():
        text = "".join(_visible(character) for character in text)
    return " ".join(text.split())


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _INVISIBLE else character


def folded(text: str) -> str:
    """The key under which words are compared: NFKC and case-folded, accents kept (Spanish año is not ano)."""
    return normal_form("NFKC", text.casefold())
