"""Steps 1 and 3 for one query: normal form, language, words, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from contract.hashing import stable_hash
from pipelines.triples.class_names import ClassNames
from pipelines.triples.languages import LanguageIdentifier, primary_language
from pipelines.triples.noise import noise_rule
from pipelines.triples.sensitive_words import SensitiveWords
from pipelines.triples.text import normalise
from pipelines.triples.words import Segmenter

STEP_1 = ("query_empty", "language_unknown")


class Query(NamedTuple):
    """What is known of a query.

    Attributes:
        text: its normal form.
        lang: its language; empty where it is none of those wanted.
        query_id: stable hash of both.
        words: number of words; 0 where an earlier reason made counting needless.
        named: classes of the detector that it names.
        reason: a reject's reason of step 1 or 3; empty where it passes.
        message: that reason in words.
    """

    text: str
    lang: str
    query_id: str
    words: int = 0
    named: tuple[int, ...] = ()
    reason: str = ""
    message: str = ""


class QueryReader:
    """Reads queries one by one; heavy parts are loaded when first needed.

    Args:
        languages: those wanted.
        confidence: see ``LanguageIdentifier``.
        fewest_words: fewer words are too few.
        word_lists: sensitive words and phrases by language.
        class_names: how classes of the detector are called in each language.
    """

    def __init__(
        self,
        languages: Sequence[str],
        confidence: float,
        fewest_words: int,
        word_lists: Mapping[str, Sequence[str]],
        class_names: ClassNames,
    ) -> None:
        self._languages, self._confidence, self._fewest_words = tuple(languages), confidence, fewest_words
        self._segmenter, self._names = Segmenter(), class_names
        self._sensitive = {lang: SensitiveWords(terms, lang, self._segmenter) for lang, terms in word_lists.items()}
        self._identifier: LanguageIdentifier | None = None

    def read(self, raw: str, stated: str | None) -> Query:
        """A query as the log has it, with the language that the log states, through steps 1 and 3."""
        text = normalise(raw)
        lang = self._language(text, stated) if text else ""
        query_id = f"{stable_hash(lang, text):016x}"
        if not text:
            return Query(text, lang, query_id, reason="query_empty", message="nothing is left after normalisation")
        if not lang:
            return Query(text, lang, query_id, 0, (), *self._why_no_language(text, stated))
        words = self._segmenter.words(text, lang)
        reason, message = self._fault(text, lang, words)
        named = () if reason else self._names.named(text, lang)
        return Query(text, lang, query_id, len(words), named, reason, message)

    def _why_no_language(self, text: str, stated: str | None) -> tuple[str, str]:
        """Noise and a word or two are no language's; where a query is one of these, that is the reason."""
        if primary_language(stated):
            return "language_unknown", f"stated as {stated!r}"
        reason, message = self._fault(text, "", self._segmenter.words(text, ""))
        return (reason, message) if reason else ("language_unknown", "none of those wanted, or unclear")

    def _language(self, text: str, stated: str | None) -> str:
        if tag := primary_language(stated):
            return tag if tag in self._languages else ""
        if self._identifier is None:
            self._identifier = LanguageIdentifier(self._languages, self._confidence)
        return self._identifier.identify(text) or ""

    def _fault(self, text: str, lang: str, words: Sequence[str]) -> tuple[str, str]:
        if lang in self._sensitive and (term := self._sensitive[lang].find(text)):
            return "query_sensitive", f"{text[:100]!r} holds {term!r}"
        if rule := noise_rule(text, words):
            return "query_noisy", f"{rule}: {text[:100]!r}"
        if len(words) < self._fewest_words:
            return "query_short", f"{len(words)} words, expected {self._fewest_words}: {text[:100]!r}"
        return "", ""
