"""What is to be said, before any language says it: which things, which of their attributes, where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from pipelines.scenes.scene import BACKGROUNDS, COLOURS, NOUNS, PREDICATES, SIZES, TEXTURES, Scene, SceneObject

SIZE_SAID, TEXTURE_SAID = 0.8, 0.9  # how often a caption names these; the colour is always named
INVERSES = {"left_of": "right_of", "right_of": "left_of", "above": "below", "below": "above"}
_KINDS = {"relation": 40, "relation_place": 26, "pair": 20, "triple": 6, "things": 3, "single": 5}


@dataclass(frozen=True)
class Mention:
    """A thing as a sentence speaks of it; an attribute that goes unsaid is None, and "plain" always does."""

    noun: str
    colour: str | None = None
    size: str | None = None
    texture: str | None = None


@dataclass(frozen=True)
class Message:
    """The content of one sentence, the same in every language.

    Attributes:
        kind: which group of a language's templates can say it.
        mentions: the things, called a, b and c in templates.
        predicate: how a stands to b, where the kind speaks of it.
        background: where all of it is, where the kind speaks of it.
    """

    kind: str
    mentions: tuple[Mention, ...]
    predicate: str | None = None
    background: str | None = None


def mention_of(thing: SceneObject, draw: Random, detail: float = 1.0) -> Mention:
    """A thing with its colour and, more often the more detail is wanted, with its size and texture."""
    size = thing.size if draw.random() < SIZE_SAID * detail else None
    texture = thing.texture if draw.random() < TEXTURE_SAID * detail and thing.texture != "plain" else None
    return Mention(thing.noun, thing.colour, size, texture)


def message_of(scene: Scene, draw: Random, kinds: Sequence[str] = tuple(_KINDS), detail: float = 1.0) -> Message:
    """One thing worth saying about a scene.

    Args:
        scene: what is to be described.
        draw: the source of every choice.
        kinds: what may be said; must hold "pair", which every scene allows.
        detail: how often sizes and textures are said, as a share of how often captions say them.
    """
    possible = [kind for kind in kinds if _possible(kind, scene)]
    kind = draw.choices(possible, [_KINDS[kind] for kind in possible])[0]
    if kind in ("relation", "relation_place"):
        relation = draw.choice(scene.relations)
        things = [scene.objects[relation.subject], scene.objects[relation.object]]
        predicate = relation.predicate
    else:
        things = draw.sample(scene.objects, {"single": 1, "pair": 2, "triple": 3}.get(kind, len(scene.objects)))
        predicate = None
    mentions = tuple(mention_of(thing, draw, detail) for thing in things)
    if kind == "things":
        kind = {2: "two_things", 3: "three_things"}[len(things)]
    return Message(kind, mentions, predicate, None if kind == "relation" else scene.background)


def imagined_message(kind: str, draw: Random) -> Message:
    """A message about no picture at all: three things of different nouns, somewhere."""
    mentions = tuple(_imagined(noun, draw) for noun in draw.sample(NOUNS, 3))
    return Message(kind, mentions, draw.choice(PREDICATES), draw.choice(BACKGROUNDS))


def _possible(kind: str, scene: Scene) -> bool:
    if kind in ("relation", "relation_place"):
        return bool(scene.relations)
    if kind == "triple":
        return len(scene.objects) >= 3
    return kind != "things" or len(scene.objects) in (2, 3)


def _imagined(noun: str, draw: Random) -> Mention:
    size = draw.choice(SIZES) if draw.random() < 0.5 else None
    texture = draw.choice(TEXTURES[1:]) if draw.random() < 0.25 else None
    return Mention(noun, draw.choice(COLOURS), size, texture)
