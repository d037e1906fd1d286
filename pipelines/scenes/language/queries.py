"""What people type into an image search, and the titles of the pages that they find."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from pipelines.scenes.language.message import Message, message_of
from pipelines.scenes.language.registry import GRAMMARS
from pipelines.scenes.scene import Scene

_DETAIL = 0.25  # people type fewer attributes than a caption has
_LOWER_CASE = 0.85
_SHORT = 0.12  # the share of queries that name a single thing and nothing else


class Query(NamedTuple):
    """A search query: its text, and the fewest and the most words that one may count in it."""

    text: str
    fewest_words: int
    most_words: int


def query(scene: Scene, lang: str, draw: Random) -> Query:
    """A search query for which a scene is a good answer.

    Args:
        scene: what is looked for.
        lang: one of LANGUAGES.
        draw: the source of every choice.

    Returns:
        A few words without final punctuation, some six of them on average; no spaces in Chinese and Japanese.
    """
    language = GRAMMARS[lang]
    kind = draw.choice(("relation", "pair", "single") if scene.relations else ("pair", "single"))
    message = message_of(scene, draw, (kind,), _DETAIL)
    if draw.random() < _SHORT:
        message = Message("short", message.mentions[:1])
    composed = language.compose(draw.choice(language.queries[message.kind]), message, draw)
    text = language.contract(composed)
    return Query(text.lower() if draw.random() < _LOWER_CASE else text, *language.count_words(composed))


def page_title(scene: Scene, lang: str, draw: Random) -> str:
    """The title of a page that shows a scene; its site is invented."""
    return GRAMMARS[lang].say(GRAMMARS[lang].titles, message_of(scene, draw, ("pair",), _DETAIL), draw)
