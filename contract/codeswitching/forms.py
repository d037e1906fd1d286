"""What the lexicon holds for a word as it stands in a caption, found once a form and kept."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from contract.codeswitching.keys import lookup_key
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.ragged import Ints, whole_weights
from contract.codeswitching.settings import FULL, PUBLISHED, Settings
from contract.codeswitching.tokens import Tokens
from contract.codeswitching.word_numbers import WordNumbers
from contract.errors import UsageError

POSSESSIVE = "'s"
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
        self._entries, self._offsets, self._kept = array("q"), array("q", [0]), array("q")
        weights = np.array([settings.language_weights.get(tag, 1.0) for tag in lexicon.languages])
        self.weights = whole_weights(weights / weights.max())
        none = np.empty(0, np.int64)
        self._table = FormTable(np.zeros(1, np.int64), none, none, np.zeros(1, np.int64), none)

    def numbers(self, tokens: Tokens) -> Ints:
        """The number of each token as a form, int64 [tokens]; each word is looked up once."""
        return self._of_tokens.of(tokens)

    def number(self, word: str) -> int:
        """The number of one form."""
        return self._numbers[word]

    def holds(self, phrase: str) -> bool:
        """Whether there is an entry for a form."""
        number = self._numbers[phrase]
        return self._offsets[number + 1] > self._offsets[number]

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
        entries = np.array(self._entries, np.int64)
        new = self._lexicon.entry_language[entries[len(table.entries) :]]
        sums = np.concatenate([table.sums, table.sums[-1] + np.cumsum(self.weights[new])])
        languages = np.concatenate([table.languages, new])
        return FormTable(np.array(self._offsets, np.int64), entries, languages, sums, np.array(self._kept, np.int64))

    def _add(self, word: str) -> int:
        entries, kept = self._find(word)
        self.names.append(word)
        self._entries.extend(entries)
        self._offsets.append(len(self._entries))
        self._kept.append(kept)
        return len(self.names) - 1

    def _find(self, word: str) -> tuple[list[int], int]:
        if self.settings.look_up == PUBLISHED:
            return ([] if word in self._never else list(self._lexicon.entries_of(word))), 0
        key = lookup_key(word)
        if key in self._never:
            return [], 0
        owner = key.removesuffix(POSSESSIVE)
        if owner == key or key in self._lexicon.positions:
            return self._with_lemma(key), 0
        return ([] if owner in self._never else self._with_lemma(owner)), len(POSSESSIVE)

    def _with_lemma(self, key: str) -> list[int]:
        entries = list(self._lexicon.entries_of(key))
        if self._lemma is None or len(entries) == len(self._lexicon.languages):
            return entries
        lemma = self.lemma_key(key)
        if lemma == key or lemma in self._never:
            return entries
        languages = self._lexicon.entry_language
        present = {int(languages[entry]) for entry in entries}
        entries += [entry for entry in self._lexicon.entries_of(lemma) if int(languages[entry]) not in present]
        return sorted(entries, key=lambda entry: int(languages[entry]))

    def lemma_key(self, key: str) -> str:
        """The key with its last word as the dictionary form; the key itself where lemmas are not looked up."""
        return self._lemma_keys[key]

    def _find_lemma_key(self, key: str) -> str:
        if self._lemma is None:
            return key
        before, space, last = key.rpartition(" ")
        return lookup_key(before + space + self._lemma(last))


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
