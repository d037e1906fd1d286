"""German words and noun phrases."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.scenes.language.message import Mention


class Noun(NamedTuple):
    """A noun: gender (m, f, n), singular, plural, dative plural. The singular is the same in all cases used here."""

    gender: str
    singular: str
    plural: str
    plural_dative: str


GENDERS = "mfn"
ARTICLE = "ein"
NOUNS = {
    "house": Noun("n", "Haus", "Häuser", "Häusern"),
    "tree": Noun("m", "Baum", "Bäume", "Bäumen"),
    "car": Noun("n", "Auto", "Autos", "Autos"),
    "boat": Noun("n", "Boot", "Boote", "Booten"),
    "star": Noun("m", "Stern", "Sterne", "Sternen"),
    "ball": Noun("m", "Ball", "Bälle", "Bällen"),
    "fish": Noun("m", "Fisch", "Fische", "Fischen"),
    "flower": Noun("f", "Blume", "Blumen", "Blumen"),
    "cup": Noun("f", "Tasse", "Tassen", "Tassen"),
    "kite": Noun("m", "Drachen", "Drachen", "Drachen"),
    "book": Noun("n", "Buch", "Bücher", "Büchern"),
    "umbrella": Noun("m", "Regenschirm", "Regenschirme", "Regenschirmen"),
}
ADJECTIVES = {
    "red": "rot",
    "orange": "orangefarben",
    "yellow": "gelb",
    "green": "grün",
    "blue": "blau",
    "purple": "violett",
    "pink": "rosa",
    "brown": "braun",
    "black": "schwarz",
    "white": "weiß",
    "small": "klein",
    "big": "groß",
    "striped": "gestreift",
    "dotted": "gepunktet",
    "checkered": "kariert",
}
INVARIABLE = frozenset({"rosa"})
# By determiner and case: the article and the adjective's ending for masculine, feminine, neuter and plural.
DECLENSION = {
    ("ein", "nom"): (("ein", "er"), ("eine", "e"), ("ein", "es"), ("", "e")),
    ("ein", "acc"): (("einen", "en"), ("eine", "e"), ("ein", "es"), ("", "e")),
    ("ein", "dat"): (("einem", "en"), ("einer", "en"), ("einem", "en"), ("", "en")),
    ("kein", "nom"): (("kein", "er"), ("keine", "e"), ("kein", "es"), ("keine", "en")),
    ("kein", "acc"): (("keinen", "en"), ("keine", "e"), ("kein", "es"), ("keine", "en")),
    ("der", "nom"): (("der", "e"), ("die", "e"), ("das", "e"), ("die", "en")),
    ("der", "acc"): (("den", "en"), ("die", "e"), ("das", "e"), ("die", "en")),
    ("der", "dat"): (("dem", "en"), ("der", "en"), ("dem", "en"), ("den", "en")),
    ("bare", "nom"): (("", "er"), ("", "e"), ("", "es"), ("", "e")),
    ("bare", "acc"): (("", "en"), ("", "e"), ("", "es"), ("", "e")),
    ("bare", "dat"): (("", "em"), ("", "er"), ("", "em"), ("", "en")),
}
RELATIONS = {
    "left_of": ("links von {b:{article} dat}", "links neben {b:{article} dat}"),
    "right_of": ("rechts von {b:{article} dat}", "rechts neben {b:{article} dat}"),
    "above": ("über {b:{article} dat}",),
    "below": ("unter {b:{article} dat}",),
}
SIDES = {"left_of": "links davon", "right_of": "rechts davon", "above": "darüber", "below": "darunter"}
PLACES = {
    "sky": ("am Himmel",),
    "grass": ("im Gras", "auf dem Gras"),
    "sand": ("im Sand", "auf dem Sand"),
    "snow": ("im Schnee",),
    "water": ("auf dem Wasser",),
    "wall": ("vor einer Wand", "vor der Wand"),
}


def gender(noun: str) -> int:
    """0 for masculine, 1 for feminine, 2 for neuter."""
    return GENDERS.index(NOUNS[noun].gender)


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in German: size, texture, colour, noun.

    Args:
        mention: the thing and what is said of it.
        form: determiner ("ein", "kein", "der", "bare"), case ("nom", "acc", "dat") and, for several, "plural":
            "ein dat", "der nom plural"; or "colour" or "size", the attribute alone.
    """
    if form in ("colour", "size"):
        return ADJECTIVES[getattr(mention, form)]
    determiner, case, *number = form.split()
    noun = NOUNS[mention.noun]
    article, ending = DECLENSION[determiner, case][3 if number else gender(mention.noun)]
    attributes = [_declined(word, ending) for word in (mention.size, mention.texture, mention.colour) if word]
    head = (noun.plural_dative if case == "dat" else noun.plural) if number else noun.singular
    return " ".join(word for word in (article, *attributes, head) if word)


def contract(text: str) -> str:
    """Von dem → vom, in dem → im, zu dem → zum."""
    for apart, together in (("von dem ", "vom "), ("in dem ", "im "), ("zu dem ", "zum ")):
        text = text.replace(apart, together)
    return text


def _declined(word: str, ending: str) -> str:
    adjective = ADJECTIVES[word]
    return adjective if adjective in INVARIABLE else adjective + ending
