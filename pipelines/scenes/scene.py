"""What a scene is: objects with attributes, spatial relations between them, and a background."""

from __future__ import annotations

from dataclasses import dataclass

NOUNS = ("house", "tree", "car", "boat", "star", "ball", "fish", "flower", "cup", "kite", "book", "umbrella")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
SIZES = ("small", "big")
TEXTURES = ("plain", "striped", "dotted", "checkered")
BACKGROUNDS = ("sky", "grass", "sand", "snow", "water", "wall")
PREDICATES = ("left_of", "right_of", "above", "below")
LANGUAGES = ("en", "de", "fr", "pt", "es", "it", "ja", "zh", "cs")  # MILD's eight and Czech


@dataclass(frozen=True)
class SceneObject:
    """One thing in a scene.

    Attributes:
        noun: what it is, one of NOUNS; also the detector's class.
        colour: one of COLOURS.
        size: one of SIZES.
        texture: one of TEXTURES; "plain" is never said.
        box: x1, y1, x2, y2 in pixels, exact for the pixels drawn.
    """

    noun: str
    colour: str
    size: str
    texture: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Relation:
    """``objects[subject]`` is ``predicate`` (one of PREDICATES) ``objects[object]``."""

    subject: int
    predicate: str
    object: int


@dataclass(frozen=True)
class Scene:
    """One picture's content.

    Attributes:
        scene_id: its name, also the stem of the picture's file.
        width: px.
        height: px.
        background: one of BACKGROUNDS.
        objects: two to four, no two with the same noun and colour.
        relations: every relation that clearly holds between two objects.
    """

    scene_id: str
    width: int
    height: int
    background: str
    objects: tuple[SceneObject, ...]
    relations: tuple[Relation, ...]
