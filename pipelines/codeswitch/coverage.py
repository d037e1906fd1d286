"""How much of the captions the lexicon covers, language by language, by this run's look-up and by the published one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.codeswitching.forms import Forms
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.ragged import ranges
from contract.codeswitching.switcher import Switched, Switcher

MOST_FREQUENT, MOST_FREQUENT_OF_LANGUAGE = 50, 10
_POORLY_COVERED = 0.02  # share of running words under which a dictionary's columns may well be the wrong way round


class CoverageCounter:
    """Counts the tokens of one shard; what it counts adds up over shards.

    Args:
        switcher: whose matches are counted.
    """

    def __init__(self, switcher: Switcher) -> None:
        self._switcher = switcher
        self._tokens, self._matched = np.zeros((2, 0))  # tokens a form: as they stand, and as they were looked up
        self._between_spaces: list[pa.StructArray] = []  # of each batch: values and their counts

    def add(self, texts: pa.StringArray, switched: Switched) -> None:
        """Counts a batch of captions."""
        self._between_spaces.append(pc.value_counts(pc.split_pattern(texts, " ").flatten()))
        forms, matches = len(self._switcher.forms.names), switched.matches
        self._tokens = _added(self._tokens, np.bincount(switched.form_of_token, minlength=forms))
        self._matched = _added(self._matched, np.bincount(matches.forms, matches.tokens, forms))

    def statistics(self) -> dict[str, Any]:
        """Counts as nested mappings of numbers. Those of single words are for ``summarise_coverage`` alone."""
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
            "between_spaces": _summed(self._between_spaces),
            "covered_tokens": dict(zip(lexicon.languages, map(int, covered), strict=True)),
            "translations": dict(zip(lexicon.languages, map(int, translations), strict=True)),
        }


def _added(total: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sum of two counts by form; forms are only ever added, so the second is at least as long."""
    return counts + np.pad(total, (0, len(counts) - len(total)))


def _summed(counts: list[pa.StructArray]) -> dict[str, int]:
    """How often each string was counted in all batches; the empty one is none."""
    if not counts:
        return {}
    table = pa.concat_tables([pa.table({"value": one.field("values"), "count": one.field("counts")}) for one in counts])
    summed = table.group_by("value").aggregate([("count", "sum")])
    found = dict(zip(summed["value"].to_pylist(), summed["count_sum"].to_pylist(), strict=True))
    found.pop("", None)
    return found


def summarise_coverage(counts: dict[str, Any], lexicon: Lexicon, forms: Forms) -> dict[str, Any]:
    """Shares from the counts of all shards.

    Args:
        counts: the sum of ``CoverageCounter.statistics``.
        lexicon: the lexicon.
        forms: looks the captions' types up.

    Returns:
        Tokens and types; by language the share of each that has a translation, the mean number of translations a
        covered token, the most frequent words without a translation, and the shares that the published look-up finds
        of whatever stands between spaces; the most frequent words that no language has.
    """
    words = _types(counts["words"], forms)
    names, has = list(words), _held(list(words), lexicon, forms)
    order = sorted(range(len(names)), key=lambda place: (-words[names[place]], names[place]))

    def uncovered(covered: np.ndarray, most: int) -> dict[str, int]:
        """The most frequent of the words that are not covered, with their counts."""
        return {names[place]: words[names[place]] for place in [place for place in order if not covered[place]][:most]}

    published = _published(counts["between_spaces"], lexicon, frozenset(forms.settings.never))
    return {
        "tokens": counts["tokens"],
        "types": len(words),
        "languages": {
            lang: {
                "token_share": _share(counts["covered_tokens"][lang], counts["tokens"]),
                "type_share": _share(int(has[:, number].sum()), len(words)),
                "translations_a_token": _share(counts["translations"][lang], counts["covered_tokens"][lang]),
                "published": published[lang],
                "uncovered_words": uncovered(has[:, number], MOST_FREQUENT_OF_LANGUAGE),
            }
            for number, lang in enumerate(lexicon.languages)
        },
        "uncovered_words": uncovered(np.asarray(has.any(axis=1)), MOST_FREQUENT),
    }


def _held(words: list[str], lexicon: Lexicon, forms: Forms) -> np.ndarray:
    """Whether each language has each word, bool [words, languages]."""
    numbers, table = np.array([forms.number(word) for word in words], np.int64), forms.table
    return _rows_held(numbers, table.offsets, table.languages, len(lexicon.languages))


def _rows_held(rows: np.ndarray, offsets: np.ndarray, entry_languages: np.ndarray, languages: int) -> np.ndarray:
    """Whether some rows of a table of entries have one in each language, bool [rows, languages].

    Args:
        rows: which rows.
        offsets: [rows of the table + 1], where the entries of each begin.
        entry_languages: [entries], the language of each.
        languages: how many there are.
    """
    counts = np.diff(offsets)[rows]
    held = np.zeros((len(rows), languages), bool)
    held[np.repeat(np.arange(len(rows)), counts), entry_languages[ranges(offsets[rows], counts)]] = True
    return held


def _published(pieces: dict[str, int], lexicon: Lexicon, never: Container[str]) -> dict[str, dict[str, float]]:
    """Shares of tokens and of types that the published look-up finds of whatever stands between spaces, by language."""
    nowhere = len(lexicon.positions)  # a source without entries, after all others
    offsets = np.append(lexicon.entry_offsets, lexicon.entry_offsets[-1])
    sources = [nowhere if piece in never else lexicon.positions.get(piece, nowhere) for piece in pieces]
    held = _rows_held(np.array(sources, np.int64), offsets, lexicon.entry_language, len(lexicon.languages))
    tokens = np.array(list(pieces.values()), np.int64) @ held
    return {
        lang: {
            "token_share": _share(int(tokens[number]), sum(pieces.values())),
            "type_share": _share(int(held[:, number].sum()), len(pieces)),
        }
        for number, lang in enumerate(lexicon.languages)
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
