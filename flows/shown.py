"""Values as people read them, whatever strangers have put into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from contract.text import visible

_UNSEEN = re.compile(  # C0 and C1, line separators, embeddings, overrides, isolates, and halves of characters
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def one_line(text: str) -> str:
    """A visible text in one line."""
    return visible(text).replace("\n", "\\n")


def on_page(value: Any) -> Any:
    """A value for a page: in a text, controls and what turns its direction stand as their escapes.

    Line ends and tabs stay, and so does what scripts are written with: joiners, and marks that turn no letters around.
    A text that needs no more escaping as HTML (a ``str`` of another type) stays one.
    """
    if not isinstance(value, str) or not _UNSEEN.search(value):
        return value
    return type(value)(_UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), str(value)))


def shown(value: Any, most: int) -> str:
    """A value in at most ``most`` characters."""
    if isinstance(value, bytes):
        return counted(len(value), "byte")
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        items = (f"{{{shown(item, most)}}}" if isinstance(item, dict) else shown(item, most) for item in value[:10])
        value = f"[{', '.join(items)}{', …]' if len(value) > 10 else ']'}"
    if isinstance(value, dict):
        value = ", ".join(f"{key} {shown(item, most)}" for key, item in value.items())
    text = "—" if value is None else one_line(str(value)[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def flat(values: dict[str, Any], most: int | None = None, name: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values by dotted names, single values before groups.

    Args:
        values: mappings of mappings.
        most: of a group with more numbers than that the greatest so many are given, and how many others there are.
        name: what all names begin with.
    """
    at = f"{name}." if name else ""
    single = [(key, value) for key, value in values.items() if not isinstance(value, dict)]
    if most is not None and len(single) > most and all(isinstance(value, int | float) for _, value in single):
        greatest = sorted(single, key=lambda one: -one[1])[:most]
        yield from ((f"{at}{key}", value) for key, value in greatest)
        yield f"{at}…", counted(len(single) - most, "other")
    else:
        yield from ((f"{at}{key}", value) for key, value in single)
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, most, f"{at}{key}")


def number(value: float) -> str:
    """A number to four digits, or whole where it is larger: no exponent hides how large."""
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:.4g}"


def counted(count: int, noun: str) -> str:
    """So many of something, in words: 1 row, 2 rows."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """Bytes in a unit that suits them."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
