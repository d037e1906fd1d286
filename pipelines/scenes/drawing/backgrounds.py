"""Six kinds of background, each with gradients, blotches and details of its own."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from pipelines.scenes.drawing.colours import Rgb, mix

Pixels = NDArray[np.float64]  # [height, width, 3], 0 to 255
Size = tuple[int, int]  # width, height in px


def background(kind: str, size: Size, draw: Random) -> Image.Image:
    """A background of a kind (one of BACKGROUNDS) as an RGB picture."""
    return _KINDS[kind](size, draw)


def _gradient(size: Size, top: Rgb, bottom: Rgb) -> Pixels:
    width, height = size
    share = np.linspace(0, 1, height)[:, None, None]
    return np.broadcast_to(np.array(top) * (1 - share) + np.array(bottom) * share, (height, width, 3)).copy()


def _blotches(size: Size, cells: int, draw: Random) -> Pixels:
    """Soft random light and dark, from -1 to 1, as [height, width, 1]."""
    numbers = np.random.default_rng(draw.getrandbits(63)).integers(0, 256, (cells, cells), dtype=np.uint8)
    soft = Image.fromarray(numbers).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(soft, dtype=np.float64)[..., None] / 127.5 - 1


def _grain(size: Size, draw: Random) -> Pixels:
    width, height = size
    return np.random.default_rng(draw.getrandbits(63)).normal(0, 1, (height, width, 1))


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _between(first: Rgb, second: Rgb, draw: Random) -> Rgb:
    return mix(first, second, draw.random())


def _sky(size: Size, draw: Random) -> Image.Image:
    width, height = size
    top = _between((126, 178, 226), (98, 156, 214), draw)
    image = _image(_gradient(size, top, _between((206, 228, 242), (240, 228, 214), draw)))
    clouds = Image.new("L", size, 0)
    pen = ImageDraw.Draw(clouds)
    for _ in range(draw.randint(2, 5)):
        x, y, side = draw.uniform(0, width), draw.uniform(0, height), draw.uniform(0.06, 0.12) * width
        for puff in range(4):
            middle, radius = x + (puff - 1.5) * side * 0.8, side * draw.uniform(0.5, 0.9)
            pen.ellipse((middle - radius, y - radius * 0.6, middle + radius, y + radius * 0.6), fill=210)
    image.paste((252, 252, 252), (0, 0), clouds.filter(ImageFilter.GaussianBlur(5)))
    return image


def _grass(size: Size, draw: Random) -> Image.Image:
    width, height = size
    light = _between((150, 186, 104), (168, 190, 118), draw)
    pixels = _gradient(size, light, mix(light, (84, 124, 60), 0.45))
    image = _image(pixels + 12 * _blotches(size, 9, draw))
    pen = ImageDraw.Draw(image)
    for _ in range(width * height // 320):
        x, y, blade = draw.uniform(0, width), draw.uniform(0, height), draw.uniform(5, 12)
        ground = light if draw.random() < 0.4 else (92, 140, 70)
        tone = mix(ground, (60, 104, 46), draw.uniform(0, 0.45))
        pen.line((x, y, x + draw.uniform(-4, 4), y - blade), fill=tone, width=1)
    return image


def _sand(size: Size, draw: Random) -> Image.Image:
    light = _between((232, 212, 168), (224, 198, 150), draw)
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    wave = np.sin(y / draw.uniform(5, 8) + 3 * np.sin(x / draw.uniform(40, 80) + draw.uniform(0, 6)))[..., None]
    pixels = _gradient(size, light, mix(light, (190, 158, 110), 0.3))
    return _image(pixels + 5 * wave * (1 + _blotches(size, 5, draw)) + 9 * _grain(size, draw))


def _snow(size: Size, draw: Random) -> Image.Image:
    width, height = size
    top = _between((214, 224, 238), (198, 212, 232), draw)
    image = _image(_gradient(size, top, (240, 244, 250)) + 6 * _blotches(size, 6, draw))
    pen = ImageDraw.Draw(image)
    for level in (draw.uniform(0.35, 0.5), draw.uniform(0.65, 0.8)):
        hill, middle = draw.uniform(0.7, 1.3) * width, draw.uniform(0, width)
        tone = mix((228, 235, 245), (250, 251, 254), level)
        pen.ellipse((middle - hill, level * height, middle + hill, level * height + 1.6 * height), fill=tone)
    for _ in range(draw.randint(40, 90)):
        x, y, radius = draw.uniform(0, width), draw.uniform(0, height), draw.uniform(1, 2.6)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 255, 255))
    return image


def _water(size: Size, draw: Random) -> Image.Image:
    width, height = size
    top = _between((122, 182, 194), (108, 168, 190), draw)
    image = _image(_gradient(size, top, mix(top, (46, 104, 132), 0.5)) + 7 * _blotches(size, 7, draw))
    pen = ImageDraw.Draw(image)
    spacing, length = draw.uniform(16, 24), draw.uniform(18, 30)
    for row in range(int(height / spacing) + 1):
        phase = draw.uniform(0, length)
        for column in range(-1, int(width / length) + 1):
            x, y = column * length + phase, row * spacing + draw.uniform(-2, 2)
            if draw.random() < 0.75:
                tone = mix(top, (240, 250, 252), draw.uniform(0.25, 0.6))
                pen.arc((x, y, x + length, y + length * 0.45), 15, 165, fill=tone, width=2)
    return image


def _wall(size: Size, draw: Random) -> Image.Image:
    width, height = size
    mortar = _between((214, 206, 196), (200, 196, 190), draw)
    brick = _between((198, 158, 140), (190, 176, 162), draw)
    image = Image.new("RGB", size, mortar)
    pen = ImageDraw.Draw(image)
    long, high = draw.randint(38, 56), draw.randint(17, 24)
    for row in range(height // high + 1):
        for column in range(-1, width // long + 1):
            x, y = column * long + (row % 2) * long // 2, row * high
            tone = mix(brick, (120, 96, 86), draw.uniform(0, 0.22))
            pen.rectangle((x + 1, y + 1, x + long - 2, y + high - 2), fill=tone)
    return _image(np.asarray(image, dtype=np.float64) + 6 * _blotches(size, 5, draw) + 4 * _grain(size, draw))


_KINDS: dict[str, Callable[[Size, Random], Image.Image]] = {
    "sky": _sky, "grass": _grass, "sand": _sand, "snow": _snow, "water": _water, "wall": _wall,
}  # fmt: skip
