"""Outlines as arrays of points: ellipses, strokes and arcs, and the map that turns and scales them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # [n, 2], x to the right and y down


def points(*pairs: tuple[float, float]) -> Points:
    """An outline from its corners."""
    return np.array(pairs, dtype=np.float64)


def ellipse(x: float, y: float, radius_x: float, radius_y: float, degrees: float = 0.0, corners: int = 40) -> Points:
    """An ellipse about (x, y), turned clockwise."""
    angles = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    outline = np.stack([radius_x * np.cos(angles), radius_y * np.sin(angles)], axis=1)
    return outline @ turn(degrees).T + (x, y)


def arc(x: float, y: float, radius_x: float, radius_y: float, start: float, end: float, corners: int = 20) -> Points:
    """The open curve from angle ``start`` to ``end`` in degrees, clockwise from the right."""
    angles = np.radians(np.linspace(start, end, corners))
    return np.stack([x + radius_x * np.cos(angles), y + radius_y * np.sin(angles)], axis=1)


def stroke(curve: Points, width: float) -> Points:
    """The outline of a pen of some width drawn along an open curve."""
    along = np.gradient(curve, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) * (width / 2)
    return np.concatenate([curve + across, (curve - across)[::-1]])


def turn(degrees: float) -> Points:
    """The 2 × 2 matrix that turns clockwise, as y points down."""
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def extent(outlines: list[Points]) -> tuple[float, float, float, float]:
    """The smallest x1, y1, x2, y2 that holds all the outlines."""
    corners = np.concatenate(outlines)
    (x1, y1), (x2, y2) = corners.min(axis=0), corners.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)
