"""Plain text in one language, about scenes that nobody drew: for masked language modelling."""

from __future__ import annotations

from random import Random

from contract.hashing import stable_hash
from pipelines.scenes.language.captions import worded
from pipelines.scenes.language.grammar import Language
from pipelines.scenes.language.message import imagined_message
from pipelines.scenes.language.registry import GRAMMARS

_DESCRIPTIONS = 0.35  # the share of sentences that describe, as captions do; the others ask, compare or tell
_KINDS = ("relation", "relation_place", "pair", "triple", "three_things", "single", "exists", "none")


def sentences(lang: str, count: int, seed: int) -> list[str]:
    """Sentences, and now and then a small story of two or three, about the things of the embedded world.

    Args:
        lang: one of LANGUAGES.
        count: how many, all different.
        seed: the job's; the same seed gives the same sentences.
    """
    draw = Random(stable_hash(seed, "text", lang))
    distinct: dict[str, None] = {}
    while len(distinct) < count:
        distinct[_sentence(GRAMMARS[lang], draw)] = None
    return list(distinct)


def _sentence(language: Language, draw: Random) -> str:
    if draw.random() < _DESCRIPTIONS:
        return worded(language, imagined_message(draw.choice(_KINDS), draw), draw)
    return language.say(language.text, imagined_message("text", draw), draw)
