"""Numbers as people read them. What is missing, or no number, is a dash; nothing ever prints as NaN."""

from __future__ import annotations

import math
from typing import Any

DASH = "–"


def finite(value: Any) -> float | None:
    """The value as a float where it is a finite number; otherwise None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number may have more digits than a float holds
        return None
    return number if math.isfinite(number) else None


def count(value: Any) -> str:
    """A whole number: 12,345."""
    number = finite(value)
    return DASH if number is None else f"{number:,.0f}"


def score(value: Any, digits: int = 1) -> str:
    """A number with one decimal: 12.3."""
    number = finite(value)
    return DASH if number is None else f"{number:,.{digits}f}".replace("-", "−")


def signed(value: Any, digits: int = 1) -> str:
    """A difference with its sign: +1.2 or −1.2."""
    number = finite(value)
    return DASH if number is None else f"{number:+,.{digits}f}".replace("-", "−")


def percent(value: Any, digits: int = 1) -> str:
    """A share from 0 to 1 as 12.3 %."""
    number = finite(value)
    return DASH if number is None else f"{100 * number:,.{digits}f} %"


def duration(value: Any) -> str:
    """Seconds as 3.2 s, 25 s, 2 min 5 s or 1 h 30 min."""
    seconds = finite(value)
    if seconds is None or seconds < 10:
        return DASH if seconds is None else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def memory(value: Any) -> str:
    """Bytes as 250 MB or 2.5 GB."""
    number = finite(value)
    if number is None:
        return DASH
    megabytes = round(number / 1e6)
    return f"{megabytes} MB" if megabytes < 1000 else f"{number / 1e9:,.1f} GB"


def short(value: Any, most: int = 300) -> str:
    """A text in at most ``most`` characters."""
    text = str(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def mean(values: list[float]) -> float | None:
    """Their mean; None where there are none."""
    return math.fsum(values) / len(values) if values else None
