"""What holds for everything that is said, in every language, about any scene."""

import re
import unicodedata
from dataclasses import replace
from itertools import chain
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes_language_world import HOUSE_AND_TREE, random_scene

from pipelines.scenes.language.captions import caption
from pipelines.scenes.language.message import Mention, Message, message_of
from pipelines.scenes.language.queries import page_title, query
from pipelines.scenes.language.registry import GRAMMARS
from pipelines.scenes.language.text import sentences
from pipelines.scenes.scene import LANGUAGES

UNSPACED = ("ja", "zh")
SCRIPTS = {
    "ja": r"[\u3040-\u30ff\u4e00-\u9fff。、？：｜ー々]+",
    "zh": r"[\u4e00-\u9fff。，、：！？；｜]+",
}
LATIN = r"[A-Za-zÀ-žß0-9 .,:;!?¿¡'|–-]+"


def assert_clean(text: str, lang: str) -> None:
    assert text == text.strip() != ""
    assert unicodedata.is_normalized("NFC", text)
    assert "  " not in text
    assert not set("·~") & set(text)  # the marks between words
    assert not re.search(r"[{}]|None|\.\.", text)
    assert not re.search(r" [,.]", text)


def assert_sentence(text: str, lang: str) -> None:
    assert_clean(text, lang)
    assert re.fullmatch(SCRIPTS.get(lang, LATIN), text), text
    assert text[-1] in ("。？" if lang in UNSPACED else ".?"), text
    if lang not in UNSPACED:
        assert text.lstrip("¿¡")[0].isupper(), text


def test_every_language_of_the_world_has_its_grammar():
    assert tuple(GRAMMARS) == LANGUAGES


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(LANGUAGES))
def test_captions_are_sentences_in_their_script(seed, lang):
    assert_sentence(caption(random_scene(seed), lang, Random(seed)), lang)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(LANGUAGES))
def test_queries_and_titles_are_clean(seed, lang):
    for text in (
        query(random_scene(seed), lang, Random(seed)).text,
        page_title(random_scene(seed), lang, Random(seed)),
    ):
        assert_clean(text, lang)
        assert text[-1] not in ".。?"
    if lang in UNSPACED:
        assert " " not in query(random_scene(seed), lang, Random(seed)).text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_same_draw_says_the_same(lang):
    for say in (caption, query, page_title):
        first, second = (say(HOUSE_AND_TREE, lang, Random(3)) for _ in range(2))
        assert first == second
    assert sentences(lang, 50, 7) == sentences(lang, 50, 7)
    assert sentences(lang, 50, 7) != sentences(lang, 50, 8)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_scene_is_told_in_many_ways(lang):
    said = {caption(HOUSE_AND_TREE, lang, Random(seed)) for seed in range(300)}
    assert len(said) >= 80


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_is_distinct_sentences(lang):
    text = sentences(lang, 600, 7)
    assert len(set(text)) == len(text) == 600
    for sentence in text:
        assert_sentence(sentence, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_template_can_be_filled(lang):
    language = GRAMMARS[lang]
    mentions = tuple(Mention(noun, "orange", "small", "dotted") for noun in ("tree", "fish", "kite"))
    message = Message("any", mentions, "above", "wall")
    groups = [*language.captions.values(), *language.hypotheses.values(), *language.queries.values()]
    for template in chain(*groups, language.titles, language.text):
        assert_clean(language.fill(template, message, Random(1)), lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_languages_can_say_the_same_kinds_of_things(lang):
    language, english = GRAMMARS[lang], GRAMMARS["en"]
    assert set(language.captions) == set(english.captions)
    assert set(language.hypotheses) == set(english.hypotheses)
    assert set(language.queries) == set(english.queries)
    assert len(language.text) >= 30
    assert len(language.stories) >= 4


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang not in UNSPACED])
def test_queries_are_about_six_words_long(lang):
    lengths = [len(query(random_scene(seed), lang, Random(seed)).text.split()) for seed in range(400)]
    assert 5 <= sum(lengths) / len(lengths) <= 8
    assert 0.05 < sum(length < 5 for length in lengths) / len(lengths) < 0.4


RED_HOUSE, BIG_STAR = Mention("house", "red"), Mention("star", "orange", "big", "striped")
COUNTED = [
    ("en", "{a:a} and {b:a}", "a red house and a big orange striped star", (9, 9)),
    ("fr", "l'image de {a:le}", "l'image de la maison rouge", (5, 5)),
    ("zh", "{a:one}", "一座红色的房子", (4, 5)),
    ("zh", "{a:tight}·和·{b:tight}", "红色房子和带条纹的橙色大星星", (8, 9)),
    ("ja", "{a}", "赤い家", (2, 2)),
    ("ja", "{a}·と·{b}", "赤い家と縞模様の大きなオレンジ色の星", (9, 11)),
]


@pytest.mark.parametrize(("lang", "template", "text", "words"), COUNTED)
def test_a_query_knows_of_how_many_words_it_was_made(lang, template, text, words):
    language, message = GRAMMARS[lang], Message("pair", (RED_HOUSE, BIG_STAR))
    composed = language.compose(template, message, Random(1))
    assert language.contract(composed) == text
    assert language.count_words(composed) == words


@pytest.mark.parametrize(("lang", "longest"), [("zh", 2), ("ja", 4)])
def test_every_word_of_a_query_without_spaces_is_told_from_the_next(lang, longest):
    language = GRAMMARS[lang]
    for seed in range(300):
        draw, scene = Random(seed), random_scene(seed)
        for kind in language.queries:
            message = replace(message_of(scene, draw, ("pair",)), kind=kind, predicate="above")
            composed = language.compose(draw.choice(language.queries[kind]), message, draw)
            assert max(map(len, re.split("[·~]", composed))) <= longest, composed
