"""Pictures as a search engine finds them: too small, blurred, of nothing, or copies of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageFilter

from contract.hashing import stable_hash
from pipelines.scenes.content import Content
from pipelines.scenes.raw.pictures import draw, file_name, save
from pipelines.scenes.scene import Scene
from pipelines.scenes.stage import Config

_LEAST_SIDE = 300  # px; the paper's
_CUT = (0.015, 0.035)  # of each side; copies cut by more would pass for other pictures


@dataclass(frozen=True)
class Found:
    """A picture that the log knows.

    Attributes:
        image_id: its name.
        scene: what it shows, or is said to show.
        kind: one of KINDS; "drawn" for a picture that is as it should be.
        shortest_side: px.
    """

    image_id: str
    scene: Scene
    kind: str = "drawn"
    shortest_side: int = _LEAST_SIDE

    @property
    def reliable(self) -> bool:
        """Whether its features can be reliably extracted."""
        return self.kind not in ("blurred", "noise")

    @property
    def fault(self) -> str:
        """The reason for which MILD's second step should leave it out; empty where it should not."""
        if self.shortest_side < _LEAST_SIDE:
            return "image_small"
        return "" if self.reliable else "image_no_features"


def draw_log_pictures(
    contents: Sequence[Content], scenes: Sequence[Scene], folder: Path, config: Config, seed: int, pool: Executor
) -> list[Found]:
    """Draws and saves one picture for each content, its kind going by its number.

    Args:
        contents: what is in pictures that are no copies.
        scenes: whose pictures lie in the folder; some of them are copied.
        folder: of the pictures.
        config: sides and quality.
        seed: the job's.
        pool: the processes that draw.
    """
    work = partial(_draw_one, folder=folder, config=config, seed=seed)
    originals = [Random(stable_hash(seed, "copied", number)).choice(scenes) for number in range(len(contents))]
    return list(pool.map(work, range(len(contents)), contents, originals))


def _draw_one(number: int, content: Content, original: Scene, folder: Path, config: Config, seed: int) -> Found:
    kind = list(KINDS)[number % len(KINDS)]
    chance = Random(stable_hash(seed, "log picture", number))
    if kind == "copy":
        image, scene = Image.open(folder / file_name(original)).convert("RGB"), original
    else:
        image, scene = draw(content, config, seed)
    name, quality = f"log-{number:03d}", chance.randint(max(1, config.jpeg_quality * 2 // 3), config.jpeg_quality)
    image = KINDS[kind](image, chance)
    save(image, folder / f"{name}.jpg", quality)
    return Found(name, scene, kind, min(image.size))


def _small(image: Image.Image, chance: Random) -> Image.Image:
    scale = chance.uniform(90, 280) / min(image.size)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)


def _blurred(image: Image.Image, chance: Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(chance.uniform(12, 22)))


def _noise(image: Image.Image, chance: Random) -> Image.Image:
    """Grain on grey, strong or hardly visible."""
    random = np.random.default_rng(chance.getrandbits(63))
    grain = random.standard_normal((image.height, image.width, 3)) * chance.choice((2, 60)) + chance.uniform(60, 200)
    return Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))


def _copy(image: Image.Image, chance: Random) -> Image.Image:
    """Cut a little on every side, or in another size, or only saved again."""
    way = chance.choice(("cut", "scaled", "saved again"))
    if way == "cut":
        left, top = round(image.width * chance.uniform(*_CUT)), round(image.height * chance.uniform(*_CUT))
        return image.crop((left, top, image.width - left, image.height - top))
    scale = chance.uniform(0.95, 1.3) if way == "scaled" else 1
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)


KINDS: dict[str, Callable[[Image.Image, Random], Image.Image]] = {
    "small": _small,
    "blurred": _blurred,
    "noise": _noise,
    "copy": _copy,
}
