"""The project's own dictionaries: they cover the captions' words and hold nothing but words."""

import re
import unicodedata
from itertools import product
from pathlib import Path
from random import Random

import pytest
from scenes_language_world import random_scene

from pipelines.scenes.language.captions import caption
from pipelines.scenes.language.message import Mention
from pipelines.scenes.language.registry import GRAMMARS
from pipelines.scenes.scene import BACKGROUNDS, COLOURS, LANGUAGES, NOUNS, SIZES, TEXTURES

FOLDER = Path(__file__).parents[2] / "dictionaries"
TARGETS = [lang for lang in LANGUAGES if lang != "en"]
UNSPACED = ("ja", "zh")
# What the captions of a language mark by particles and measure words, which no English word stands for.
PARTICLES = {
    "ja": "が は も を その では 方 のは いて あり 写っていて 見え すぐ 本 台 軒 隻 個 匹 輪 枚 冊",
    "zh": "座 棵 辆 艘 颗 个 条 朵 只 本 把 带 样 的 还 里",
}
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*['’]?")


def pairs_of(lang: str) -> list[tuple[str, str]]:
    lines = (FOLDER / f"en-{lang}.txt").read_text(encoding="utf-8").splitlines()
    return [(source, target) for source, target in (line.split(" ") for line in lines)]


def targets_of(lang: str, *sources: str) -> set[str]:
    return {target.lower() for source, target in pairs_of(lang) if not sources or source in sources}


def captions_of(lang: str, count: int = 2500) -> list[str]:
    return [caption(random_scene(seed), lang, Random(seed)) for seed in range(count)]


@pytest.mark.parametrize("lang", TARGETS)
def test_files_are_muse_text_of_single_words(lang):
    pairs = pairs_of(lang)
    assert len(set(pairs)) == len(pairs)
    assert pairs == sorted(pairs, key=lambda pair: pair[0])
    for source, target in pairs:
        assert re.fullmatch(r"[a-z]+", source)
        assert target
        assert not re.search(r"\s", target)
        assert unicodedata.is_normalized("NFC", target)


@pytest.mark.parametrize("lang", TARGETS)
def test_every_english_content_word_has_a_translation(lang):
    content = {*NOUNS, *COLOURS, *SIZES, *TEXTURES[1:], *BACKGROUNDS}
    content |= {GRAMMARS["en"].phrase(Mention(noun), "plural") for noun in NOUNS}
    assert content <= {source for source, _ in pairs_of(lang)}


def test_most_english_caption_words_have_a_translation_in_every_language():
    words = {word.lower() for text in captions_of("en") for word in WORD.findall(text)}
    for lang in TARGETS:
        missing = words - {source for source, _ in pairs_of(lang)}
        assert missing <= {"a", "an", "the"}, lang  # Czech, Japanese and Chinese have no articles


@pytest.mark.parametrize("lang", [lang for lang in TARGETS if lang not in UNSPACED])
def test_every_word_of_a_caption_is_a_target(lang):
    known = targets_of(lang)
    words = {word.lower() for text in captions_of(lang) for word in WORD.findall(text)}
    assert words - known == set()


@pytest.mark.parametrize("lang", UNSPACED)
def test_captions_without_spaces_are_made_of_targets_and_particles(lang):
    known = sorted(targets_of(lang) | set(PARTICLES[lang].split()) | set("。，、："), key=len, reverse=True)
    made = re.compile("(?:" + "|".join(map(re.escape, known)) + ")+")
    for text in captions_of(lang):
        assert made.fullmatch(text), text


@pytest.mark.parametrize("lang", TARGETS)
def test_a_content_word_is_translated_by_its_own_source(lang):
    for noun, colour in product(NOUNS, COLOURS):
        phrase = GRAMMARS[lang].phrase(Mention(noun, colour), "ein nom" if lang == "de" else _plain(lang)).lower()
        for source in (noun, colour):
            assert any(target in phrase for target in targets_of(lang, source)), (source, phrase)


@pytest.mark.parametrize("lang", TARGETS)
def test_no_entry_holds_two_content_words(lang):
    content = [targets_of(lang, *words) for words in (NOUNS, COLOURS, SIZES, TEXTURES[1:], BACKGROUNDS)]
    for first, second in product(range(len(content)), repeat=2):
        joined = {a + b for a, b in product(content[first], content[second]) if first != second}
        assert not joined & targets_of(lang)


@pytest.mark.parametrize("lang", TARGETS)
def test_no_entry_holds_a_caption(lang):
    entries = targets_of(lang)
    assert not entries & {text.lower() for text in captions_of(lang, 500)}
    assert max(len(entry) for entry in entries) < 20


def _plain(lang: str) -> str:
    return "nom" if lang == "cs" else "bare"
