"""Two values that differ, each in a cell, so that the cells differ too."""

from __future__ import annotations

import json
from typing import Any

from flows.shown import one_line, shown

_BEFORE = 20  # characters before the first that differs, by which the place is found


def apart(before: Any, after: Any, most: int) -> tuple[str, str]:
    """Both values in little more than ``most`` characters: their beginnings, or where they begin to differ."""
    pair = shown(before, most), shown(after, most)
    if pair[0] != pair[1]:
        return pair
    old, new = _whole(before, after)
    at = next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    if old == new:
        return pair[0], f"{pair[1]} (not as before, in what is not shown)"
    start = max(0, at - _BEFORE)
    return _cut(old, start, most), _cut(new, start, most)


def _whole(before: Any, after: Any) -> tuple[str, str]:
    if isinstance(before, str) and isinstance(after, str):
        return one_line(before), one_line(after)
    old, new = (one_line(json.dumps(value, ensure_ascii=False, default=str)) for value in (before, after))
    return old, new


def _cut(text: str, start: int, most: int) -> str:
    return ("…" if start else "") + shown(text[start:], most)
