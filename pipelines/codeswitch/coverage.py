"""How much of the captions the lexicon covers, language by language, by this run's look-up and by the published one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.codeswitching.forms import NOWHERE
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.pieces import pieces_of
from contract.codeswitching.ragged import ranges, slices_as_strings
from contract.codeswitching.settings import Settings
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
        # Of each form: tokens as they stand, tokens as they were looked up, and tokens alone between spaces.
        self._tokens, self._matched, self._alone = np.zeros((3, 0), np.int64)
        self._others: list[pa.StructArray] = []  # what else stands between spaces, in each batch: values and counts

    def add(self, switched: Switched) -> None:
        """Counts a batch of captions."""
        forms, form, matches = len(self._switcher.forms.names), switched.form_of_token, switched.matches
        pieces, others = pieces_of(switched.tokens), switched.tokens.utf8.data
        texts = slices_as_strings(others, pieces.starts, pieces.ends, np.arange(len(pieces.starts)))
        self._others.append(pc.value_counts(texts))
        self._tokens = _added(self._tokens, np.bincount(form, minlength=forms))
        self._alone = _added(self._alone, np.bincount(form[pieces.alone], minlength=forms))
        self._matched = _added(self._matched, np.bincount(matches.forms, matches.tokens, forms).astype(np.int64))

    def statistics(self) -> dict[str, Any]:
        """Counts by language, and lists of words with their counts, which are for ``summarise_coverage`` alone."""
        lexicon, forms = self._switcher.lexicon, self._switcher.forms
        table, names, keys = forms.table, forms.names, forms.keys
        weights = np.repeat(self._matched, np.diff(table.offsets[: len(self._matched) + 1]))
        entries, languages = table.entries[: len(weights)], table.languages[: len(weights)]
        targets = np.diff(lexicon.target_offsets)[entries]
        covered = np.bincount(languages, weights, len(lexicon.languages))
        translations = np.bincount(languages, weights * targets, len(lexicon.languages))
        seen, alone = np.flatnonzero(self._tokens), np.flatnonzero(self._alone)
        sources, lemmas = forms.sources()[:, seen].tolist()
        return {
            "tokens": int(self._tokens.sum()),
            "words": {
                "names": [keys[form] for form in seen.tolist()], "counts": self._tokens[seen].tolist(),
                "sources": sources, "lemmas": lemmas,
            },
            "between_spaces": {
                "names": [names[form] for form in alone.tolist()]
                + [name for counted in self._others for name in counted.field("values").to_pylist()],
                "counts": self._alone[alone].tolist()
                + [count for counted in self._others for count in counted.field("counts").to_pylist()],
            },
            "covered_tokens": dict(zip(lexicon.languages, map(int, covered), strict=True)),
            "translations": dict(zip(lexicon.languages, map(int, translations), strict=True)),
        }  # fmt: skip


def _added(total: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sum of two counts by form; forms are only ever added, so the second is at least as long."""
    return counts + np.pad(total, (0, len(counts) - len(total)))


def summarise_coverage(counts: dict[str, Any], lexicon: Lexicon, settings: Settings) -> dict[str, Any]:
    """Shares from the counts of all shards.

    Args:
        counts: the sum of ``CoverageCounter.statistics``.
        lexicon: the lexicon.
        settings: how the captions were switched.

    Returns:
        Tokens and types; by language the share of each that has a translation, the mean number of translations a
        covered token, the most frequent words without a translation, and the shares that the published look-up finds
        of whatever stands between spaces; the most frequent words that no language has.
    """
    words = _summed(counts["words"])  # by what they are looked up under, so that case does not count as another type
    sources, lemmas = words["sources_min"].to_numpy(), words["lemmas_min"].to_numpy()  # the same in all of a key's rows
    has = _held(sources, lexicon) | _held(lemmas, lexicon)

    def uncovered(covered: np.ndarray, most: int) -> dict[str, int]:
        """The most frequent of the words that are not covered, with their counts."""
        rows = words.take(np.flatnonzero(~covered)[:most])
        return dict(zip(rows["names"].to_pylist(), rows["counts_sum"].to_pylist(), strict=True))

    published = _published(counts["between_spaces"], lexicon, settings.never)
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


def _summed(words: dict[str, list[Any]]) -> pa.Table:
    """Each word once with the sum of its counts, the most frequent first, and the least of whatever else is told."""
    types = {"names": pa.string()}
    table = pa.table({name: pa.array(values, types.get(name, pa.int64())) for name, values in words.items()})
    others = [(name, "min") for name in words if name not in ("names", "counts")]
    summed = table.group_by("names").aggregate([("counts", "sum"), *others])
    return summed.sort_by([("counts_sum", "descending"), ("names", "ascending")]).combine_chunks()


def _held(sources: np.ndarray, lexicon: Lexicon) -> np.ndarray:
    """Whether each language has each of some sources, bool [sources, languages]; none has NOWHERE."""
    offsets = np.append(lexicon.entry_offsets, lexicon.entry_offsets[-1])
    rows = np.where(sources == NOWHERE, len(lexicon.positions), sources)  # a source without entries, after all others
    counts = np.diff(offsets)[rows]
    held = np.zeros((len(rows), len(lexicon.languages)), bool)
    held[np.repeat(np.arange(len(rows)), counts), lexicon.entry_language[ranges(offsets[rows], counts)]] = True
    return held


def _published(
    between_spaces: dict[str, list[Any]], lexicon: Lexicon, never: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Shares of tokens and of types that the published look-up finds of whatever stands between spaces, by language."""
    pieces = _summed(between_spaces)
    counts, known = pieces["counts_sum"].to_numpy(), lexicon.positions
    sources = [NOWHERE if piece in never else known.get(piece, NOWHERE) for piece in pieces["names"].to_pylist()]
    held = _held(np.array(sources, np.int64), lexicon)
    tokens = counts @ held
    return {
        lang: {
            "token_share": _share(int(tokens[number]), int(counts.sum())),
            "type_share": _share(int(held[:, number].sum()), len(pieces)),
        }
        for number, lang in enumerate(lexicon.languages)
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def poorly_covered(coverage: dict[str, Any]) -> Sequence[str]:
    """Languages whose dictionary hardly holds a word of the captions: perhaps its columns are swapped."""
    if not coverage["tokens"]:
        return []
    return [lang for lang, shares in coverage["languages"].items() if shares["token_share"] < _POORLY_COVERED]
