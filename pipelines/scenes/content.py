"""What is in each scene, before anything is drawn: every scene another combination."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from contract.errors import UsageError
from contract.hashing import stable_hash
from pipelines.scenes.scene import BACKGROUNDS, COLOURS, NOUNS, SIZES, TEXTURES

_COUNTS, _COUNT_WEIGHTS = (2, 3, 4), (5, 4, 2)
_PLAIN = 0.4  # share of objects without a pattern
_MOST_BIG = 2  # more big ones would not fit beside each other
_TRIES = 1_000


@dataclass(frozen=True)
class Thing:
    """An object that has no place yet; attributes as in ``SceneObject``."""

    noun: str
    colour: str
    size: str
    texture: str


@dataclass(frozen=True)
class Content:
    """A scene that has no places yet."""

    scene_id: str
    background: str
    things: tuple[Thing, ...]

    @property
    def combination(self) -> frozenset[tuple[str, str]]:
        """Its nouns and colours, by which no two scenes are alike."""
        return frozenset((thing.noun, thing.colour) for thing in self.things)


def contents(count: int, seed: int, name: str = "scene") -> Iterator[Content]:
    """Contents of many scenes, no two of which combine the same nouns and colours.

    Args:
        count: number of scenes.
        seed: the job's seed.
        name: what their names begin with; other names give other scenes, which may combine alike.

    Raises:
        UsageError: where there are not that many combinations.
    """
    known: set[frozenset[tuple[str, str]]] = set()
    for number in range(count):
        content = _new_content(f"{name}-{number:05d}", seed, known)
        known.add(content.combination)
        yield content


def _new_content(scene_id: str, seed: int, known: set[frozenset[tuple[str, str]]]) -> Content:
    for attempt in range(_TRIES):
        draw = Random(stable_hash(seed, "content", scene_id, attempt))
        content = Content(scene_id, draw.choice(BACKGROUNDS), _things(draw))
        if content.combination not in known:
            return content
    raise UsageError(f"No new combination of objects was found for {scene_id}.", "fewer scenes.")


def _things(draw: Random) -> tuple[Thing, ...]:
    (count,) = draw.choices(_COUNTS, _COUNT_WEIGHTS)
    pairs = draw.sample([(noun, colour) for noun in NOUNS for colour in COLOURS], count)
    sizes = [draw.choice(SIZES) for _ in pairs]
    for number in [i for i, size in enumerate(sizes) if size == "big"][_MOST_BIG:]:
        sizes[number] = "small"
    return tuple(Thing(noun, colour, size, _texture(draw)) for (noun, colour), size in zip(pairs, sizes, strict=True))


def _texture(draw: Random) -> str:
    return "plain" if draw.random() < _PLAIN else draw.choice([name for name in TEXTURES if name != "plain"])
