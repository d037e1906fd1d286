"""What the lexicon holds for a word as it stands in a caption, found once a form and kept."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from contract.codeswitching.compiled import compiled
from contract.codeswitching.keys import lookup_key
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.ragged import Ints, whole_weights
from contract.codeswitching.settings import FULL, PUBLISHED, Settings
from contract.codeswitching.tokens import Tokens
from contract.codeswitching.word_numbers import WordNumbers
from contract.errors import UsageError

POSSESSIVE = "'s"
NOWHERE = -1
_Value = TypeVar("_Value")


class FormTable(NamedTuple):
    """The entries of all forms, form after form, sorted by language within a form.

    Attributes:
        offsets: [forms + 1], where each form's entries begin.
        entries: [form entries], entry numbers of the lexicon.
        languages: [form entries], their languages.
        sums: [form entries + 1], the weights of the languages of all form entries before each, whole numbers.
        kept: [forms], characters at a form's end that stay in the caption: those of a possessive ``'s``.
    """

    offsets: Ints
    entries: Ints
    languages: np.ndarray
    sums: np.ndarray
    kept: Ints


class Forms:
    """The forms met so far: a number for each, and the lexicon's entries for it.

    A form's entries are those of its key and, for the languages that these lack, those of its lemma. A possessive
    ``'s`` that the lexicon does not hold with its word stays in the caption, and the word before it is looked up.

    Args:
        lexicon: the lexicon.
        settings: its look-up and the words that are never switched.

    Attributes:
        settings: its look-up and the words that are never switched.
        names: every form, by number.
        keys: what each is looked up under.
        weights: [languages], how likely each is beside the others, whole numbers.
    """

    def __init__(self, lexicon: Lexicon, settings: Settings) -> None:
        self._lexicon, self.settings = lexicon, settings
        self._never = {self.key(word) for word in settings.never}
        self._lemma = _lemmatizer() if settings.look_up == FULL else None
        self._numbers = _Kept(self._add)
        self._of_tokens = WordNumbers(self.number)
        self._lemma_keys = _Kept(self._find_lemma_key)
        self.names: list[str] = []
        self.keys: list[str] = []
        self._found = array("q"), array("q"), array("q")  # of each form: source, the lemma's source, characters kept
        weights = np.array([settings.language_weights.get(tag, 1.0) for tag in lexicon.languages])
        self.weights = whole_weights(weights / weights.max())
        none = np.empty(0, np.int64)
        self._table = FormTable(np.zeros(1, np.int64), none.astype(np.int32), none, np.zeros(1, np.int64), none)

    def numbers(self, tokens: Tokens) -> Ints:
        """The number of each token as a form, int64 [tokens]; each word is looked up once."""
        return self._of_tokens.of(tokens)

    def number(self, word: str) -> int:
        """The number of one form."""
        return self._numbers[word]

    def holds(self, phrase: str) -> bool:
        """Whether there is an entry for a form."""
        number = self._numbers[phrase]
        return any(positions[number] != NOWHERE for positions in self._found[:2])

    def sources(self) -> Ints:
        """The lexicon's number of each form and that of its lemma, int64 [2, forms]; NOWHERE where it has none."""
        return np.array(self._found[:2], np.int64)

    def key(self, word: str) -> str:
        """What a word is looked up under."""
        return word if self.settings.look_up == PUBLISHED else lookup_key(word)

    @property
    def table(self) -> FormTable:
        """What is known of all forms; grows where there are new ones."""
        if len(self._table.kept) != len(self.names):
            self._table = self._grown(self._table)
        return self._table

    def _grown(self, table: FormTable) -> FormTable:
        known = len(table.kept)
        source, lemma, kept = (np.array(column[known:], np.int64) for column in self._found)
        held, most = self._lexicon.entry_offsets, len(self._lexicon.languages)
        entries, ends = np.empty(len(source) * most, np.int32), np.empty(len(source), np.int64)
        number = _merge(source, lemma, held, self._lexicon.entry_language, entries, ends)
        new = self._lexicon.entry_language[entries[:number]]
        return FormTable(
            np.append(table.offsets, table.offsets[-1] + ends), np.append(table.entries, entries[:number]),
            np.append(table.languages, new), np.append(table.sums, table.sums[-1] + np.cumsum(self.weights[new])),
            np.append(table.kept, kept),
        )  # fmt: skip

    def _add(self, word: str) -> int:
        key = self.key(word)
        self.names.append(word)
        self.keys.append(key)
        for column, value in zip(self._found, self._find(key), strict=True):
            column.append(value)
        return len(self.names) - 1

    def _find(self, key: str) -> tuple[int, int, int]:
        """A key's source in the lexicon and its lemma's, and how many characters at its end stay in the caption."""
        positions = self._lexicon.positions
        if self.settings.look_up == PUBLISHED:
            return (NOWHERE if key in self._never else positions.get(key, NOWHERE)), NOWHERE, 0
        if key in self._never:
            return NOWHERE, NOWHERE, 0
        owner = key.removesuffix(POSSESSIVE)
        if owner == key or key in positions:
            return positions.get(key, NOWHERE), self._lemma_of(key), 0
        if owner in self._never:
            return NOWHERE, NOWHERE, len(POSSESSIVE)
        return positions.get(owner, NOWHERE), self._lemma_of(owner), len(POSSESSIVE)

    def _lemma_of(self, key: str) -> int:
        lemma = self.lemma_key(key)
        return NOWHERE if lemma == key or lemma in self._never else self._lexicon.positions.get(lemma, NOWHERE)

    def lemma_key(self, key: str) -> str:
        """The key with its last word as the dictionary form; the key itself where lemmas are not looked up."""
        return self._lemma_keys[key]

    def _find_lemma_key(self, key: str) -> str:
        if self._lemma is None:
            return key
        before, space, last = key.rpartition(" ")
        return lookup_key(before + space + self._lemma(last))


@compiled
def _merge(source: Ints, lemma: Ints, held: Ints, entry_language: np.ndarray, entries: Ints, ends: Ints) -> int:
    """Fills in the entries of forms, sorted by language: those of the word, and of its lemma where these lack some.

    Args:
        source: [forms], the word's number in the lexicon, or NOWHERE.
        lemma: [forms], its lemma's, or NOWHERE.
        held: [sources + 1], where the entries of each source begin.
        entry_language: [entries], of the lexicon.
        entries: room for the forms' entries.
        ends: [forms], one past each form's last entry.

    Returns:
        How many entries there are.
    """
    number = 0
    for form in range(len(source)):
        own, end_of_own = (held[source[form]], held[source[form] + 1]) if source[form] >= 0 else (0, 0)
        other, end_of_other = (held[lemma[form]], held[lemma[form] + 1]) if lemma[form] >= 0 else (0, 0)
        while own < end_of_own or other < end_of_other:
            if other == end_of_other or (own < end_of_own and entry_language[own] <= entry_language[other]):
                if other < end_of_other and entry_language[own] == entry_language[other]:
                    other += 1
                entries[number] = own
                own += 1
            else:
                entries[number] = other
                other += 1
            number += 1
        ends[form] = number
    return number


class _Kept(dict[str, _Value]):
    """What a function says of a string, asked once."""

    def __init__(self, function: Callable[[str], _Value]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, text: str) -> _Value:
        value = self[text] = self._function(text)
        return value


def _lemmatizer() -> Callable[[str], str]:
    try:
        import simplemma
    except ImportError as error:
        raise UsageError(
            "The look-up 'full' needs the package simplemma, which is not installed.", "an installed simplemma.",
            "install it, or set look_up to 'folded'.",
        ) from error  # fmt: skip
    return lambda word: str(simplemma.lemmatize(word, lang="en"))
