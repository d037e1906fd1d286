"""One object, sized, turned and painted, but not yet placed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from pipelines.scenes.content import Thing
from pipelines.scenes.drawing import colours
from pipelines.scenes.drawing.geometry import Points, extent, turn
from pipelines.scenes.drawing.nouns import Part, drawing
from pipelines.scenes.drawing.textures import texture

SHARES = {"small": (0.15, 0.18), "big": (0.31, 0.38)}  # side of the object, as a share of the picture's side
_SUPERSAMPLING = 2
_MARGIN = 3  # px around the outlines, for the contour
_TURNS = {"star": 180, "ball": 180, "house": 4, "tree": 5, "umbrella": 16, "kite": 28, "book": 18}  # degrees at most
_OTHER_TURN = 10
_LEAST_PERIOD = 9.0  # px; finer patterns would drown in JPEG


@dataclass(frozen=True)
class Sketch:
    """An object with all its outlines, in pixels from its own upper left corner.

    Attributes:
        thing: what it is.
        parts: outlines from the back to the front.
        width: px.
        height: px.
        colour: its colour as it is drawn.
        pattern: period in px and angle in degrees of its texture.
    """

    thing: Thing
    parts: tuple[Part, ...]
    width: int
    height: int
    colour: colours.Rgb
    pattern: tuple[float, float]


def sketch(thing: Thing, picture_side: float, draw: Random) -> Sketch:
    """Draws a thing's outlines.

    Args:
        thing: what to draw.
        picture_side: square root of the picture's area, in pixels.
        draw: for everything that varies.
    """
    parts = drawing(thing.noun, draw)
    most = _TURNS.get(thing.noun, _OTHER_TURN)
    aspect = draw.uniform(0.93, 1.08)
    flip = draw.choice((-1, 1))
    shape = np.diag([aspect * flip, 1 / aspect]) @ turn(draw.uniform(-most, most)).T
    outlines = [part.outline @ shape for part in parts]
    side = picture_side * draw.uniform(*SHARES[thing.size])
    placed, width, height = _scaled(outlines, side)
    return Sketch(
        thing,
        tuple(Part(outline, part.paint) for outline, part in zip(placed, parts, strict=True)),
        width,
        height,
        colours.varied(thing.colour, draw),
        (max(_LEAST_PERIOD, side * draw.uniform(0.17, 0.23)), draw.uniform(0, 180)),
    )


def _scaled(outlines: list[Points], side: float) -> tuple[list[Points], int, int]:
    x1, y1, x2, y2 = extent(outlines)
    scale = side / math.sqrt((x2 - x1) * (y2 - y1))
    placed = [(outline - (x1, y1)) * scale + _MARGIN for outline in outlines]
    return placed, math.ceil((x2 - x1) * scale) + 2 * _MARGIN, math.ceil((y2 - y1) * scale) + 2 * _MARGIN


def painted(sketch: Sketch) -> tuple[Image.Image, Image.Image]:
    """The sketch in colour.

    Returns:
        An RGB picture of the sketch's size, and its mask (mode "L"): 0 where nothing is drawn.
    """
    size = (sketch.width * _SUPERSAMPLING, sketch.height * _SUPERSAMPLING)
    contour = colours.outline(sketch.colour)
    paper, mask = Image.new("RGB", size, contour), Image.new("L", size, 0)
    pen, mask_pen = ImageDraw.Draw(paper), ImageDraw.Draw(mask)
    fabric = _fabric(sketch, size)
    line = 2 * _SUPERSAMPLING if sketch.thing.size == "small" else 3 * _SUPERSAMPLING
    for part in sketch.parts:
        corners = [(float(x), float(y)) for x, y in part.outline * _SUPERSAMPLING]
        if part.paint == "main":
            stencil = Image.new("L", size, 0)
            ImageDraw.Draw(stencil).polygon(corners, fill=255)
            paper.paste(fabric, (0, 0), stencil)
        else:
            pen.polygon(corners, fill=_flat(part, sketch))
        mask_pen.polygon(corners, fill=255)
        if part.paint in ("main", "tint") or not isinstance(part.paint, str):
            around = [*corners, corners[0], corners[1]]
            pen.line(around, fill=contour, width=line // 2, joint="curve")
            mask_pen.line(around, fill=255, width=line // 2, joint="curve")
    return paper.reduce(_SUPERSAMPLING), mask.reduce(_SUPERSAMPLING)


def _fabric(sketch: Sketch, size: tuple[int, int]) -> Image.Image:
    period, degrees = sketch.pattern
    second = colours.pattern_colour(sketch.colour)
    return texture(sketch.thing.texture, size, sketch.colour, second, period * _SUPERSAMPLING, degrees)


def _flat(part: Part, sketch: Sketch) -> colours.Rgb:
    if not isinstance(part.paint, str):
        return part.paint
    if part.paint == "accent":
        return colours.accent(sketch.thing.colour)
    return colours.shade(sketch.colour) if part.paint == "shade" else colours.tint(sketch.colour)
