"""Czech words and noun phrases."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipelines.scenes.language.message import Mention

CASES = ("nom", "gen", "acc", "ins")
ARTICLE = ""
GENDERS = "mfna"  # masculine inanimate, feminine, neuter, masculine animate


class Noun(NamedTuple):
    """A noun: gender, and its forms in the order of CASES; the plural has no instrumental here."""

    gender: str
    singular: tuple[str, str, str, str]
    plural: tuple[str, str, str]


NOUNS = {
    "house": Noun("m", ("dům", "domu", "dům", "domem"), ("domy", "domů", "domy")),
    "tree": Noun("m", ("strom", "stromu", "strom", "stromem"), ("stromy", "stromů", "stromy")),
    "car": Noun("n", ("auto", "auta", "auto", "autem"), ("auta", "aut", "auta")),
    "boat": Noun("f", ("loď", "lodi", "loď", "lodí"), ("lodě", "lodí", "lodě")),
    "star": Noun("f", ("hvězda", "hvězdy", "hvězdu", "hvězdou"), ("hvězdy", "hvězd", "hvězdy")),
    "ball": Noun("m", ("míč", "míče", "míč", "míčem"), ("míče", "míčů", "míče")),
    "fish": Noun("f", ("ryba", "ryby", "rybu", "rybou"), ("ryby", "ryb", "ryby")),
    "flower": Noun("f", ("květina", "květiny", "květinu", "květinou"), ("květiny", "květin", "květiny")),
    "cup": Noun("m", ("hrnek", "hrnku", "hrnek", "hrnkem"), ("hrnky", "hrnků", "hrnky")),
    "kite": Noun("a", ("drak", "draka", "draka", "drakem"), ("draci", "draků", "draky")),
    "book": Noun("f", ("kniha", "knihy", "knihu", "knihou"), ("knihy", "knih", "knihy")),
    "umbrella": Noun("m", ("deštník", "deštníku", "deštník", "deštníkem"), ("deštníky", "deštníků", "deštníky")),
}
ADJECTIVES = {
    "red": "červený",
    "orange": "oranžový",
    "yellow": "žlutý",
    "green": "zelený",
    "blue": "modrý",
    "purple": "fialový",
    "pink": "růžový",
    "brown": "hnědý",
    "black": "černý",
    "white": "bílý",
    "small": "malý",
    "big": "velký",
    "striped": "pruhovaný",
    "dotted": "puntíkatý",
    "checkered": "kostkovaný",
}
# By gender: the endings in the order of CASES, singular, then plural.
ENDINGS = {
    "m": (("ý", "ého", "ý", "ým"), ("é", "ých", "é")),
    "a": (("ý", "ého", "ého", "ým"), ("í", "ých", "é")),
    "f": (("á", "é", "ou", "ou"), ("é", "ých", "é")),
    "n": (("é", "ého", "é", "ým"), ("á", "ých", "á")),
}
SOFTENED = {"k": "c", "r": "ř"}  # before the í of the masculine animate plural: velký → velcí, modrý → modří
RELATIONS = {
    "left_of": ("vlevo od {b:gen}", "nalevo od {b:gen}"),
    "right_of": ("vpravo od {b:gen}", "napravo od {b:gen}"),
    "above": ("nad {b:ins}",),
    "below": ("pod {b:ins}",),
}
PLACES = {
    "sky": ("na obloze",),
    "grass": ("na trávě", "v trávě"),
    "sand": ("na písku", "v písku"),
    "snow": ("na sněhu", "ve sněhu"),
    "water": ("na vodě",),
    "wall": ("před zdí", "u zdi"),
}


def gender(noun: str) -> int:
    """0 for masculine inanimate, 1 for feminine, 2 for neuter, 3 for masculine animate."""
    return GENDERS.index(NOUNS[noun].gender)


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in Czech: size, colour, texture, noun, all in one case.

    Args:
        mention: the thing and what is said of it.
        form: a case out of CASES; with " plural" for several; or "colour" or "size", the attribute alone, in the
            nominative.
    """
    if form in ("colour", "size"):
        return _declined(getattr(mention, form), mention.noun, "nom", several=False)
    case, several = form.split()[0], form.endswith(" plural")
    noun = NOUNS[mention.noun]
    forms = noun.plural if several else noun.singular
    attributes = [
        _declined(word, mention.noun, case, several) for word in (mention.size, mention.colour, mention.texture) if word
    ]
    return " ".join((*attributes, forms[CASES.index(case)]))


def contract(text: str) -> str:
    """S + stromem → se stromem: the preposition takes a vowel before a sibilant."""
    return re.sub(r"\bs (?=[sšzž])", "se ", text)


def _declined(word: str, noun: str, case: str, several: bool) -> str:
    stem = ADJECTIVES[word][:-1]
    ending = ENDINGS[NOUNS[noun].gender][several][CASES.index(case)]
    if ending == "í":
        stem = stem[:-1] + SOFTENED.get(stem[-1], stem[-1])
    return stem + ending
