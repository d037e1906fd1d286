"""The pictures, drawn by several processes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from PIL import Image

from contract.progress import progress
from pipelines.scenes.content import Content
from pipelines.scenes.drawing.picture import draw_picture
from pipelines.scenes.layout import lay_out
from pipelines.scenes.scene import Scene
from pipelines.scenes.stage import Config

_CHUNK = 8  # pictures that a process takes at once


def draw_pictures(contents: Sequence[Content], folder: Path, config: Config, seed: int, pool: Executor) -> list[Scene]:
    """Draws and saves pictures, and answers with their scenes in the same order."""
    folder.mkdir(parents=True)
    work = partial(draw_and_save, folder=folder, config=config, seed=seed)
    return list(progress(pool.map(work, contents, chunksize=_CHUNK), "draw", len(contents), "pictures"))


def draw_and_save(content: Content, folder: Path, config: Config, seed: int) -> Scene:
    """Draws one picture into a folder."""
    image, scene = draw(content, config, seed)
    save(image, folder / file_name(scene), config.jpeg_quality)
    return scene


def draw(content: Content, config: Config, seed: int) -> tuple[Image.Image, Scene]:
    """Draws one picture."""
    return draw_picture(content, lay_out(content, config.shortest, config.longest, seed), seed)


def save(image: Image.Image, path: Path, quality: int) -> None:
    """Writes a JPEG whose bytes depend on the picture and the quality alone."""
    image.save(path, "JPEG", quality=quality)


def file_name(scene: Scene) -> str:
    """The name of a scene's picture."""
    return f"{scene.scene_id}.jpg"
