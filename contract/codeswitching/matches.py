"""Which words and phrases of captions the lexicon holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contract.codeswitching.forms import Forms
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.ragged import Ints
from contract.codeswitching.tokens import Tokens, tokenize


@dataclass(frozen=True)
class Matches:
    """Places of captions where the lexicon holds something, from left to right, none within another.

    Attributes:
        captions: [matches], the caption in which it stands.
        starts: [matches], its first character in the joined text.
        ends: [matches], one past its last character.
        forms: [matches], the number of its form.
        tokens: [matches], of how many tokens it consists.
        capital: [matches], whether what takes its place begins a sentence and takes a capital.
    """

    captions: Ints
    starts: Ints
    ends: Ints
    forms: Ints
    tokens: Ints
    capital: np.ndarray


class PhraseFinder:
    """Finds the longest phrases that the lexicon holds.

    Args:
        lexicon: the lexicon.
        forms: the forms, which look phrases up like words.
    """

    def __init__(self, lexicon: Lexicon, forms: Forms) -> None:
        self._forms = forms
        self._words: dict[str, int] = {}
        self._openings: dict[int, int] = {}  # first two words → tokens of the longest phrase that begins so
        phrases = [source for source in lexicon.positions if not source.isalnum()]
        tokens = tokenize(phrases)
        counts = np.bincount(tokens.captions, minlength=len(phrases))
        first = np.cumsum(counts) - counts
        words = tokens.words.to_pylist()
        for start, count in zip(first.tolist(), counts.tolist(), strict=True):
            if count > 1:
                opening = self._code(self._number(words[start]), self._number(words[start + 1]))
                self._openings[opening] = max(self._openings.get(opening, 0), count)
        self._sorted_openings = np.array(sorted(self._openings), np.int64)
        self._word_of_form = np.empty((0, 2), np.int64)

    def _number(self, word: str) -> int:
        return self._words.setdefault(word, len(self._words))

    @staticmethod
    def _code(first: int, second: int) -> int:
        return first << 32 | second

    def find(self, tokens: Tokens, forms: np.ndarray) -> list[tuple[int, int, int]]:
        """Phrases as (first token, number of tokens, form), from left to right, none within another."""
        found: list[tuple[int, int, int]] = []
        next_free = 0
        for token, longest in self._candidates(tokens, forms):
            if token >= next_free and (phrase := self._longest_at(tokens, token, longest)):
                found.append((token, *phrase))
                next_free = token + phrase[0]
        return found

    def _candidates(self, tokens: Tokens, forms: np.ndarray) -> list[tuple[int, int]]:
        """Tokens whose word and the next one open a phrase, and the longest phrase that they open."""
        if not len(self._sorted_openings) or len(forms) < 2:
            return []
        self._learn_new_forms()
        exact, lemma = self._word_of_form[forms].T
        together = (tokens.captions[:-1] == tokens.captions[1:]) & (exact[:-1] >= 0)
        longest: dict[int, int] = {}
        for second in (exact, lemma):
            codes = exact[:-1] << 32 | second[1:]
            hits = np.flatnonzero(together & (second[1:] >= 0) & np.isin(codes, self._sorted_openings))
            for token, code in zip(hits.tolist(), codes[hits].tolist(), strict=True):
                longest[token] = max(longest.get(token, 0), self._openings[code])
        return sorted(longest.items())

    def _learn_new_forms(self) -> None:
        known = len(self._word_of_form)
        keys = self._forms.keys[known:]
        new = [(self._words.get(key, -1), self._words.get(self._forms.lemma_key(key), -1)) for key in keys]
        if new:
            self._word_of_form = np.concatenate([self._word_of_form, np.array(new, np.int64)])

    def _longest_at(self, tokens: Tokens, first: int, longest: int) -> tuple[int, int] | None:
        """The longest phrase at a token: how many tokens it has, and its form."""
        longest = min(longest, len(tokens.starts) - first)
        while tokens.captions[first + longest - 1] != tokens.captions[first]:
            longest -= 1
        for count in range(longest, 1, -1):
            phrase = tokens.joined[tokens.starts[first] : tokens.ends[first + count - 1]]
            if self._forms.holds(phrase):
                return count, self._forms.number(phrase)
        return None


def find_matches(tokens: Tokens, forms: Forms, phrases: PhraseFinder | None) -> tuple[Matches, np.ndarray]:
    """Looks all tokens up, longest phrase first.

    Args:
        tokens: the tokens of a batch of captions.
        forms: what the lexicon holds for a form.
        phrases: None where single words alone are looked up.

    Returns:
        The matches, and the form of every token, [tokens].
    """
    form_of_token = forms.numbers(tokens)
    form, length = form_of_token.copy(), np.ones(len(form_of_token), np.int64)
    barred = tokens.bonds[:-1] | tokens.bonds[1:]
    for token, count, phrase in phrases.find(tokens, form_of_token) if phrases else ():
        if tokens.bonds[token] or tokens.bonds[token + count]:
            continue  # it begins or ends within such a word as "t-shirt"
        form[token], length[token] = phrase, count
        barred[token], barred[token + 1 : token + count] = False, True
    table = forms.table
    held = (np.diff(table.offsets)[form] > 0) & ~barred
    (chosen,) = np.nonzero(held)
    form, length = form[chosen], length[chosen]
    last = chosen + length - 1
    matches = Matches(
        captions=tokens.captions[chosen], starts=tokens.starts[chosen],
        ends=tokens.ends[last] - table.kept[form], forms=form, tokens=length,
        capital=tokens.opens_sentence[chosen],
    )  # fmt: skip
    return matches, form_of_token
