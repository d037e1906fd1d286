"""What all languages share: filling a template's slots with phrases, and finishing the sentence.

Templates are Python format strings. Their slots:

- ``{a:FORM}``, ``{b:FORM}``, ``{c:FORM}``: a thing, in a form that the language's ``noun_phrase`` knows
  (``{a:der dat}``, ``{a:les}``); the forms "colour" and "size" are the attribute alone, as a predicate.
- ``{a:trouvé/trouvée}``: the one that fits the thing's gender, in the order of the language's ``GENDERS``.
- ``{a:stands|lies}``: the one that fits how such a thing rests.
- ``{rel}``: where a is, seen from b ("left of a tree"); ``{rel:the}`` with the article named.
- ``{side}``: the same without b, in languages that have words for it; ``{place}``: the background; ``{site}``: a site.

In Chinese and Japanese, all that queries are made of also holds marks that nobody writes: "·" between two words, "~"
where some count two words and others one (a number and its measure word, the parts of a compound, a word for a place
behind its noun).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from pipelines.scenes.language.message import Mention, Message

STANDING = frozenset({"house", "tree", "car", "flower", "cup"})
_SENTENCE_START = re.compile(r"(^|[.!?]\s+)([¿¡]?)(\w)")

Templates = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Story:
    """A piece of local news: headlines of which one is taken, and for each sentence of the body its wordings."""

    headlines: Sequence[str]
    body: Sequence[Sequence[str]]


def unchanged(text: str) -> str:
    """The text as it is: for languages in which neighbouring words do not melt together."""
    return text


def without_marks(text: str) -> str:
    """The text without marks between its words: for languages in which all words are written as one."""
    return text.replace("·", "").replace("~", "")


@dataclass(frozen=True)
class Language:
    """One language of the embedded world.

    Attributes:
        code: BCP 47.
        article: the name of the form that ``{rel}`` asks of b where it names none.
        noun_phrase: a mention in a form, before ``contract``.
        gender: the number of a noun's gender, as the alternatives of ``{a:x/y}`` are ordered.
        relations: the wordings of each predicate, templates over b and ``{article}``.
        places: the wordings of each background.
        captions: templates of the kinds of message about a picture.
        hypotheses: templates of further kinds, for entailment.
        queries: templates as people type them into a search box.
        titles: templates of a page's title.
        sites: invented names of sites.
        text: templates of sentences about no picture.
        stories: local news.
        contract: melts neighbouring words together (de + le = du), or takes the marks between them away.
        sides: each predicate without what it relates to, where the language says it so.
    """

    code: str
    article: str
    noun_phrase: Callable[[Mention, str], str]
    gender: Callable[[str], int]
    relations: Templates
    places: Templates
    captions: Templates
    hypotheses: Templates
    queries: Templates
    titles: Sequence[str]
    sites: Sequence[str]
    text: Sequence[str]
    stories: Sequence[Story]
    contract: Callable[[str], str] = unchanged
    sides: Mapping[str, str] = field(default_factory=dict)

    def phrase(self, mention: Mention, form: str) -> str:
        """A thing's phrase in a form, as it is written."""
        return self.contract(self.noun_phrase(mention, form))

    def fill(self, template: str, message: Message, draw: Random) -> str:
        """A template with its slots filled, as it is written inside a sentence."""
        return self.contract(self.compose(template, message, draw))

    def count_words(self, composed: str) -> tuple[int, int]:
        """The fewest and the most words that one may count in a text of ``compose``, as it is written."""
        words = (composed if "·" in composed or "~" in composed else self.contract(composed)).replace("·", " ")
        return len(words.split()), len(words.replace("~", " ").split())

    def compose(self, template: str, message: Message, draw: Random) -> str:
        """A template with its slots filled, before ``contract``."""
        things = {name: _Thing(self, mention) for name, mention in zip("abc", message.mentions, strict=False)}
        slots: dict[str, object] = dict(things)
        if message.predicate:
            wording = draw.choice(self.relations[message.predicate])
            slots["rel"] = _Relation(wording, things["b"], self.article)
            slots["side"] = self.sides.get(message.predicate, "")
        if message.background:
            slots["place"] = draw.choice(self.places[message.background])
        return template.format(**slots, site=draw.choice(self.sites))

    def say(self, templates: Sequence[str], message: Message, draw: Random) -> str:
        """One of the templates, filled, as a sentence with its capital."""
        return capitalised(self.fill(draw.choice(templates), message, draw))


def capitalised(text: str) -> str:
    """The text with a capital where each of its sentences begins."""
    return _SENTENCE_START.sub(lambda match: match[1] + match[2] + match[3].upper(), text)


@dataclass(frozen=True)
class _Thing:
    language: Language
    mention: Mention

    def __format__(self, form: str) -> str:
        if "/" in form:
            return form.split("/")[self.language.gender(self.mention.noun)]
        if "|" in form:
            return form.split("|")[0 if self.mention.noun in STANDING else 1]
        return self.language.noun_phrase(self.mention, form)


@dataclass(frozen=True)
class _Relation:
    wording: str
    related: _Thing
    article: str

    def __format__(self, article: str) -> str:
        return self.wording.format(b=self.related, article=article or self.article)
