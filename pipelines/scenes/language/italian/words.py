"""Italian words and noun phrases."""

from __future__ import annotations

import re

from pipelines.scenes.language.message import Mention
from pipelines.scenes.language.romance import Lexicon, Noun

ARTICLE = "un"
LEXICON = Lexicon(
    nouns={
        "house": Noun("f", "casa", "case"),
        "tree": Noun("m", "albero", "alberi"),
        "car": Noun("f", "macchina", "macchine"),
        "boat": Noun("f", "barca", "barche"),
        "star": Noun("f", "stella", "stelle"),
        "ball": Noun("f", "palla", "palle"),
        "fish": Noun("m", "pesce", "pesci"),
        "flower": Noun("m", "fiore", "fiori"),
        "cup": Noun("f", "tazza", "tazze"),
        "kite": Noun("m", "aquilone", "aquiloni"),
        "book": Noun("m", "libro", "libri"),
        "umbrella": Noun("m", "ombrello", "ombrelli"),
    },
    attributes={
        "red": ("rosso", "rossa", "rossi", "rosse"),
        "orange": ("arancione", "arancione", "arancioni", "arancioni"),
        "yellow": ("giallo", "gialla", "gialli", "gialle"),
        "green": ("verde", "verde", "verdi", "verdi"),
        "blue": ("blu",),
        "purple": ("viola",),
        "pink": ("rosa",),
        "brown": ("marrone", "marrone", "marroni", "marroni"),
        "black": ("nero", "nera", "neri", "nere"),
        "white": ("bianco", "bianca", "bianchi", "bianche"),
        "small": ("piccolo", "piccola", "piccoli", "piccole"),
        "big": ("grande", "grande", "grandi", "grandi"),
        "striped": ("a righe",),
        "dotted": ("a pois",),
        "checkered": ("a quadri",),
    },
)
RELATIONS = {
    "left_of": ("a sinistra di {b:{article}}", "alla sinistra di {b:{article}}"),
    "right_of": ("a destra di {b:{article}}", "alla destra di {b:{article}}"),
    "above": ("sopra {b:{article}}", "al di sopra di {b:{article}}"),
    "below": ("sotto {b:{article}}", "al di sotto di {b:{article}}"),
}
SIDES = {"left_of": "alla sua sinistra", "right_of": "alla sua destra", "above": "sopra", "below": "sotto"}
PLACES = {
    "sky": ("nel cielo",),
    "grass": ("sull'erba", "nell'erba"),
    "sand": ("sulla sabbia",),
    "snow": ("nella neve", "sulla neve"),
    "water": ("sull'acqua",),
    "wall": ("davanti a un muro", "davanti al muro"),
}
ARTICLES = {"un": ("un", "una"), "il": ("il", "la"), "i": ("i", "le"), "nessun": ("nessun", "nessuna")}
_VOWEL = re.compile(r"\b(il|la) (?=[aeiou])")
_BEFORE_VOWEL = re.compile(r"\bi (?=[aeiou])")
_ARTICLE = re.compile(r"\b(di|a|da|in|su) (?:(il|la|i|gli|le)\b |(l'))")
_STEMS = {"di": "de", "a": "a", "da": "da", "in": "ne", "su": "su"}
_ENDINGS = {"il": "l ", "la": "lla ", "i": "i ", "gli": "gli ", "le": "lle ", "l'": "ll'"}


def gender(noun: str) -> int:
    """0 for masculine, 1 for feminine."""
    return LEXICON.gender(noun)


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in Italian: size, noun, colour, texture.

    Args:
        mention: the thing and what is said of it.
        form: "bare", "un", "il" or "nessun"; for several "plural" (without article) or "i"; or "colour" or "size",
            the attribute alone, agreeing with the noun.
    """
    if form in ("colour", "size"):
        return LEXICON.agreeing(getattr(mention, form), mention.noun)
    phrase = LEXICON.core(mention, plural=form in ("plural", "i"))
    return f"{ARTICLES[form][gender(mention.noun)]} {phrase}" if form in ARTICLES else phrase


def contract(text: str) -> str:
    """Il + albero → l'albero, i + alberi → gli alberi, di + il → del, su + la → sulla."""
    text = _BEFORE_VOWEL.sub("gli ", _VOWEL.sub("l'", text))
    return _ARTICLE.sub(lambda match: _STEMS[match[1]] + _ENDINGS[match[2] or match[3]], text)
