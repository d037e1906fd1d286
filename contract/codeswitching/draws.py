"""The draws: which matches give way, in which language, to which translation.

Each number that is drawn is a hash of what it is drawn for: (seed, caption id, variant), the place in the caption and
the purpose. So a caption's variants do not change when captions or variants are added, removed or reordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contract.codeswitching.forms import Forms
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.matches import Matches
from contract.codeswitching.ragged import Ints, offsets_of, ranges
from contract.codeswitching.settings import ONE, SCORE, WORD, Settings
from contract.hashing import stable_hash, stable_hashes

_PLACE = np.uint64(0x9E3779B97F4A7C15)  # SplitMix64's increment: odd, so that no two places fall together
# One odd number a purpose, so that the draws of one place are independent of each other.
_SENTENCE, _SENTENCE_LANGUAGE, _ONE_WORD, _SWITCH, _LANGUAGE, _TARGET = (
    np.uint64(stable_hash("draw", purpose) | 1) for purpose in range(6)
)


@dataclass(frozen=True)
class Choices:
    """What gives way, row after row and from left to right in each; a row is one variant of one caption.

    Attributes:
        rows: [choices], caption × variants + place of the variant.
        matches: [choices], which match gives way.
        entries: [choices], the lexicon's entry, which also tells the language.
        targets: [choices], the lexicon's target.
    """

    rows: Ints
    matches: Ints
    entries: Ints
    targets: Ints


class Draws:
    """The draws for one batch of captions.

    Args:
        lexicon: the lexicon.
        settings: probabilities, weights and modes.
        forms: the forms that ``matches`` numbers.
        matches: of the batch.
        places: [matches], each one's first character in its own caption.
    """

    def __init__(self, lexicon: Lexicon, settings: Settings, forms: Forms, matches: Matches, places: Ints) -> None:
        self._lexicon, self._settings, self._matches = lexicon, settings, matches
        self._places = places.astype(np.uint64) * _PLACE
        self._table = forms.table
        self._weights = forms.weights
        self._alike = len(np.unique(self._weights)) < 2

    def choose(self, caption_ids: Sequence[str], variants: Sequence[int], seed: int) -> Choices:
        """Draws every variant of every caption.

        Args:
            caption_ids: [captions].
            variants: numbers of the variants to draw.
            seed: the job's seed.
        """
        states = _states(caption_ids, variants, seed)
        rows, matches = self._candidates(states, len(variants))
        if self._settings.language_draw == WORD:
            rows, matches = self._keep(rows, matches, states)
            position = self._entry_a_word(rows, matches, states)
        else:
            language = self._sentence_languages(states, len(caption_ids))
            _, held = self._entry_in(language[rows], matches)
            rows, matches = self._keep(rows[held], matches[held], states)
            position, _ = self._entry_in(language[rows], matches)
        entries = self._table.entries[position]
        return Choices(rows, matches, entries, self._targets(entries, rows, matches, states))

    def _candidates(self, states: np.ndarray, variants: int) -> tuple[Ints, Ints]:
        """All (row, match) pairs of the rows that are switched at all, row after row."""
        counts = np.bincount(self._matches.captions, minlength=len(states) // variants)
        switched = np.flatnonzero(_uniform(states, _SENTENCE) < self._settings.sentence_share)
        caption = switched // variants
        return np.repeat(switched, counts[caption]), ranges(offsets_of(counts)[caption], counts[caption])

    def _keep(self, rows: Ints, matches: Ints, states: np.ndarray) -> tuple[Ints, Ints]:
        """The (row, match) pairs that the word draw keeps: each with its probability, or one a row."""
        if self._settings.words == ONE:
            starts = np.flatnonzero(np.diff(rows, prepend=-1))
            counts = np.diff(starts, append=len(rows))
            kept = starts + (_uniform(states[rows[starts]], _ONE_WORD) * counts).astype(np.int64)
        else:
            kept = np.flatnonzero(self._draw(rows, matches, states, _SWITCH) < self._settings.word_probability)
        return rows[kept], matches[kept]

    def _draw(self, rows: Ints, matches: Ints, states: np.ndarray, purpose: np.uint64) -> np.ndarray:
        return _uniform(states[rows] + self._places[matches], purpose)

    def _entry_a_word(self, rows: Ints, matches: Ints, states: np.ndarray) -> Ints:
        """Where in the forms' entries that of a language drawn for each word stands."""
        forms, offsets = self._matches.forms[matches], self._table.offsets
        first, last, drawn = offsets[forms], offsets[forms + 1], self._draw(rows, matches, states, _LANGUAGE)
        return _one_of(first, last, drawn) if self._alike else _weighted(self._table.sums, first, last, drawn)

    def _sentence_languages(self, states: np.ndarray, captions: int) -> Ints:
        """One language a row, among those that have a word of its caption; -1 where there is none."""
        forms = self._matches.forms
        counts = np.diff(self._table.offsets)[forms]
        languages = self._table.languages[ranges(self._table.offsets[forms], counts)]
        weights = np.zeros((captions, len(self._weights)))
        weights[np.repeat(self._matches.captions, counts), languages] = self._weights[languages]
        sums = np.repeat(np.cumsum(weights, axis=1), len(states) // max(captions, 1), axis=0)
        drawn = _below(_uniform(states, _SENTENCE_LANGUAGE) * sums[:, -1], sums[:, -1])
        language = (sums <= drawn[:, None]).sum(axis=1)
        return np.where(language < len(self._weights), language, -1)

    def _entry_in(self, languages: Ints, matches: Ints) -> tuple[Ints, np.ndarray]:
        """Where in the forms' entries that of a given language stands, and whether there is one."""
        number = len(self._weights)
        form_of_entry = np.repeat(np.arange(len(self._table.offsets) - 1), np.diff(self._table.offsets))
        codes = form_of_entry * number + self._table.languages
        wanted = self._matches.forms[matches] * number + languages
        position = np.minimum(np.searchsorted(codes, wanted), max(len(codes) - 1, 0))
        return position, (languages >= 0) & (codes[position] == wanted)

    def _targets(self, entries: Ints, rows: Ints, matches: Ints, states: np.ndarray) -> Ints:
        first, last = self._lexicon.target_offsets[entries], self._lexicon.target_offsets[entries + 1]
        drawn = self._draw(rows, matches, states, _TARGET)
        if self._settings.translation_draw == SCORE:
            return _weighted(self._lexicon.target_sums, first, last, drawn)
        return _one_of(first, last, drawn)


def _states(caption_ids: Sequence[str], variants: Sequence[int], seed: int) -> np.ndarray:
    """The state from which all draws of a row follow, uint64 [captions × variants]."""
    keys = stable_hashes(seed, keys=caption_ids)
    numbers = np.asarray(variants, np.uint64) * _PLACE
    return _mixed(keys[:, None] + numbers[None, :]).ravel()


def _mixed(values: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser (Steele, Lea and Flood, 2014): every input bit moves every output bit; uint64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _uniform(states: np.ndarray, purpose: np.uint64) -> np.ndarray:
    """Numbers in [0, 1), float64, one a state and purpose."""
    return (_mixed(states + purpose) >> np.uint64(11)) * 2.0**-53


def _one_of(first: Ints, last: Ints, drawn: np.ndarray) -> Ints:
    """One place from ``first`` to before ``last`` a draw in [0, 1), all as likely."""
    return first + (drawn * (last - first)).astype(np.int64)


def _weighted(sums: np.ndarray, first: Ints, last: Ints, drawn: np.ndarray) -> Ints:
    """One place from ``first`` to before ``last`` a draw, as likely as its weight.

    Args:
        sums: [places + 1], the weights of all places before each, whole numbers.
        first: [draws].
        last: [draws].
        drawn: [draws], numbers in [0, 1).
    """
    low, high = sums[first], sums[last]
    return np.searchsorted(sums, low + (drawn * (high - low)).astype(np.int64), side="right") - 1


def _below(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """The values, kept under limits that rounding may have let them reach."""
    return np.minimum(values, np.nextafter(limits, 0))
