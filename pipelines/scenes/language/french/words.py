"""French words and noun phrases."""

from __future__ import annotations

import re

from pipelines.scenes.language.message import Mention
from pipelines.scenes.language.romance import Lexicon, Noun

ARTICLE = "un"
LEXICON = Lexicon(
    nouns={
        "house": Noun("f", "maison", "maisons"),
        "tree": Noun("m", "arbre", "arbres"),
        "car": Noun("f", "voiture", "voitures"),
        "boat": Noun("m", "bateau", "bateaux"),
        "star": Noun("f", "étoile", "étoiles"),
        "ball": Noun("m", "ballon", "ballons"),
        "fish": Noun("m", "poisson", "poissons"),
        "flower": Noun("f", "fleur", "fleurs"),
        "cup": Noun("f", "tasse", "tasses"),
        "kite": Noun("m", "cerf-volant", "cerfs-volants"),
        "book": Noun("m", "livre", "livres"),
        "umbrella": Noun("m", "parapluie", "parapluies"),
    },
    attributes={
        "red": ("rouge", "rouge", "rouges", "rouges"),
        "orange": ("orange",),
        "yellow": ("jaune", "jaune", "jaunes", "jaunes"),
        "green": ("vert", "verte", "verts", "vertes"),
        "blue": ("bleu", "bleue", "bleus", "bleues"),
        "purple": ("violet", "violette", "violets", "violettes"),
        "pink": ("rose", "rose", "roses", "roses"),
        "brown": ("marron",),
        "black": ("noir", "noire", "noirs", "noires"),
        "white": ("blanc", "blanche", "blancs", "blanches"),
        "small": ("petit", "petite", "petits", "petites"),
        "big": ("grand", "grande", "grands", "grandes"),
        "striped": ("à rayures",),
        "dotted": ("à pois",),
        "checkered": ("à carreaux",),
    },
)
RELATIONS = {
    "left_of": ("à gauche de {b:{article}}", "sur la gauche de {b:{article}}"),
    "right_of": ("à droite de {b:{article}}", "sur la droite de {b:{article}}"),
    "above": ("au-dessus de {b:{article}}",),
    "below": ("au-dessous de {b:{article}}", "sous {b:{article}}"),
}
SIDES = {"left_of": "à sa gauche", "right_of": "à sa droite", "above": "au-dessus", "below": "au-dessous"}
PLACES = {
    "sky": ("dans le ciel",),
    "grass": ("dans l'herbe", "sur l'herbe"),
    "sand": ("sur le sable", "dans le sable"),
    "snow": ("dans la neige", "sur la neige"),
    "water": ("sur l'eau",),
    "wall": ("devant un mur", "devant le mur"),
}
ARTICLES = {"un": ("un", "une"), "le": ("le", "la")}
_ELIDED = re.compile(r"\b(?:([djlmns]|qu)e|(l)a) (?=[aeiouyéèêâîôûœh])")
_MELTED = {"de le ": "du ", "de les ": "des ", "à le ": "au ", "à les ": "aux "}


def gender(noun: str) -> int:
    """0 for masculine, 1 for feminine."""
    return LEXICON.gender(noun)


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in French: size, noun, colour, texture.

    Args:
        mention: the thing and what is said of it.
        form: "bare", "un" or "le"; for several "plural" (without article), "des" or "les"; or "colour" or "size",
            the attribute alone, agreeing with the noun.
    """
    if form in ("colour", "size"):
        return LEXICON.agreeing(getattr(mention, form), mention.noun)
    phrase = LEXICON.core(mention, plural=form in ("plural", "des", "les"))
    if form == "des":
        return f"{'de' if mention.size else 'des'} {phrase}"
    if form == "les":
        return f"les {phrase}"
    return f"{ARTICLES[form][gender(mention.noun)]} {phrase}" if form in ARTICLES else phrase


def contract(text: str) -> str:
    """De + un → d'un, la + étoile → l'étoile, de + le → du."""
    text = _ELIDED.sub(lambda match: f"{match[1] or match[2]}'", text)
    for apart, together in _MELTED.items():
        text = text.replace(apart, together)
    return text
