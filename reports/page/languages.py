"""What there is in each language: the lexicon's coverage of the captions, and plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reports.page.sources import Nothing, Sources, dig, language_order


@dataclass(frozen=True)
class Coverage:
    """How much of the English captions the lexicon covers.

    Attributes:
        tokens: running words of the captions; None where code-switching has not run.
        types: different words of them.
        languages: by language: entries, translations an entry, share of tokens and of types with a
            translation, and what exact look-up between spaces finds of them.
        uncovered: the most frequent words without any translation, with their counts.
    """

    tokens: Any
    types: Any
    languages: dict[str, dict[str, Any]]
    uncovered: list[tuple[str, Any]]


def coverage(sources: Sources, uncovered: int = 20) -> Coverage | Nothing:
    """Puts together what the stages lexicon and codeswitch counted."""
    lexicon, codeswitch = sources.dataset("lexicon"), sources.dataset("codeswitch")
    if lexicon is None and codeswitch is None:
        return Nothing("There is no lexicon: the stages lexicon and codeswitch have not run.")
    entries = dig(lexicon.manifest.statistics, "languages") if lexicon else None
    covered = dig(codeswitch.manifest.statistics, "coverage") if codeswitch else None
    languages = language_order({*(entries or {}), *(dig(covered, "languages") or {})})
    if not languages:
        return Nothing("The lexicon is empty, or its stage counted no languages.")
    rows = {lang: (dig(entries, lang) or {}) | (dig(covered, "languages", lang) or {}) for lang in languages}
    words = dig(covered, "uncovered_words") or {}
    return Coverage(dig(covered, "tokens"), dig(covered, "types"), rows, list(words.items())[:uncovered])


@dataclass(frozen=True)
class Corpus:
    """Plain text by language: sentences, characters, sentences that were available, probability of being drawn."""

    languages: dict[str, dict[str, Any]]
    sentences: int


def corpus(sources: Sources) -> Corpus | Nothing:
    """What the stage corpus counted."""
    dataset = sources.dataset("corpus")
    if dataset is None:
        return Nothing("There is no dataset corpus: the stage corpus has not run.")
    languages = dig(dataset.manifest.statistics, "languages") or {}
    if not languages:
        return Nothing("The corpus is empty: no plain text was given, and pre-training went without it.")
    return Corpus({lang: languages[lang] for lang in language_order(set(languages))}, len(dataset))
