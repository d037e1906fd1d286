"""Public word lists over 200 planted queries and 2,000 innocent ones that look alike."""

import random
from collections.abc import Callable

import pytest

from contract.text import without_spaces
from pipelines.triples.sensitive_words import SensitiveWords, read_word_lists
from pipelines.triples.text import normalise
from pipelines.triples.words import Segmenter

pytestmark = pytest.mark.real_data

CARRIERS = {
    "en": "a picture of {} in the morning", "de": "ein Bild mit {} am frühen Morgen",
    "fr": "une photo avec {} le matin", "pt": "uma foto com {} pela manhã", "es": "una foto con {} por la mañana",
    "it": "una foto con {} di mattina", "ja": "朝の{}の写真", "zh": "早上的{}的照片",
}  # fmt: skip
PLANTED_A_LANGUAGE, INNOCENT = 25, 2000
LOOK_ALIKES = {
    "en": """Scunthorpe Essex Sussex Middlesex classic classroom assassin assembly assessment passage compass grass
        glass bass embassy cockpit peacock shuttlecock Hancock cockatoo cocktail therapist grape drape scrape basement
        analysis canal title constitution button buttercup Dickens Dickinson shell Arsenal parsec document circumstance
        cucumber sextant sexton Uranus shiitake Penistone Lightwater Clitheroe Cumbria nightfall titmouse titanium
        humpback raccoon tycoon cocoon spice suspicion analogue analyst banal manuscript manure hornet thorny moist
        kinkajou wetland assassination""",
    "de": """Barsch Marsch harsch Sauerkraut Saum Schwanzmeise Dickicht Kommode Titel Analyse Kanal Klasse Muschelsuppe
        Bumerang Wixhausen Nutria Titelblatt Fickmühlen""",
    "fr": """concert conte confiture bitume arbitre habiter culture calcul salopette putois nichoir enculturation
        conique reconnu arbitrage""",
    "es": """culebra calculo circulo coñac tetera pollo computadora reputacion disputa particular mamifero pajaro
        pollito""",
    "it": """cazzuola troiano culla tettoia reputazione figurina scopino palloncino Cagliari ficodindia figurante
        culturale""",
    "pt": "computador reputação pintura cuidado cubo rolamento picada poderoso bocejo carvalho punhado",
    "ja": "穴子 珍味 満足 巨大 性格 男女 教室 蝶番 足元 水着売り場",
    "zh": "性格 性能 男性 日本人 干净 操场 鸡蛋 干部 体操 乳制品",
}
WITH = ("old", "new", "small", "big", "red", "blue", "wet", "dry", "far", "near", "round", "long", "tall", "wide")


def letters_apart(term: str) -> str:
    return " ".join(term)


def dotted(term: str) -> str:
    return ".".join(term)


def in_figures(term: str) -> str:
    return term.translate(str.maketrans("oieas", "01345"))


def starred(term: str) -> str:
    middle = len(term) // 2
    return f"{term[:middle]}*{term[middle + 1 :]}"


def stretched(term: str) -> str:
    middle = len(term) // 2
    return term[:middle] + 4 * term[middle] + term[middle + 1 :]


def invisible(term: str) -> str:
    return f"{term[:1]}\N{ZERO WIDTH SPACE}{term[1:]}"


def full_width(term: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in term)


ALWAYS: tuple[Callable[[str], str], ...] = (str, str.upper, invisible, full_width)
OF_LETTERS: tuple[Callable[[str], str], ...] = (letters_apart, dotted, in_figures, starred, stretched)


def planted(lists: dict[str, list[str]]) -> list[tuple[str, str]]:
    queries, draw = [], random.Random(5)
    for lang, carrier in CARRIERS.items():
        for number, term in enumerate(draw.sample(lists[lang], PLANTED_A_LANGUAGE)):
            of_letters = not without_spaces(lang) and term.isascii() and term.isalpha() and len(term) > 3
            ways = (*ALWAYS, *OF_LETTERS) if of_letters else ALWAYS
            queries.append((lang, carrier.format(ways[number % len(ways)](term))))
    return queries


def innocent() -> list[tuple[str, str]]:
    found = []
    for number in range(len(WITH)):
        for lang, carrier in CARRIERS.items():
            for word in LOOK_ALIKES[lang].split():
                said = f"{WITH[number]} {word}" if lang == "en" else f"{word} {number + 1}"
                found.append((lang, carrier.format(said)))
    return found[:INNOCENT]


@pytest.fixture(scope="module")
def filters(real_data) -> dict[str, SensitiveWords]:
    segmenter = Segmenter()
    lists = read_word_lists(real_data / "ldnoobw", tuple(CARRIERS))
    return {lang: SensitiveWords(terms, lang, segmenter) for lang, terms in lists.items()}


def test_what_is_planted_is_found_disguised_or_not(real_data, filters, record_property):
    queries = planted(read_word_lists(real_data / "ldnoobw", tuple(CARRIERS)))
    assert len(queries) == 200
    missed = [(lang, text) for lang, text in queries if not filters[lang].find(normalise(text))]
    record_property("planted queries found", f"{len(queries) - len(missed)} of {len(queries)}")
    assert not missed


def test_what_looks_alike_is_spared(filters, record_property):
    queries = innocent()
    assert len(queries) == INNOCENT == len(set(queries))
    found = {(lang, text, term) for lang, text in queries if (term := filters[lang].find(normalise(text)))}
    record_property("innocent queries rejected", f"{len(found)} of {len(queries)}")
    assert not found
