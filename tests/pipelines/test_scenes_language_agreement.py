"""Noun phrases and sentences against expectations written by hand."""

from random import Random

import pytest

from pipelines.scenes.language.captions import worded
from pipelines.scenes.language.message import Mention, Message
from pipelines.scenes.language.registry import GRAMMARS

HOUSE = Mention("house", "red", "small")
TREE = Mention("tree", "green", "big", "striped")
FLOWER = Mention("flower", "white", "big", "dotted")
KITE = Mention("kite", "blue", "big")
STAR = Mention("star", "orange", "small", "checkered")

PHRASES = [
    # English
    ("en", HOUSE, "a", "a small red house"),
    ("en", Mention("umbrella"), "a", "an umbrella"),
    ("en", Mention("house", "orange"), "a", "an orange house"),
    ("en", TREE, "the", "the big green striped tree"),
    ("en", Mention("fish", "red"), "plural", "red fish"),
    # German: three declensions, three genders, the plural
    ("de", HOUSE, "ein nom", "ein kleines rotes Haus"),
    ("de", HOUSE, "ein dat", "einem kleinen roten Haus"),
    ("de", TREE, "ein nom", "ein großer gestreifter grüner Baum"),
    ("de", TREE, "ein acc", "einen großen gestreiften grünen Baum"),
    ("de", TREE, "der dat", "dem großen gestreiften grünen Baum"),
    ("de", FLOWER, "ein acc", "eine große gepunktete weiße Blume"),
    ("de", FLOWER, "der dat", "der großen gepunkteten weißen Blume"),
    ("de", FLOWER, "bare dat", "großer gepunkteter weißer Blume"),
    ("de", HOUSE, "der nom", "das kleine rote Haus"),
    ("de", HOUSE, "bare nom", "kleines rotes Haus"),
    ("de", HOUSE, "bare dat", "kleinem rotem Haus"),
    ("de", HOUSE, "kein acc", "kein kleines rotes Haus"),
    ("de", KITE, "kein acc", "keinen großen blauen Drachen"),
    ("de", HOUSE, "bare nom plural", "kleine rote Häuser"),
    ("de", HOUSE, "bare dat plural", "kleinen roten Häusern"),
    ("de", HOUSE, "kein acc plural", "keine kleinen roten Häuser"),
    ("de", Mention("ball", "pink"), "ein dat", "einem rosa Ball"),
    ("de", Mention("car", "orange"), "ein nom", "ein orangefarbenes Auto"),
    # French: gender, elision, invariable colours, de + un
    ("fr", HOUSE, "un", "une petite maison rouge"),
    ("fr", TREE, "un", "un grand arbre vert à rayures"),
    ("fr", Mention("tree", "black"), "le", "l'arbre noir"),
    ("fr", STAR, "le", "la petite étoile orange à carreaux"),
    ("fr", Mention("star", "white"), "le", "l'étoile blanche"),
    ("fr", FLOWER, "des", "de grandes fleurs blanches à pois"),
    ("fr", Mention("boat", "brown"), "des", "des bateaux marron"),
    ("fr", Mention("kite", "purple"), "les", "les cerfs-volants violets"),
    ("fr", Mention("house", "purple"), "colour", "violette"),
    # Portuguese
    ("pt", HOUSE, "um", "uma pequena casa vermelha"),
    ("pt", TREE, "um", "uma grande árvore verde listrada"),
    ("pt", FLOWER, "o", "a grande flor branca de bolinhas"),
    ("pt", Mention("car", "blue"), "os", "os carros azuis"),
    ("pt", Mention("umbrella", "brown"), "plural", "guarda-chuvas marrons"),
    ("pt", Mention("book", "red", None, "checkered"), "nenhum", "nenhum livro vermelho xadrez"),
    # Spanish: gran, invariable colours
    ("es", HOUSE, "un", "una pequeña casa roja"),
    ("es", TREE, "un", "un gran árbol verde a rayas"),
    ("es", FLOWER, "el", "la gran flor blanca de lunares"),
    ("es", FLOWER, "los", "las grandes flores blancas de lunares"),
    ("es", Mention("fish", "pink"), "plural", "peces rosa"),
    ("es", Mention("umbrella", "blue"), "los", "los paraguas azules"),
    ("es", Mention("house", size="big"), "size", "grande"),
    # Italian: l', gli, invariable colours
    ("it", HOUSE, "un", "una piccola casa rossa"),
    ("it", TREE, "un", "un grande albero verde a righe"),
    ("it", Mention("tree", "green"), "il", "l'albero verde"),
    ("it", Mention("umbrella", "blue"), "i", "gli ombrelli blu"),
    ("it", KITE, "i", "i grandi aquiloni blu"),
    ("it", Mention("boat", "white"), "i", "le barche bianche"),
    ("it", Mention("fish", "brown"), "plural", "pesci marroni"),
    ("it", Mention("star", "red"), "nessun", "nessuna stella rossa"),
    # Japanese: い-adjectives, の, counters
    ("ja", HOUSE, "", "小さな赤い家"),
    ("ja", TREE, "", "縞模様の大きな緑色の木"),
    ("ja", Mention("fish", "orange"), "", "オレンジ色の魚"),
    ("ja", Mention("fish"), "count 二", "二匹"),
    ("ja", Mention("house"), "count 一", "一軒"),
    # Chinese: measure words, 的
    ("zh", HOUSE, "one", "一座红色的小房子"),
    ("zh", TREE, "one", "一棵带条纹的绿色大树"),
    ("zh", Mention("fish", "blue"), "one", "一条蓝色的鱼"),
    ("zh", Mention("car", "white"), "this", "这辆白色的汽车"),
    ("zh", Mention("book", "black"), "count 两", "两本"),
    ("zh", Mention("umbrella", "red"), "tight", "红色雨伞"),
    # Czech: four cases, animate masculine, the plural
    ("cs", HOUSE, "nom", "malý červený dům"),
    ("cs", HOUSE, "gen", "malého červeného domu"),
    ("cs", HOUSE, "acc", "malý červený dům"),
    ("cs", HOUSE, "ins", "malým červeným domem"),
    ("cs", HOUSE, "nom plural", "malé červené domy"),
    ("cs", KITE, "acc", "velkého modrého draka"),
    ("cs", KITE, "nom plural", "velcí modří draci"),
    ("cs", KITE, "acc plural", "velké modré draky"),
    ("cs", FLOWER, "acc", "velkou bílou puntíkatou květinu"),
    ("cs", FLOWER, "gen", "velké bílé puntíkaté květiny"),
    ("cs", Mention("boat", "green"), "ins", "zelenou lodí"),
    ("cs", Mention("car", "black"), "nom plural", "černá auta"),
    ("cs", Mention("car", "black"), "gen plural", "černých aut"),
    ("cs", Mention("car", "black"), "colour", "černé"),
]


@pytest.mark.parametrize(("lang", "mention", "form", "expected"), PHRASES)
def test_noun_phrases_agree(lang, mention, form, expected):
    assert GRAMMARS[lang].phrase(mention, form) == expected


RELATIONS = [
    ("en", "to the left of a small red house"),
    ("de", "links neben einem kleinen roten Haus"),
    ("fr", "à gauche d'une petite maison rouge"),
    ("pt", "à esquerda de uma pequena casa vermelha"),
    ("es", "a la izquierda de una pequeña casa roja"),
    ("it", "a sinistra di una piccola casa rossa"),
    ("ja", "小さな赤い家の左側"),
    ("zh", "一座红色的小房子的左边"),
    ("cs", "vlevo od malého červeného domu"),
]


@pytest.mark.parametrize(("lang", "expected"), RELATIONS)
def test_relations_govern_their_case(lang, expected):
    message = Message("relation", (TREE, HOUSE), "left_of")
    assert expected in {GRAMMARS[lang].fill("{rel}", message, Random(seed)) for seed in range(20)}


DEFINITE_RELATIONS = [
    ("de", "{rel:der}", "links vom grünen Baum"),
    ("fr", "{rel:le}", "à gauche de l'arbre vert"),
    ("pt", "{rel:o}", "à esquerda da árvore verde"),
    ("es", "{rel:el}", "a la izquierda del árbol verde"),
    ("it", "{rel:il}", "a sinistra dell'albero verde"),
]


@pytest.mark.parametrize(("lang", "template", "expected"), DEFINITE_RELATIONS)
def test_prepositions_melt_with_articles(lang, template, expected):
    message = Message("relation", (HOUSE, Mention("tree", "green")), "left_of")
    assert expected in {GRAMMARS[lang].fill(template, message, Random(seed)) for seed in range(20)}


SENTENCES = [
    ("en", "relation", "A small red house stands left of a big green striped tree."),
    ("en", "pair", "There is a small red house and a big green striped tree on the grass."),
    ("de", "relation", "Ein kleines rotes Haus steht links neben einem großen gestreiften grünen Baum."),
    ("de", "relation", "Links von einem großen gestreiften grünen Baum sieht man ein kleines rotes Haus."),
    ("de", "pair", "Im Gras sieht man ein kleines rotes Haus und einen großen gestreiften grünen Baum."),
    (
        "de",
        "relation_place",
        "Im Gras sieht man einen großen gestreiften grünen Baum und links davon ein kleines rotes Haus.",
    ),
    ("de", "none", "Auf dem Bild gibt es kein kleines rotes Haus."),
    ("fr", "relation", "À gauche d'un grand arbre vert à rayures se trouve une petite maison rouge."),
    ("fr", "pair", "Dans l'herbe, on voit une petite maison rouge et un grand arbre vert à rayures."),
    ("fr", "none", "Il n'y a pas de petite maison rouge sur l'image."),
    ("pt", "relation", "Uma pequena casa vermelha está à esquerda de uma grande árvore verde listrada."),
    ("pt", "pair", "Na grama há uma pequena casa vermelha e uma grande árvore verde listrada."),
    ("es", "relation", "Una pequeña casa roja está a la izquierda de un gran árbol verde a rayas."),
    ("es", "pair", "En la hierba se ven una pequeña casa roja y un gran árbol verde a rayas."),
    ("it", "relation", "A sinistra di un grande albero verde a righe c'è una piccola casa rossa."),
    ("it", "pair", "Sull'erba ci sono una piccola casa rossa e un grande albero verde a righe."),
    ("ja", "relation", "縞模様の大きな緑色の木の左に小さな赤い家があります。"),
    ("ja", "pair", "草の上に小さな赤い家があり、縞模様の大きな緑色の木もあります。"),
    ("zh", "relation", "一棵带条纹的绿色大树的左边有一座红色的小房子。"),
    ("zh", "pair", "草地上有一座红色的小房子和一棵带条纹的绿色大树。"),
    ("cs", "relation", "Vlevo od velkého zeleného pruhovaného stromu stojí malý červený dům."),
    ("cs", "pair", "V trávě vidíme malý červený dům a velký zelený pruhovaný strom."),
    ("cs", "none", "Na obrázku není žádný malý červený dům."),
]


@pytest.mark.parametrize(("lang", "kind", "expected"), SENTENCES)
def test_sentences_as_a_native_would_write_them(lang, kind, expected):
    message = Message(kind, (HOUSE, TREE), "left_of", "grass")
    assert expected in {worded(GRAMMARS[lang], message, Random(seed)) for seed in range(400)}


def test_japanese_says_that_fish_live():
    message = Message("single", (Mention("fish", "red"),), background="water")
    said = {worded(GRAMMARS["ja"], message, Random(seed)) for seed in range(100)}
    assert "水の上に赤い魚がいます。" in said
    assert not any("魚がある" in sentence or "魚があります" in sentence for sentence in said)


def test_czech_prepositions_take_a_vowel_before_sibilants():
    message = Message("pair", (Mention("tree"), Mention("car", "yellow")))
    assert GRAMMARS["cs"].fill("s {a:ins} a s {b:ins}", message, Random(1)) == "se stromem a se žlutým autem"
