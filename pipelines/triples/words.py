"""Step 3: words, by spaces where a language writes them and by a segmenter where it does not."""

from __future__ import annotations

import logging
import re
import tempfile
from typing import Any

from contract.text import WORD_CHARACTERS, without_spaces

_WORD = re.compile(rf"[{WORD_CHARACTERS}]+(?:['’.-][{WORD_CHARACTERS}]+)*")
_UNSPACED_SCRIPT = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


class Segmenter:
    """Splits text into words; loads a language's segmenter when it is first needed."""

    def __init__(self) -> None:
        self._jieba: Any = None
        self._sudachi: Any = None

    def words(self, text: str, lang: str) -> list[str]:
        """The words of a normalised text, without punctuation.

        Args:
            text: the text.
            lang: its language; empty where that is not known, and the letters say whether there are spaces.
        """
        if lang == "zh":
            pieces = self._chinese().lcut(text)
        elif lang == "ja":
            pieces = [morpheme.surface() for morpheme in self._japanese().tokenize(text)]
        elif without_spaces(lang) or (not lang and _UNSPACED_SCRIPT.search(text)):
            return words_by_script(text)
        else:
            return _WORD.findall(text)
        return _without_punctuation(pieces)

    def _chinese(self) -> Any:
        if self._jieba is None:
            import jieba

            jieba.setLogLevel(logging.ERROR)
            self._jieba = jieba.Tokenizer()
            # It would otherwise unmarshal a cache that anybody may have put into the shared temporary folder.
            with tempfile.TemporaryDirectory() as folder:
                self._jieba.tmp_dir = folder
                self._jieba.initialize()
        return self._jieba

    def _japanese(self) -> Any:
        if self._sudachi is None:
            from sudachipy import Dictionary

            self._sudachi = Dictionary(dict="core").tokenizer()  # mode C: the longest units, nearest to words
        return self._sudachi


def words_by_script(text: str) -> list[str]:
    """Words by ICU's dictionaries of Thai, Lao, Burmese, Khmer and Han characters, whatever the language."""
    from icu4py.breakers import WordBreaker

    return _without_punctuation(list(WordBreaker(text, "und")))


def _without_punctuation(pieces: list[str]) -> list[str]:
    return [piece for piece in pieces if any(character.isalnum() for character in piece)]
