"""How much of the captions the lexicon covers, language by language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from contract.codeswitching import Lexicon, Switched, Switcher
from contract.codeswitching.forms import Forms
from contract.codeswitching.ragged import ranges

MOST_FREQUENT = 50
_POORLY_COVERED = 0.02  # share of running words under which a dictionary's columns may well be the wrong way round


class CoverageCounter:
    """Counts the tokens of one shard; what it counts adds up over shards.

    Args:
        switcher: whose matches are counted.
    """

    def __init__(self, switcher: Switcher) -> None:
        self._switcher = switcher
        number = len(switcher.lexicon.languages)
        self._covered, self._translations = np.zeros(number, np.int64), np.zeros(number, np.int64)
        self._tokens_of_form = np.zeros(0, np.int64)

    def add(self, switched: Switched) -> None:
        """Counts a batch of captions."""
        lexicon, forms, matches = self._switcher.lexicon, self._switcher.forms, switched.matches
        counts = np.bincount(switched.form_of_token, minlength=len(forms.names))
        counts[: len(self._tokens_of_form)] += self._tokens_of_form
        self._tokens_of_form = counts
        offsets = forms.offsets
        entries_a_match = np.diff(offsets)[matches.forms]
        entries = forms.entries[ranges(offsets[matches.forms], entries_a_match)]
        languages, number = lexicon.entry_language[entries], len(lexicon.languages)
        targets = lexicon.target_offsets[entries + 1] - lexicon.target_offsets[entries]
        tokens = np.repeat(matches.tokens, entries_a_match)
        self._covered += np.bincount(languages, tokens, number).astype(np.int64)
        self._translations += np.bincount(languages, tokens * targets, number).astype(np.int64)

    def statistics(self) -> dict[str, Any]:
        """Counts as nested mappings of numbers. ``words`` is for ``summarise`` and stays out of the manifest."""
        names, languages = self._switcher.forms.names, self._switcher.lexicon.languages
        (seen,) = np.nonzero(self._tokens_of_form)
        return {
            "tokens": int(self._tokens_of_form.sum()),
            "words": {names[form]: int(self._tokens_of_form[form]) for form in seen.tolist()},
            "covered_tokens": dict(zip(languages, self._covered.tolist(), strict=True)),
            "translations": dict(zip(languages, self._translations.tolist(), strict=True)),
        }


def summarise_coverage(counts: dict[str, Any], lexicon: Lexicon, forms: Forms) -> dict[str, Any]:
    """Shares from the counts of all shards.

    Args:
        counts: the sum of ``CoverageCounter.statistics``.
        lexicon: the lexicon.
        forms: looks the captions' types up.

    Returns:
        Tokens and types; by language the share of each that has a translation and the mean number of translations a
        covered token; the most frequent words without any translation.
    """
    words = _types(counts["words"], forms)
    numbers = forms.numbers(words)
    offsets = forms.offsets
    held = np.diff(offsets)[numbers]
    languages = lexicon.entry_language[forms.entries[ranges(offsets[numbers], held)]]
    types = np.bincount(languages, minlength=len(lexicon.languages)).tolist()
    uncovered = Counter({word: words[word] for word, count in zip(words, held.tolist(), strict=True) if not count})
    return {
        "tokens": counts["tokens"],
        "types": len(words),
        "languages": {
            lang: {
                "token_share": _share(counts["covered_tokens"][lang], counts["tokens"]),
                "type_share": _share(covered_types, len(words)),
                "translations_a_token": _share(counts["translations"][lang], counts["covered_tokens"][lang]),
            }
            for lang, covered_types in zip(lexicon.languages, types, strict=True)
        },
        "uncovered_words": dict(sorted(uncovered.items(), key=lambda item: (-item[1], item[0]))[:MOST_FREQUENT]),
    }


def _types(words: dict[str, int], forms: Forms) -> Counter[str]:
    """Words by what they are looked up under, so that case does not count as another type."""
    types: Counter[str] = Counter()
    for word, count in words.items():
        types[forms.key(word)] += count
    return types


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def poorly_covered(coverage: dict[str, Any]) -> Sequence[str]:
    """Languages whose dictionary hardly holds a word of the captions: perhaps its columns are swapped."""
    if not coverage["tokens"]:
        return []
    return [lang for lang, shares in coverage["languages"].items() if shares["token_share"] < _POORLY_COVERED]
