"""The draws: which matches give way, in which language, to which translation.

Each number that is drawn is a hash of what it is drawn for: (seed, caption id, variant), the place in the caption and
the purpose. So a caption's variants do not change when captions or variants are added, removed or reordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from contract.codeswitching.compiled import compiled
from contract.codeswitching.forms import Forms, FormTable
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.matches import Matches
from contract.codeswitching.ragged import Ints, offsets_of
from contract.codeswitching.settings import ONE, SCORE, SENTENCE, Settings
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
        offsets: [rows + 1], where each row's choices begin; row = caption × variants + place of the variant.
        matches: [choices], which match gives way.
        entries: [choices], the lexicon's entry, which also tells the language.
        targets: [choices], the lexicon's target.
    """

    offsets: Ints
    matches: Ints
    entries: Ints
    targets: Ints

    def of(self, kept: np.ndarray) -> Choices:
        """Those of some rows; ``kept`` says of each row whether it is one of them, bool [rows]."""
        counts = np.diff(self.offsets)
        chosen = np.repeat(kept, counts)
        return Choices(offsets_of(counts[kept]), self.matches[chosen], self.entries[chosen], self.targets[chosen])


class _Places(NamedTuple):
    """The matches of a batch.

    Attributes:
        offsets: [captions + 1], where each caption's matches begin.
        forms: [matches].
        keys: uint64 [matches], what tells each from the others of its caption.
    """

    offsets: Ints
    forms: Ints
    keys: np.ndarray


class _Odds(NamedTuple):
    """Settings and lexicon, as the loop reads them.

    Attributes:
        sentence_share: probability of a caption.
        word_probability: probability of a word.
        one_word: whether exactly one word gives way.
        one_language: whether a caption has one language.
        alike: whether all languages are as likely.
        weights: [languages], whole numbers.
        by_score: whether translations are drawn by ``target_sums``.
        target_offsets: [entries + 1].
        target_sums: [targets + 1].
    """

    sentence_share: float
    word_probability: float
    one_word: bool
    one_language: bool
    alike: bool
    weights: Ints
    by_score: bool
    target_offsets: Ints
    target_sums: Ints


def draw(
    matches: Matches, forms: Forms, lexicon: Lexicon, settings: Settings,
    caption_ids: Sequence[str], variants: Sequence[int], seed: int,
) -> Choices:  # fmt: skip
    """Draws every variant of every caption.

    Args:
        matches: of the batch.
        forms: the forms that ``matches`` numbers.
        lexicon: the lexicon.
        settings: probabilities, weights and modes.
        caption_ids: [captions].
        variants: numbers of the variants to draw.
        seed: the job's seed.
    """
    counts = np.bincount(matches.captions, minlength=len(caption_ids))
    found = _Places(offsets_of(counts), matches.forms, matches.first_characters.astype(np.uint64) * _PLACE)
    odds = _Odds(
        settings.sentence_share, settings.word_probability, settings.words == ONE, settings.language_draw == SENTENCE,
        len(np.unique(forms.weights)) < 2, forms.weights, settings.translation_draw == SCORE,
        lexicon.target_offsets, lexicon.target_sums,
    )  # fmt: skip
    states = _states(caption_ids, variants, seed)
    offsets = np.zeros(len(states) + 1, np.int64)
    chosen = np.empty((3, len(matches.forms) * len(variants)), np.int64)
    _choose(states, found, forms.table, odds, offsets, chosen)
    number = int(offsets[-1])
    return Choices(offsets, chosen[0, :number], chosen[1, :number], chosen[2, :number])


def _states(caption_ids: Sequence[str], variants: Sequence[int], seed: int) -> np.ndarray:
    """The state from which all draws of a row follow, uint64 [captions × variants]."""
    numbers = np.asarray(variants, np.uint64) * _PLACE
    return _mixed_all((stable_hashes(seed, keys=caption_ids)[:, None] + numbers[None, :]).ravel())


@compiled
def _mixed_all(values: np.ndarray) -> np.ndarray:
    for number in range(len(values)):
        values[number] = _mixed(values[number])
    return values


@compiled
def _choose(
    states: np.ndarray, found: _Places, table: FormTable, odds: _Odds, offsets: Ints, chosen: np.ndarray
) -> None:
    """Fills ``offsets`` and ``chosen`` (matches, entries and targets), row after row."""
    variants = len(states) // max(len(found.offsets) - 1, 1)
    number = 0
    for row in range(len(states)):
        state, caption = states[row], row // variants
        first, last = found.offsets[caption], found.offsets[caption + 1]
        if _uniform(state, _SENTENCE) < odds.sentence_share:
            language = _language_of(state, found.forms[first:last], table, odds) if odds.one_language else -1
            number = _choose_row(state, first, last, language, found, table, odds, number, chosen)
        offsets[row + 1] = number


@compiled
def _choose_row(
    state: np.uint64, first: int, last: int, language: int, found: _Places, table: FormTable, odds: _Odds,
    number: int, chosen: np.ndarray,
) -> int:  # fmt: skip
    """Fills in one row's choices after ``number`` others; how many there are then.

    ``language`` is that of the whole caption; -1 where each word has its own.
    """
    the_one = -1
    if odds.one_word:
        held = last - first
        if language >= 0:
            held = 0
            for match in range(first, last):
                held += _entry_in(language, found.forms[match], table) >= 0
        the_one = int(_uniform(state, _ONE_WORD) * held)
    nth = -1
    for match in range(first, last):
        form, place = found.forms[match], state + found.keys[match]
        entry = _entry_in(language, form, table) if language >= 0 else 0
        if entry < 0:
            continue
        nth += 1
        if nth != the_one if odds.one_word else _uniform(place, _SWITCH) >= odds.word_probability:
            continue
        if language < 0:
            entry = _one_of(
                _uniform(place, _LANGUAGE), table.offsets[form], table.offsets[form + 1], odds.alike, table.sums
            )
        entry = table.entries[entry]
        begin, end = odds.target_offsets[entry], odds.target_offsets[entry + 1]
        chosen[0, number], chosen[1, number] = match, entry
        chosen[2, number] = _one_of(_uniform(place, _TARGET), begin, end, not odds.by_score, odds.target_sums)
        number += 1
    return number


@compiled
def _language_of(state: np.uint64, forms: Ints, table: FormTable, odds: _Odds) -> int:
    """One language among those that have a word of a caption, by weight; 0 where there is none, and so no word."""
    weights = np.zeros(len(odds.weights), np.int64)
    for form in forms:
        for entry in range(table.offsets[form], table.offsets[form + 1]):
            weights[table.languages[entry]] = odds.weights[table.languages[entry]]
    drawn = int(_uniform(state, _SENTENCE_LANGUAGE) * weights.sum())
    below, language = weights[0], 0
    while below <= drawn and language + 1 < len(weights):
        language += 1
        below += weights[language]
    return language


@compiled
def _entry_in(language: int, form: int, table: FormTable) -> int:
    """Where in the forms' entries that of a language stands; -1 where there is none."""
    for entry in range(table.offsets[form], table.offsets[form + 1]):
        if table.languages[entry] == language:
            return entry
    return -1


@compiled
def _one_of(drawn: float, first: int, last: int, alike: bool, sums: Ints) -> int:
    """One place from ``first`` to before ``last``, for a number in [0, 1).

    Args:
        drawn: the number.
        first: the first place.
        last: one past the last place.
        alike: whether all are as likely.
        sums: [places + 1], the weights of all places before each, whole numbers; unused where all are alike.
    """
    if alike:
        return first + int(drawn * (last - first))
    limit = sums[first] + int(drawn * (sums[last] - sums[first]))
    while sums[first + 1] <= limit:
        first += 1
    return first


@compiled
def _uniform(state: np.uint64, purpose: np.uint64) -> float:
    """A number in [0, 1) for a state and purpose."""
    return float(_mixed(state + purpose) >> np.uint64(11)) * 2.0**-53


@compiled
def _mixed(value: np.uint64) -> np.uint64:
    """SplitMix64's finaliser (Steele, Lea and Flood, 2014): every input bit moves every output bit."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
