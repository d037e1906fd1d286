"""Whether replacements explain how a caption became a code-switched one."""

from __future__ import annotations

from typing import Any

from contract.verification.part import Part


def check_spans(part: Part) -> None:
    """Checks that every replacement stands where it says, and that all of them lead from source_text to text.

    Raises:
        BreachError: spans.
    """
    for row, (source, text, replacements) in enumerate(part.values("source_text", "text", "replacements")):
        fault = _fault(source, text, replacements)
        if fault:
            raise part.breach(
                "spans", row, fault, "replacements from left to right that lead from source_text to text."
            )


def _fault(source: str, text: str, replacements: list[dict[str, Any]]) -> str:
    if not replacements:
        return "it has no replacement."
    pieces, done = [], 0
    for one in replacements:
        start, end = one["start"], one["end"]
        if not done <= start < end <= len(source):
            return f"a replacement from {start} to {end} overlaps another or lies outside source_text."
        if source[start:end] != one["source"]:
            return f"source_text has {source[start:end]!r} from {start} to {end}, the replacement {one['source']!r}."
        pieces += [source[done:start], one["target"]]
        done = end
    made = "".join([*pieces, source[done:]])
    return "" if made == text else f"the replacements make {made[:80]!r} and text is {text[:80]!r}."
