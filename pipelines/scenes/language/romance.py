"""What French, Portuguese, Spanish and Italian noun phrases share: size before the noun, the rest behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pipelines.scenes.language.message import Mention

GENDERS = "mf"


class Noun(NamedTuple):
    """A noun: gender (m, f), singular, plural."""

    gender: str
    singular: str
    plural: str


class Lexicon(NamedTuple):
    """Nouns by their English name, and each attribute's forms or the phrase that expresses it.

    ``attributes`` values are four forms apart (masculine, feminine, masculine plural, feminine plural), or a tuple of
    one, which never changes.
    """

    nouns: Mapping[str, Noun]
    attributes: Mapping[str, tuple[str, ...]]

    def gender(self, noun: str) -> int:
        """0 for masculine, 1 for feminine."""
        return GENDERS.index(self.nouns[noun].gender)

    def agreeing(self, attribute: str | None, noun: str, plural: bool = False) -> str:
        """An attribute in the form that goes with a noun; nothing where the attribute goes unsaid."""
        if attribute is None:
            return ""
        forms = self.attributes[attribute]
        return forms[self.gender(noun) + 2 * plural] if len(forms) > 1 else forms[0]

    def core(self, mention: Mention, plural: bool = False) -> str:
        """A noun phrase without its article: size, noun, colour, texture."""
        noun = self.nouns[mention.noun]
        size, colour, texture = (
            self.agreeing(word, mention.noun, plural) for word in (mention.size, mention.colour, mention.texture)
        )
        return " ".join(word for word in (size, noun.plural if plural else noun.singular, colour, texture) if word)
