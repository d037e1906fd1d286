"""Scenes for the tests of the embedded world's language."""

from random import Random

from pipelines.scenes.language.message import INVERSES
from pipelines.scenes.scene import (
    BACKGROUNDS,
    COLOURS,
    NOUNS,
    PREDICATES,
    SIZES,
    TEXTURES,
    Relation,
    Scene,
    SceneObject,
)

BOX = (0.0, 0.0, 10.0, 10.0)
HOUSE_AND_TREE = Scene(
    "fixed",
    320,
    320,
    "grass",
    (SceneObject("house", "red", "small", "plain", BOX), SceneObject("tree", "green", "big", "striped", BOX)),
    (Relation(0, "left_of", 1), Relation(1, "right_of", 0)),
)


def random_scene(seed: int) -> Scene:
    draw = Random(seed)
    kinds = draw.sample([(noun, colour) for noun in NOUNS for colour in COLOURS], draw.randint(2, 4))
    things = tuple(SceneObject(*kind, draw.choice(SIZES), draw.choice(TEXTURES), BOX) for kind in kinds)
    relations = []
    for first in range(len(things)):
        for second in range(first + 1, len(things)):
            if draw.random() < 0.6:
                predicate = draw.choice(PREDICATES)
                relations.append(Relation(first, predicate, second))
                relations.append(Relation(second, INVERSES[predicate], first))
    return Scene(f"scene-{seed}", 320, 320, draw.choice(BACKGROUNDS), things, tuple(relations))
