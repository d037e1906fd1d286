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
        self._tokens, self._matched = np.zeros((2, 0))  # tokens a form: as they stand, and as they were looked up

    def add(self, switched: Switched) -> None:
        """Counts a batch of captions."""
        forms, matches = len(self._switcher.forms.names), switched.matches
        self._tokens = _added(self._tokens, np.bincount(switched.form_of_token, minlength=forms))
        self._matched = _added(self._matched, np.bincount(matches.forms, matches.tokens, forms))

    def statistics(self) -> dict[str, Any]:
        """Counts as nested mappings of numbers. ``words`` is for ``summarise_coverage`` and not for the manifest."""
        lexicon, table, names = self._switcher.lexicon, self._switcher.forms.table, self._switcher.forms.names
        weights = np.repeat(self._matched, np.diff(table.offsets[: len(self._matched) + 1]))
        entries, languages = table.entries[: len(weights)], table.languages[: len(weights)]
        targets = np.diff(lexicon.target_offsets)[entries]
        covered = np.bincount(languages, weights, len(lexicon.languages))
        translations = np.bincount(languages, weights * targets, len(lexicon.languages))
        seen = np.flatnonzero(self._tokens).tolist()
        return {
            "tokens": int(self._tokens.sum()),
            "words": {names[form]: int(self._tokens[form]) for form in seen},
            "covered_tokens": dict(zip(lexicon.languages, map(int, covered), strict=True)),
            "translations": dict(zip(lexicon.languages, map(int, translations), strict=True)),
        }


def _added(total: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sum of two counts by form; forms are only ever added, so the second is at least as long."""
    return counts + np.pad(total, (0, len(counts) - len(total)))


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
    table = forms.table
    held = np.diff(table.offsets)[numbers]
    languages = table.languages[ranges(table.offsets[numbers], held)]
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
