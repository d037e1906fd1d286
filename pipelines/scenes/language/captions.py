"""Captions: one sentence that describes a scene."""

from __future__ import annotations

from random import Random

from pipelines.scenes.language.grammar import Language
from pipelines.scenes.language.message import Message, message_of
from pipelines.scenes.language.registry import GRAMMARS
from pipelines.scenes.scene import Scene


def caption(scene: Scene, lang: str, draw: Random) -> str:
    """A sentence about a scene.

    Args:
        scene: what it describes.
        lang: one of LANGUAGES.
        draw: the source of every choice: what is said, and how.

    Returns:
        The sentence, with capital and final punctuation as the language has them.
    """
    return worded(GRAMMARS[lang], message_of(scene, draw), draw)


def worded(language: Language, message: Message, draw: Random) -> str:
    """A message about a picture in the words of a language."""
    templates = [*language.captions.get(message.kind, ()), *language.hypotheses.get(message.kind, ())]
    if message.kind == "relation" and message.predicate in ("left_of", "right_of"):
        templates += language.captions["beside"]
    return language.say(templates, message, draw)
