"""The ten colours and how they vary."""

from __future__ import annotations

import colorsys
from random import Random

Rgb = tuple[int, int, int]

_COLOURS: dict[str, Rgb] = {
    "red": (212, 34, 38), "orange": (247, 136, 22), "yellow": (250, 218, 46), "green": (44, 158, 66),
    "blue": (32, 92, 212), "purple": (126, 54, 178), "pink": (248, 146, 196), "brown": (124, 74, 36),
    "black": (36, 36, 40), "white": (244, 244, 242),
}  # fmt: skip
_BRIGHT = 0.45  # colours above this lightness get darker stripes and outlines, those below get lighter ones


def lightness(colour: Rgb) -> float:
    """Perceived lightness from 0 to 1 (Rec. 601 luma)."""
    red, green, blue = colour
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def mix(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """The colour with a share of another in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def varied(name: str, draw: Random) -> Rgb:
    """The named colour, a little off in hue, lightness and saturation."""
    red, green, blue = _COLOURS[name]
    hue, light, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    hue = (hue + draw.uniform(-0.012, 0.012)) % 1
    light = min(0.97, max(0.1, light + draw.uniform(-0.03, 0.03)))
    saturation = min(1.0, max(0.0, saturation * draw.uniform(0.9, 1.05)))
    red, green, blue = (round(255 * value) for value in colorsys.hls_to_rgb(hue, light, saturation))
    return int(red), int(green), int(blue)


def pattern_colour(colour: Rgb) -> Rgb:
    """What stripes, dots and checks are painted in: the colour itself, clearly darker or lighter."""
    if lightness(colour) > _BRIGHT:
        return mix(colour, (0, 0, 0), 0.36)
    return mix(colour, (255, 255, 255), 0.36)


def shade(colour: Rgb) -> Rgb:
    """The colour of parts that lie in shadow."""
    return mix(colour, (0, 0, 0), 0.32) if lightness(colour) > 0.2 else mix(colour, (255, 255, 255), 0.22)


def tint(colour: Rgb) -> Rgb:
    """The colour of parts that lie in light."""
    return mix(colour, (255, 255, 255), 0.4) if lightness(colour) < 0.9 else mix(colour, (0, 0, 0), 0.1)


def accent(name: str) -> Rgb:
    """A colour that stands out from the named one."""
    return (110, 66, 30) if name in ("yellow", "orange", "white", "pink") else (252, 214, 70)


def outline(colour: Rgb) -> Rgb:
    """A contour that stands out from the colour and from most backgrounds."""
    return mix(colour, (0, 0, 0), 0.72) if lightness(colour) > 0.25 else mix(colour, (255, 255, 255), 0.82)
