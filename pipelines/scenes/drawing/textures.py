"""Textures as fields of two colours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.scenes.drawing.colours import Rgb
from pipelines.scenes.drawing.geometry import turn

Field = NDArray[np.float64]  # [height, width], coordinates in periods


def _striped(u: Field, v: Field) -> NDArray[np.bool_]:
    return u % 1 < 0.5


def _dotted(u: Field, v: Field) -> NDArray[np.bool_]:
    return (u % 1 - 0.5) ** 2 + (v % 1 - 0.5) ** 2 < 0.09


def _checkered(u: Field, v: Field) -> NDArray[np.bool_]:
    return (np.floor(2 * u) + np.floor(2 * v)) % 2 == 0


_PATTERNS: dict[str, Callable[[Field, Field], NDArray[np.bool_]]] = {
    "plain": lambda u, v: np.zeros(u.shape, dtype=bool),
    "striped": _striped,
    "dotted": _dotted,
    "checkered": _checkered,
}


def texture(name: str, size: tuple[int, int], first: Rgb, second: Rgb, period: float, degrees: float) -> Image.Image:
    """A rectangle of some texture.

    Args:
        name: one of TEXTURES.
        size: width and height in pixels.
        first: the ground.
        second: what stripes, dots and checks are painted in.
        period: pixels after which the pattern repeats.
        degrees: how far it is turned.
    """
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    across = np.stack([x, y], axis=-1) @ turn(degrees) / period
    chosen = _PATTERNS[name](across[..., 0], across[..., 1])
    light = 1.06 - 0.14 * (x / width + y / height) / 2  # light falls from the upper left
    pixels = np.where(chosen[..., None], np.array(second), np.array(first)) * light[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
