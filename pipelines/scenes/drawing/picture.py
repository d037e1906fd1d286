"""A whole picture: background, objects, light and grain, and the exact box of every object."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contract.hashing import stable_hash
from pipelines.scenes.content import Content
from pipelines.scenes.drawing.backgrounds import background
from pipelines.scenes.drawing.sketches import Sketch, painted
from pipelines.scenes.layout import Layout
from pipelines.scenes.relations import Box, relations
from pipelines.scenes.scene import Scene, SceneObject

_NOTHING = 255  # in a map of owners: no object's pixel
Owners = NDArray[np.uint8]  # [height, width], the number of the object that a pixel shows


def draw_picture(content: Content, layout: Layout, seed: int) -> tuple[Image.Image, Scene]:
    """The picture of a scene, and the scene with the boxes of what was drawn."""
    draw = Random(stable_hash(seed, "picture", content.scene_id))
    image = background(content.background, (layout.width, layout.height), draw)
    owners = paint_objects(image, zip(layout.sketches, layout.corners, strict=True))
    boxes = [box_of(owners, number) for number in range(len(layout.sketches))]
    objects = tuple(
        SceneObject(thing.noun, thing.colour, thing.size, thing.texture, box)
        for thing, box in zip(content.things, boxes, strict=True)
    )
    scene = Scene(
        content.scene_id, layout.width, layout.height, content.background, objects,
        relations(boxes, layout.width, layout.height),
    )  # fmt: skip
    return photographed(image, draw), scene


def paint_objects(image: Image.Image, placed: Iterable[tuple[Sketch, tuple[int, int]]]) -> Owners:
    """Paints objects over a picture, one after the other, and says which pixel shows which."""
    owners = np.full((image.height, image.width), _NOTHING, dtype=np.uint8)
    for number, (sketch, (x, y)) in enumerate(placed):
        paper, mask = painted(sketch)
        image.paste(paper, (x, y), mask)
        region = owners[y : y + sketch.height, x : x + sketch.width]
        region[np.asarray(mask) > 0] = number
    return owners


def box_of(owners: Owners, number: int) -> Box:
    """The smallest x1, y1, x2, y2 that holds all pixels of an object; x2 and y2 lie just behind the last one."""
    rows, columns = np.nonzero(owners == number)
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)


def photographed(image: Image.Image, draw: Random) -> Image.Image:
    """The picture under another light and with a camera's grain."""
    pixels = np.asarray(image, dtype=np.float32)
    light, contrast = draw.uniform(-8, 8), draw.uniform(0.94, 1.05)
    noise = np.random.default_rng(draw.getrandbits(63)).standard_normal(pixels.shape, dtype=np.float32)
    pixels = (pixels - 128) * contrast + 128 + light + noise * draw.uniform(1, 4)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
