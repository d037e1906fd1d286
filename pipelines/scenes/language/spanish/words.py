"""Spanish words and noun phrases."""

from __future__ import annotations

from pipelines.scenes.language.message import Mention
from pipelines.scenes.language.romance import Lexicon, Noun

ARTICLE = "un"
LEXICON = Lexicon(
    nouns={
        "house": Noun("f", "casa", "casas"),
        "tree": Noun("m", "árbol", "árboles"),
        "car": Noun("m", "coche", "coches"),
        "boat": Noun("m", "barco", "barcos"),
        "star": Noun("f", "estrella", "estrellas"),
        "ball": Noun("f", "pelota", "pelotas"),
        "fish": Noun("m", "pez", "peces"),
        "flower": Noun("f", "flor", "flores"),
        "cup": Noun("f", "taza", "tazas"),
        "kite": Noun("f", "cometa", "cometas"),
        "book": Noun("m", "libro", "libros"),
        "umbrella": Noun("m", "paraguas", "paraguas"),
    },
    attributes={
        "red": ("rojo", "roja", "rojos", "rojas"),
        "orange": ("naranja",),
        "yellow": ("amarillo", "amarilla", "amarillos", "amarillas"),
        "green": ("verde", "verde", "verdes", "verdes"),
        "blue": ("azul", "azul", "azules", "azules"),
        "purple": ("morado", "morada", "morados", "moradas"),
        "pink": ("rosa",),
        "brown": ("marrón", "marrón", "marrones", "marrones"),
        "black": ("negro", "negra", "negros", "negras"),
        "white": ("blanco", "blanca", "blancos", "blancas"),
        "small": ("pequeño", "pequeña", "pequeños", "pequeñas"),
        "big": ("grande", "grande", "grandes", "grandes"),
        "striped": ("a rayas",),
        "dotted": ("de lunares",),
        "checkered": ("a cuadros",),
    },
)
RELATIONS = {
    "left_of": ("a la izquierda de {b:{article}}",),
    "right_of": ("a la derecha de {b:{article}}",),
    "above": ("encima de {b:{article}}", "por encima de {b:{article}}"),
    "below": ("debajo de {b:{article}}", "por debajo de {b:{article}}"),
}
SIDES = {"left_of": "a su izquierda", "right_of": "a su derecha", "above": "encima", "below": "debajo"}
PLACES = {
    "sky": ("en el cielo",),
    "grass": ("en la hierba", "sobre la hierba"),
    "sand": ("en la arena", "sobre la arena"),
    "snow": ("en la nieve", "sobre la nieve"),
    "water": ("en el agua", "sobre el agua"),
    "wall": ("delante de una pared", "delante de la pared"),
}
ARTICLES = {"un": ("un", "una"), "el": ("el", "la"), "ningún": ("ningún", "ninguna"), "los": ("los", "las")}


def gender(noun: str) -> int:
    """0 for masculine, 1 for feminine."""
    return LEXICON.gender(noun)


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in Spanish: size, noun, colour, texture.

    Args:
        mention: the thing and what is said of it.
        form: "bare", "un", "el" or "ningún"; for several "plural" (without article) or "los"; or "colour" or "size",
            the attribute alone, agreeing with the noun.
    """
    if form in ("colour", "size"):
        return LEXICON.agreeing(getattr(mention, form), mention.noun)
    several = form in ("plural", "los")
    phrase = LEXICON.core(mention, several)
    if mention.size == "big" and not several:
        phrase = phrase.replace("grande", "gran", 1)  # shortened before a noun in the singular
    return f"{ARTICLES[form][gender(mention.noun)]} {phrase}" if form in ARTICLES else phrase


def contract(text: str) -> str:
    """De + el → del, a + el → al."""
    return f" {text}".replace(" de el ", " del ").replace(" a el ", " al ")[1:]
