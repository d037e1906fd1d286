"""How each of the nouns looks: a few filled outlines, painted one over the other.

Coordinates run from about -1 to 1, x to the right and y down. Every drawing varies a little with its ``draw``, so
that a detector meets no two equal houses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np

from pipelines.scenes.drawing.geometry import Points, arc, ellipse, points, stroke

Paint = Literal["main", "shade", "tint", "accent"] | tuple[int, int, int]
"""The object's colour with its texture, that colour darker or lighter, a colour unlike it, or a colour of its own."""

_WOOD, _LEAF, _GLASS, _PAPER = (121, 85, 52), (70, 140, 62), (214, 234, 242), (250, 248, 238)
_TYRE, _METAL, _LAMP, _INK = (52, 52, 56), (150, 152, 158), (255, 236, 150), (30, 30, 34)


@dataclass(frozen=True)
class Part:
    """One filled outline of a drawing."""

    outline: Points
    paint: Paint


def _house(draw: Random) -> list[Part]:
    eaves, door = draw.uniform(-0.2, 0.0), draw.choice((-0.45, 0.0, 0.45))
    windows = [x for x in (-0.45, 0.0, 0.45) if x != door]
    chimney = draw.choice((-0.55, 0.42))
    return [
        Part(points((chimney, -0.85), (chimney + 0.2, -0.85), (chimney + 0.2, -0.2), (chimney, -0.2)), "shade"),
        Part(points((-0.8, eaves), (0.8, eaves), (0.8, 0.9), (-0.8, 0.9)), "main"),
        Part(points((-1.0, eaves), (0.0, -0.98), (1.0, eaves)), "shade"),
        Part(points((door - 0.16, 0.3), (door + 0.16, 0.3), (door + 0.16, 0.9), (door - 0.16, 0.9)), _WOOD),
        *(
            Part(points((x - 0.15, 0.2), (x + 0.15, 0.2), (x + 0.15, 0.5), (x - 0.15, 0.5)), _GLASS)
            for x in windows
        ),
    ]  # fmt: skip


def _tree(draw: Random) -> list[Part]:
    trunk = Part(points((-0.13, 0.2), (0.13, 0.2), (0.18, 1.0), (-0.18, 1.0)), _WOOD)
    if draw.random() < 0.5:
        tiers = ((0.55, 0.75, -0.25), (0.1, 0.6, -0.6), (-0.35, 0.44, -1.0))
        return [trunk, *(Part(points((-half, y), (0, top), (half, y)), "main") for y, half, top in tiers)]
    angles = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    bumps, phase = draw.choice((7, 8, 9)), draw.uniform(0, 6)
    radius = 1 + 0.09 * np.abs(np.sin(bumps / 2 * angles + phase))
    crown = np.stack([0.72 * radius * np.cos(angles), -0.28 + 0.68 * radius * np.sin(angles)], axis=1)
    return [trunk, Part(crown, "main")]


def _car(draw: Random) -> list[Part]:
    roof, wheel = draw.uniform(-0.6, -0.48), draw.uniform(0.2, 0.24)
    body = points(
        (-1.0, 0.32), (-0.98, -0.05), (-0.66, -0.12), (-0.4, roof), (0.3, roof), (0.58, -0.1), (0.96, 0.0), (1.0, 0.32)
    )
    wheels = [(_TYRE, wheel), (_METAL, wheel * 0.45)]
    return [
        Part(body, "main"),
        Part(points((-0.54, -0.12), (-0.35, roof + 0.09), (-0.08, roof + 0.09), (-0.08, -0.12)), _GLASS),
        Part(points((0.0, -0.12), (0.0, roof + 0.09), (0.26, roof + 0.09), (0.46, -0.12)), _GLASS),
        Part(ellipse(0.9, 0.1, 0.08, 0.06), _LAMP),
        *(Part(ellipse(x, 0.34, radius, radius), paint) for x in (-0.55, 0.55) for paint, radius in wheels),
    ]


def _boat(draw: Random) -> list[Part]:
    lean, top = draw.uniform(0.6, 0.8), draw.uniform(-0.98, -0.85)
    return [
        Part(points((-0.04, top), (0.04, top), (0.04, 0.4), (-0.04, 0.4)), _WOOD),
        Part(points((0.08, top + 0.05), (lean, 0.24), (0.08, 0.24)), "main"),
        Part(points((-0.08, top + 0.2), (-0.08, 0.24), (-lean * 0.8, 0.24)), "tint"),
        Part(points((-1.0, 0.36), (1.0, 0.36), (0.66, 0.88), (-0.7, 0.88)), "main"),
        Part(points((-1.0, 0.36), (1.0, 0.36), (0.93, 0.48), (-0.94, 0.48)), "shade"),
    ]


def _star(draw: Random) -> list[Part]:
    inner = draw.uniform(0.4, 0.48)
    angles = np.radians(np.arange(10) * 36 - 90)
    radius = np.where(np.arange(10) % 2 == 0, 1.0, inner)
    return [Part(np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1), "main")]


def _ball(draw: Random) -> list[Part]:
    bulge = draw.uniform(0.3, 0.45)
    return [
        Part(ellipse(0, 0, 1, 1, corners=64), "main"),
        Part(stroke(arc(0, 0, bulge, 0.97, -90, 90), 0.07), "shade"),
        Part(stroke(arc(0, 0, bulge, 0.97, 90, 270), 0.07), "shade"),
        Part(ellipse(-0.45, -0.5, 0.2, 0.12, -40), (255, 255, 255)),
    ]


def _fish(draw: Random) -> list[Part]:
    height, fork = draw.uniform(0.46, 0.56), draw.uniform(0.72, 0.84)
    return [
        Part(points((0.45, 0.0), (1.0, -0.48), (fork, 0.0), (1.0, 0.48)), "main"),
        Part(points((-0.35, -height * 0.8), (0.0, -height - 0.25), (0.35, -height * 0.75)), "shade"),
        Part(points((-0.1, height * 0.8), (0.12, height + 0.18), (0.3, height * 0.7)), "shade"),
        Part(ellipse(-0.2, 0.0, 0.8, height), "main"),
        Part(stroke(arc(-0.75, 0.0, 0.32, height * 0.75, -65, 65), 0.06), "shade"),
        Part(ellipse(-0.72, -0.1, 0.11, 0.11), (255, 255, 255)),
        Part(ellipse(-0.74, -0.1, 0.055, 0.055), _INK),
    ]


def _flower(draw: Random) -> list[Part]:
    petals, first = draw.choice((5, 6, 7)), draw.uniform(0, 360)
    bend = draw.uniform(-0.12, 0.12)
    stem = points((0.0, -0.3), (bend, 0.3), (bend * 0.6, 1.0))
    parts = [
        Part(stroke(stem, 0.09), _LEAF),
        Part(ellipse(bend + 0.24, 0.55, 0.26, 0.1, -35), _LEAF),
        Part(ellipse(bend - 0.22, 0.7, 0.24, 0.09, 35), _LEAF),
    ]
    for petal in range(petals):
        angle = first + petal * 360 / petals
        x, y = 0.4 * math.cos(math.radians(angle)), 0.4 * math.sin(math.radians(angle))
        parts.append(Part(ellipse(x, y - 0.38, 0.3, 1.25 / petals, angle), "main"))
    return [*parts, Part(ellipse(0, -0.38, 0.2, 0.2), "accent")]


def _cup(draw: Random) -> list[Part]:
    foot = draw.uniform(0.36, 0.5)
    return [
        Part(stroke(arc(0.5, 0.05, 0.4, 0.36, -100, 100), 0.17), "main"),
        Part(np.concatenate([points((0.62, -0.6), (foot, 0.72)), arc(0, 0.72, foot, 0.14, 0, 180, 12),
                             points((-foot, 0.72), (-0.62, -0.6))]), "main"),
        Part(ellipse(0, -0.6, 0.62, 0.17), _PAPER),
        Part(ellipse(0, -0.57, 0.5, 0.11), _WOOD),
    ]  # fmt: skip


def _kite(draw: Random) -> list[Part]:
    arms, swing = draw.uniform(-0.5, -0.35), draw.choice((-1.0, 1.0))
    steps = np.linspace(0, 1, 24)
    tail = np.stack([swing * 0.16 * np.sin(steps * 7), 0.3 + 0.7 * steps], axis=1)
    bows = []
    for step in (9, 16, 22):
        x, y = tail[step]
        bows.append(
            Part(points((x, y), (x - 0.17, y - 0.09), (x - 0.17, y + 0.09), (x, y),
                        (x + 0.17, y - 0.09), (x + 0.17, y + 0.09)), "main")
        )  # fmt: skip
    return [
        Part(stroke(tail, 0.045), _INK),
        *bows,
        Part(points((0, -1), (0.62, arms), (0, 0.32), (-0.62, arms)), "main"),
        Part(stroke(points((0, -0.97), (0, 0.3)), 0.055), "shade"),
        Part(stroke(points((-0.6, arms), (0.6, arms)), 0.055), "shade"),
    ]


def _book(draw: Random) -> list[Part]:
    label = draw.uniform(-0.5, -0.3)
    lines = [Part(stroke(points((-0.3, y), (0.35, y)), 0.06), "shade") for y in (label + 0.14, label + 0.28)]
    return [
        Part(points((-0.78, 0.74), (0.56, 0.74), (0.78, 0.92), (-0.58, 0.92)), _PAPER),
        Part(points((0.56, -0.9), (0.78, -0.74), (0.78, 0.92), (0.56, 0.74)), _PAPER),
        Part(points((-0.78, -0.9), (0.56, -0.9), (0.56, 0.74), (-0.78, 0.74)), "main"),
        Part(points((-0.78, -0.9), (-0.58, -0.9), (-0.58, 0.74), (-0.78, 0.74)), "shade"),
        Part(points((-0.42, label), (0.46, label), (0.46, label + 0.42), (-0.42, label + 0.42)), _PAPER),
        *lines,
    ]


def _umbrella(draw: Random) -> list[Part]:
    scallops, top = draw.choice((3, 4)), draw.uniform(-0.92, -0.8)
    width = 2 / scallops
    hem = [arc(1 - width * (i + 0.5), 0.0, width / 2, 0.16, 0, -180, 10) for i in range(scallops)]
    tips = [1 - width * i for i in range(1, scallops)]
    handle = np.concatenate([points((0, -0.1), (0, 0.78)), arc(-0.16, 0.78, 0.16, 0.16, 0, 180, 12)])
    return [
        Part(stroke(points((0, top - 0.1), (0, top + 0.1)), 0.08), _WOOD),
        Part(stroke(handle, 0.085), _WOOD),
        Part(np.concatenate([arc(0, 0, 1, -top, 180, 360, 40), *hem]), "main"),
        *(Part(stroke(points((0, top), (x * 0.65, top * 0.5), (x, 0)), 0.05), "shade") for x in tips),
    ]


_DRAWINGS: dict[str, Callable[[Random], list[Part]]] = {
    "house": _house, "tree": _tree, "car": _car, "boat": _boat, "star": _star, "ball": _ball, "fish": _fish,
    "flower": _flower, "cup": _cup, "kite": _kite, "book": _book, "umbrella": _umbrella,
}  # fmt: skip


def drawing(noun: str, draw: Random) -> list[Part]:
    """The parts of a noun's drawing, from the back to the front."""
    return _DRAWINGS[noun](draw)
