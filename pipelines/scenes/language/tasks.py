"""Data for the later tasks: translations, entailment, news and their headlines."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from contract.text import without_spaces
from pipelines.scenes.language.captions import worded
from pipelines.scenes.language.grammar import Story, capitalised
from pipelines.scenes.language.message import INVERSES, Mention, Message, imagined_message, message_of
from pipelines.scenes.language.registry import GRAMMARS
from pipelines.scenes.scene import BACKGROUNDS, COLOURS, NOUNS, SIZES, Scene

LABELS = ("entailment", "neutral", "contradiction")
_PREMISES = ("relation", "relation_place", "pair")


def translation(scene: Scene, source: str, target: str, draw: Random) -> tuple[str, str]:
    """The same content of a scene in two languages."""
    message = message_of(scene, draw)
    return worded(GRAMMARS[source], message, draw), worded(GRAMMARS[target], message, draw)


def entailment(scene: Scene, lang: str, draw: Random) -> tuple[str, str, str]:
    """A sentence about a scene, another one, and whether it follows.

    Args:
        scene: what the premise describes.
        lang: one of LANGUAGES.
        draw: the source of every choice.

    Returns:
        Premise, hypothesis, and one of LABELS: whether the premise makes the hypothesis true, leaves it open or
        makes it false, both being about the same picture.
    """
    premise = message_of(scene, draw, _PREMISES)
    label = draw.choice(LABELS)
    hypothesis = draw.choice(hypotheses(premise, scene, label, draw))
    return worded(GRAMMARS[lang], premise, draw), worded(GRAMMARS[lang], hypothesis, draw), label


def hypotheses(premise: Message, scene: Scene, label: str, draw: Random) -> list[Message]:
    """What can be said with a label after a premise."""
    return {"entailment": _entailed, "neutral": _open, "contradiction": _contradicted}[label](premise, scene, draw)


def headline(lang: str, draw: Random) -> tuple[str, str]:
    """A piece of local news in two to four sentences, and the headline above it.

    Returns:
        Headline, body.
    """
    language = GRAMMARS[lang]
    story: Story = draw.choice(language.stories)
    message = imagined_message("story", draw)
    sentences = [language.say(wordings, message, draw) for wordings in story.body[: draw.randint(2, 4)]]
    body = ("" if without_spaces(lang) else " ").join(sentences)
    short = replace(message, mentions=tuple(replace(mention, texture=None) for mention in message.mentions))
    return capitalised(language.fill(draw.choice(story.headlines), short, draw)), body


def _entailed(premise: Message, scene: Scene, draw: Random) -> list[Message]:
    a, b = premise.mentions
    found = [Message("exists", (replace(mention, size=None, texture=None),)) for mention in (a, b)]
    found += [_attribute("colour_is", mention, mention) for mention in (a, b) if _only_one(mention.noun, scene)]
    if premise.predicate:
        found.append(Message("relation", (b, a), INVERSES[premise.predicate]))
    if premise.background:
        found.append(Message("single", (a,), background=premise.background))
    return found


def _contradicted(premise: Message, scene: Scene, draw: Random) -> list[Message]:
    a, b = premise.mentions
    found = [Message("none", (replace(mention, size=None, texture=None),)) for mention in (a, b)]
    found += [
        _attribute("colour_is", mention, replace(mention, colour=_another(COLOURS, mention.colour, draw)))
        for mention in (a, b)
        if _only_one(mention.noun, scene)
    ]
    found += [
        _attribute("size_is", mention, replace(mention, size=_another(SIZES, mention.size, draw)))
        for mention in (a, b)
        if mention.size
    ]
    if premise.predicate:
        found.append(Message("relation", (a, b), INVERSES[premise.predicate]))
    if premise.background:
        found.append(Message("single", (a,), background=_another(BACKGROUNDS, premise.background, draw)))
    return found


def _open(premise: Message, scene: Scene, draw: Random) -> list[Message]:
    a, b = premise.mentions
    noun = draw.choice([noun for noun in NOUNS if noun not in (a.noun, b.noun)])
    unmentioned = Mention(noun, draw.choice(COLOURS))
    found = [Message("exists", (unmentioned,)), Message("relation", (a, unmentioned), draw.choice(sorted(INVERSES)))]
    found += [
        _attribute("size_is", mention, replace(mention, size=draw.choice(SIZES)))
        for mention in (a, b)
        if not mention.size
    ]
    return found


def _attribute(kind: str, known: Mention, claimed: Mention) -> Message:
    """Of a thing that is known by its noun (and its colour, where its size is told): that it is so."""
    return Message(kind, (Mention(known.noun, known.colour if kind == "size_is" else None), claimed))


def _only_one(noun: str, scene: Scene) -> bool:
    return sum(thing.noun == noun for thing in scene.objects) == 1


def _another(values: tuple[str, ...], value: str | None, draw: Random) -> str:
    return draw.choice([other for other in values if other != value])
