"""The key under which a word or phrase is looked up, on either side: in dictionaries and in captions."""

from __future__ import annotations

from contract.text import normal_form

_APOSTROPHES = str.maketrans("’ʼ＇", "'''")


def lookup_key(text: str) -> str:
    """Unicode NFC, case-folded, with plain apostrophes and single spaces.

    The result is a fixed point: the key of a key is the key.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    folded = normal_form("NFC", text).casefold().translate(_APOSTROPHES)
    return " ".join(normal_form("NFC", folded).split())
