"""Step 3: sensitive intent, by word lists that match whole words and phrases, disguised or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from contract.errors import InputError
from contract.files import files_below
from contract.text import WORD_CHARACTERS, without_spaces
from pipelines.triples.text import folded
from pipelines.triples.words import Segmenter

OWN_LISTS = Path(__file__).parent / "word_lists"
_TOKEN = re.compile(rf"[{WORD_CHARACTERS}@$!*€]+(?:['’][{WORD_CHARACTERS}@$!*€]+)*")
_LEET = str.maketrans("013457@$!€", "oieastasie")
_LEET_L = str.maketrans("013457@$!€", "oleastasle")  # 1 and ! also stand for l
_CONFUSABLE = str.maketrans("асеорхуікмтвнѕјԁοαεινρτυχκ", "aceopxyikmtbhsjdoaeivptuxk")
_RUN = re.compile(r"(.)\1{2,}")
_LONGEST_PHRASE = 6  # words
_FEWEST_SPACED = 3  # letters that stand apart before they are read as one word


class SensitiveWords:
    """The words and phrases of one language.

    Args:
        terms: words and phrases, in any case.
        lang: their language.
        segmenter: splits text where a language has no spaces.
    """

    def __init__(self, terms: Sequence[str], lang: str, segmenter: Segmenter) -> None:
        self._lang, self._segmenter = lang, segmenter
        keys = {folded(term.strip()) for term in terms}
        self._unspaced = {key.replace(" ", "") for key in keys if key}
        self._phrases = {tuple(_TOKEN.findall(key)) for key in keys} - {()}
        self._first = {phrase[0] for phrase in self._phrases}
        self._starred: dict[int, list[str]] = {}
        for key in sorted(key for key in keys if key.isalpha() and len(key) > 2):
            self._starred.setdefault(len(key), []).append(key)

    def find(self, text: str) -> str | None:
        """The first sensitive word or phrase of a normalised query; None where there is none."""
        tokens = _TOKEN.findall(folded(text).replace("_", " "))
        if without_spaces(self._lang):
            words = [folded(word) for word in self._segmenter.words(text, self._lang)]
            found = next((joined for joined in _joined_runs(words) if joined in self._unspaced), None)
            if found:
                return found
        return next(filter(None, (self._phrase_in(reading) for reading in _readings(tokens))), None)

    def _phrase_in(self, tokens: Sequence[str]) -> str | None:
        options = [self._forms(token) for token in tokens]
        for start in range(len(tokens)):
            if self._first.isdisjoint(options[start]):
                continue
            for phrase in _phrases_from(options[start : start + _LONGEST_PHRASE]):
                if phrase in self._phrases:
                    return " ".join(phrase)
        return None

    def _forms(self, token: str) -> tuple[str, ...]:
        """What a token may stand for: itself, without stretched letters, with figures and stars read as letters."""
        forms = [token]
        if not token.isalpha() and any(character.isalpha() for character in token):
            forms += [token.translate(_LEET).strip("!"), token.translate(_LEET_L), token.strip("!*$€@")]
            forms += self._with_stars(token)
        elif not token.isascii():
            forms.append(token.translate(_CONFUSABLE))
        if _RUN.search(token):
            forms += [_RUN.sub(r"\1", form) for form in forms] + [_RUN.sub(r"\1\1", form) for form in forms]
        return tuple(dict.fromkeys(forms))

    def _with_stars(self, token: str) -> list[str]:
        if "*" not in token[1:-1]:
            return []
        pattern = re.compile("".join("." if character == "*" else re.escape(character) for character in token))
        return [term for term in self._starred.get(len(token), ()) if pattern.fullmatch(term)]


def _phrases_from(options: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Phrases that begin at the first token, short ones first; forms are mixed only where a token has several."""
    begun: list[tuple[str, ...]] = [()]
    for forms in options:
        begun = [(*phrase, form) for phrase in begun[:64] for form in forms]
        yield from begun


def _readings(tokens: list[str]) -> Iterator[list[str]]:
    """The tokens, and the tokens with letters that stand apart ("p o r n") joined into words."""
    yield tokens
    start = 0
    while start < len(tokens):
        end = start
        while end < len(tokens) and len(tokens[end]) == 1:
            end += 1
        if end - start >= _FEWEST_SPACED:
            yield ["".join(tokens[start:end])]
            yield ["".join(tokens[start + 1 : end])]  # "a", "y", "o" and the like before the word
        start = max(end, start + 1)


def _joined_runs(words: Sequence[str]) -> Iterator[str]:
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(words)) + 1):
            yield "".join(words[start:end])


def read_word_lists(folder: Path, languages: Sequence[str]) -> dict[str, list[str]]:
    """Word lists by language: files named ``de`` or ``de.txt``, a word or phrase a line.

    Raises:
        InputError: where the folder holds a list for none of the languages, or a file is not UTF-8.
    """
    lists: dict[str, list[str]] = {}
    for path in files_below(folder) if folder.is_dir() else ():
        if path.name.removesuffix(".txt") in languages:
            try:
                lines = path.read_text(encoding="utf-8-sig").splitlines()
            except UnicodeDecodeError as error:
                raise InputError(f"{path} is not UTF-8: {error.reason}.", "a word or phrase a line.") from error
            lists.setdefault(path.name.removesuffix(".txt"), []).extend(line for line in lines if line.strip())
    if not lists:
        raise InputError(
            f"{folder} has no word list for {', '.join(languages)}.",
            "files named as languages are, de or de.txt, with a word or phrase a line.",
        )
    return lists
