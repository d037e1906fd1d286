"""Portuguese words and noun phrases, as Brazilians use them."""

from __future__ import annotations

import re

from pipelines.scenes.language.message import Mention
from pipelines.scenes.language.romance import Lexicon, Noun

ARTICLE = "um"
LEXICON = Lexicon(
    nouns={
        "house": Noun("f", "casa", "casas"),
        "tree": Noun("f", "árvore", "árvores"),
        "car": Noun("m", "carro", "carros"),
        "boat": Noun("m", "barco", "barcos"),
        "star": Noun("f", "estrela", "estrelas"),
        "ball": Noun("f", "bola", "bolas"),
        "fish": Noun("m", "peixe", "peixes"),
        "flower": Noun("f", "flor", "flores"),
        "cup": Noun("f", "xícara", "xícaras"),
        "kite": Noun("f", "pipa", "pipas"),
        "book": Noun("m", "livro", "livros"),
        "umbrella": Noun("m", "guarda-chuva", "guarda-chuvas"),
    },
    attributes={
        "red": ("vermelho", "vermelha", "vermelhos", "vermelhas"),
        "orange": ("laranja",),
        "yellow": ("amarelo", "amarela", "amarelos", "amarelas"),
        "green": ("verde", "verde", "verdes", "verdes"),
        "blue": ("azul", "azul", "azuis", "azuis"),
        "purple": ("roxo", "roxa", "roxos", "roxas"),
        "pink": ("rosa",),
        "brown": ("marrom", "marrom", "marrons", "marrons"),
        "black": ("preto", "preta", "pretos", "pretas"),
        "white": ("branco", "branca", "brancos", "brancas"),
        "small": ("pequeno", "pequena", "pequenos", "pequenas"),
        "big": ("grande", "grande", "grandes", "grandes"),
        "striped": ("listrado", "listrada", "listrados", "listradas"),
        "dotted": ("de bolinhas",),
        "checkered": ("xadrez",),
    },
)
RELATIONS = {
    "left_of": ("à esquerda de {b:{article}}", "do lado esquerdo de {b:{article}}"),
    "right_of": ("à direita de {b:{article}}", "do lado direito de {b:{article}}"),
    "above": ("acima de {b:{article}}",),
    "below": ("abaixo de {b:{article}}", "embaixo de {b:{article}}"),
}
SIDES = {"left_of": "à sua esquerda", "right_of": "à sua direita", "above": "acima", "below": "abaixo"}
PLACES = {
    "sky": ("no céu",),
    "grass": ("na grama", "sobre a grama"),
    "sand": ("na areia", "sobre a areia"),
    "snow": ("na neve", "sobre a neve"),
    "water": ("na água", "sobre a água"),
    "wall": ("em frente a uma parede", "em frente à parede"),
}
ARTICLES = {"um": ("um", "uma"), "o": ("o", "a"), "nenhum": ("nenhum", "nenhuma"), "os": ("os", "as")}
_MELTING = re.compile(r"\b(de|em|por) ([oa]s?) ")
_STEMS = {"de": "d", "em": "n", "por": "pel"}


def gender(noun: str) -> int:
    """0 for masculine, 1 for feminine."""
    return LEXICON.gender(noun)


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in Portuguese: size, noun, colour, texture.

    Args:
        mention: the thing and what is said of it.
        form: "bare", "um", "o" or "nenhum"; for several "plural" (without article) or "os"; or "colour" or "size",
            the attribute alone, agreeing with the noun.
    """
    if form in ("colour", "size"):
        return LEXICON.agreeing(getattr(mention, form), mention.noun)
    phrase = LEXICON.core(mention, plural=form in ("plural", "os"))
    return f"{ARTICLES[form][gender(mention.noun)]} {phrase}" if form in ARTICLES else phrase


def contract(text: str) -> str:
    """De + o → do, em + a → na, por + os → pelos."""
    return _MELTING.sub(lambda match: f"{_STEMS[match[1]]}{match[2]} ", text)
