"""Step 4: how the detector's classes are called in each language, and which of them a query names."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from contract.dataset import Dataset
from contract.errors import InputError
from contract.text import WORD_CHARACTERS, without_spaces
from pipelines.triples.text import folded
from pipelines.triples.words import words_by_script

_TOKEN = re.compile(rf"[{WORD_CHARACTERS}]+")
_OF_CHARACTERS = frozenset({"ja", "wuu", "yue", "zh"})  # a name may begin and end at any character
_LONGEST, _MOST_CHARACTERS = 5, 15  # words of a name; characters of one in such a language


class ClassNames:
    """Names of classes by language.

    Args:
        names: language → name's key → number of the class. A key is the name's folded words with single spaces, or
            without them where the language has none.
    """

    def __init__(self, names: Mapping[str, Mapping[str, int]]) -> None:
        self.names = {lang: dict(of_lang) for lang, of_lang in names.items()}
        self._first = {lang: {_start(name, lang) for name in of_lang} for lang, of_lang in names.items()}

    def named(self, text: str, lang: str) -> tuple[int, ...]:
        """The classes that a normalised query names, ascending; the longest name wins where several begin."""
        names, first = self.names.get(lang, {}), self._first.get(lang, set())
        units, longest, space = _units(folded(text), lang), _longest(lang), "" if without_spaces(lang) else " "
        starts = units if space else [unit[0] for unit in units]
        found, start = set(), 0
        while start < len(units):
            ends = range(start + longest, start, -1) if starts[start] in first else ()
            end = next((end for end in ends if space.join(units[start:end]) in names), None)
            if end is not None:
                found.add(names[space.join(units[start:end])])
            start = end or start + 1
        return tuple(sorted(found))


def _units(text: str, lang: str) -> Sequence[str]:
    """Between what a name may begin and end."""
    if lang in _OF_CHARACTERS:
        return text
    return words_by_script(text) if without_spaces(lang) else _TOKEN.findall(text)


def _longest(lang: str) -> int:
    return _MOST_CHARACTERS if lang in _OF_CHARACTERS else _LONGEST


def _start(name: str, lang: str) -> str:
    """Its first word or, where no spaces end that, its first character."""
    return name[0] if without_spaces(lang) else name.split(" ")[0]


def name_key(name: str, lang: str) -> str:
    """The key under which a name is compared."""
    return folded(name).replace(" ", "") if without_spaces(lang) else " ".join(_TOKEN.findall(folded(name)))


def read_class_names(detector: Path) -> list[str]:
    """The names of the detector's classes, by number.

    Raises:
        InputError: where detector.json is missing or states none.
    """
    path = detector / "detector.json"
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))["class_names"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path} states no class_names ({type(error).__name__}: {error}).", "the JSON that stage detector wrote."
        ) from error
    if not isinstance(stated, list) or not all(isinstance(name, str) for name in stated):
        raise InputError(f"{path}: class_names is {str(stated)[:100]}.", "a list of names.")
    return stated


def translate_class_names(class_names: Sequence[str], lexicon: Dataset | None, languages: Sequence[str]) -> ClassNames:
    """Names in every wanted language: English ones and their inflected forms, and the lexicon's translations of these.

    Args:
        class_names: English, by number; synonyms of one class are separated by commas.
        lexicon: English to the other languages, with inflected forms as entries of their own; None for none.
        languages: those wanted.
    """
    numbers = {folded(name.strip()): index for index, names in enumerate(class_names) for name in names.split(",")}
    numbers.pop("", None)
    names: dict[str, dict[str, int]] = defaultdict(dict)
    for name, index in numbers.items():
        _add(names["en"], "en", [name], index)
    for row in lexicon.rows(["source", "lang", "targets"]) if lexicon else ():
        number = _class_of(row["source"], numbers)
        if number is not None:
            _add(names["en"], "en", [row["source"]], number)
            _add(names[row["lang"]], row["lang"], row["targets"], number)
    return ClassNames({lang: names[lang] for lang in languages if names[lang]})


def _add(names: dict[str, int], lang: str, words: Iterable[str], number: int) -> None:
    for word in words:
        if key := name_key(word, lang):
            names.setdefault(key, number)


def _class_of(source: str, numbers: Mapping[str, int]) -> int | None:
    """The class that an English word or phrase names, itself or by the lemma of its last word ("red kites")."""
    if source in numbers:
        return numbers[source]
    *before, last = source.split(" ")
    return numbers.get(" ".join([*before, _lemma(last)]))


@lru_cache(maxsize=1 << 16)
def _lemma(word: str) -> str:
    from simplemma import lemmatize

    return lemmatize(word, "en")
