"""Geometry of the headline's bar chart, in percent of the width, so that its text never shrinks on a phone."""

from __future__ import annotations

from dataclasses import dataclass

from reports.page.headline import Headline, Language
from reports.page.numbers import score

_LEFT, _FULL = 16.0, 72.0  # percent of the width: where bars begin, and how long the longest may be
_LABEL = 8.0  # percent of the width: how long a number is, on a phone
_BAR, _GROUP = 13, 40  # px: height of a bar, distance between languages


@dataclass(frozen=True)
class Bar:
    """One bar: its class, its top in px, its width in percent, the number beside it, and where that begins."""

    kind: str
    top: int
    width: float
    label: str
    label_at: float


@dataclass(frozen=True)
class Group:
    """The bars of one language, and where chance lies in percent of the width; None where it is not known."""

    lang: str
    top: int
    bars: list[Bar]
    chance: float | None


@dataclass(frozen=True)
class Chart:
    """The chart: its groups, its height in px, where its bars begin in percent."""

    groups: list[Group]
    height: int
    left: float
    bar_height: int


def bar_chart(headline: Headline) -> Chart:
    """Two bars a language, and two for the average of those other than English."""
    shown = [*headline.languages, *([headline.average] if headline.average else [])]
    values = [value for one in shown for value in (one.with_mct, one.without, one.chance) if value is not None]
    largest = max(values, default=0.0) or 1.0
    groups = [_group(one, number * _GROUP, largest) for number, one in enumerate(shown)]
    return Chart(groups, len(groups) * _GROUP, _LEFT, _BAR)


def _group(one: Language, top: int, largest: float) -> Group:
    pairs = (("mct", one.with_mct, top + 4), ("plain", one.without, top + 4 + _BAR + 2))
    chance = None if one.chance is None else round(_LEFT + _FULL * one.chance / largest, 3)
    bars = []
    for kind, value, place in pairs:
        if value is not None:
            width = round(_FULL * value / largest, 3)
            end = _LEFT + width
            covered = chance is not None and chance - _LABEL < end < chance  # the mark of chance would cross the number
            bars.append(Bar(kind, place, width, score(value), chance if covered and chance else end))
    return Group(one.lang, top, bars, chance)
