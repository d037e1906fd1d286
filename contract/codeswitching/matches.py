"""Which words and phrases of captions the lexicon holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from contract.codeswitching.compiled import compiled
from contract.codeswitching.forms import Forms
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.ragged import Ints
from contract.codeswitching.tokens import Tokens, tokenize


@dataclass(frozen=True)
class Matches:
    """Places of captions where the lexicon holds something, from left to right, none within another.

    Attributes:
        captions: [matches], the caption in which it stands.
        starts: [matches], its first byte in the captions' UTF-8.
        ends: [matches], one past its last byte.
        first_characters: [matches], its first character, counted in its own caption.
        end_characters: [matches], one past its last character.
        forms: [matches], the number of its form.
        tokens: [matches], of how many tokens it consists.
        capital: [matches], whether what takes its place begins a sentence and takes a capital.
    """

    captions: Ints
    starts: Ints
    ends: Ints
    first_characters: Ints
    end_characters: Ints
    forms: Ints
    tokens: Ints
    capital: np.ndarray


class _Openings(NamedTuple):
    """The first two words of phrases, sorted.

    Attributes:
        offsets: [words + 1], where the openings begin whose first word it is.
        seconds: [openings], their second words.
        longest: [openings], tokens of the longest phrase that begins so.
    """

    offsets: Ints
    seconds: Ints
    longest: Ints


class PhraseFinder:
    """Finds the longest phrases that the lexicon holds.

    Args:
        lexicon: the lexicon.
        forms: the forms, which look phrases up like words.
    """

    def __init__(self, lexicon: Lexicon, forms: Forms) -> None:
        self._forms = forms
        self._words: dict[str, int] = {}
        phrases = [source for source in lexicon.positions if not source.isalnum()]
        tokens = tokenize(phrases)
        counts = np.bincount(tokens.captions, minlength=len(phrases))
        first = np.cumsum(counts) - counts
        words = [tokens.text(token, token) for token in range(len(tokens.starts))]
        longest: dict[tuple[int, int], int] = {}
        for start, count in zip(first.tolist(), counts.tolist(), strict=True):
            if count > 1:
                opening = self._number(words[start]), self._number(words[start + 1])
                longest[opening] = max(longest.get(opening, 0), count)
        sorted_openings = sorted(longest)
        firsts, seconds = np.array(sorted_openings, np.int64).reshape(-1, 2).T
        offsets = np.searchsorted(firsts, np.arange(len(self._words) + 1))
        self._openings = _Openings(
            offsets, seconds.copy(), np.array([longest[opening] for opening in sorted_openings], np.int64)
        )
        self._word_of_form = np.empty((0, 2), np.int64)  # the number of each form's key, and of its lemma's

    def _number(self, word: str) -> int:
        return self._words.setdefault(word, len(self._words))

    def find(self, tokens: Tokens, forms: Ints) -> list[tuple[int, int, int]]:
        """Phrases as (first token, number of tokens, form), from left to right, none within another."""
        self._learn_new_forms()
        found: list[tuple[int, int, int]] = []
        next_free = 0
        where, longest = np.empty(len(forms), np.int64), np.empty(len(forms), np.int64)
        number = _find_openings(tokens.captions, forms, self._word_of_form, self._openings, where, longest)
        for token, most in zip(where[:number].tolist(), longest[:number].tolist(), strict=True):
            if token >= next_free and (phrase := self._longest_at(tokens, token, most)):
                found.append((token, *phrase))
                next_free = token + phrase[0]
        return found

    def _learn_new_forms(self) -> None:
        keys = self._forms.keys[len(self._word_of_form) :]
        new = [(self._words.get(key, -1), self._words.get(self._forms.lemma_key(key), -1)) for key in keys]
        if new:
            self._word_of_form = np.concatenate([self._word_of_form, np.array(new, np.int64)])

    def _longest_at(self, tokens: Tokens, first: int, longest: int) -> tuple[int, int] | None:
        """The longest phrase at a token: how many tokens it has, and its form."""
        longest = min(longest, len(tokens.starts) - first)
        while tokens.captions[first + longest - 1] != tokens.captions[first]:
            longest -= 1
        for count in range(longest, 1, -1):
            phrase = tokens.text(first, first + count - 1)
            if self._forms.holds(phrase):
                return count, self._forms.number(phrase)
        return None


def find_matches(tokens: Tokens, forms: Forms, phrases: PhraseFinder | None) -> tuple[Matches, Ints]:
    """Looks all tokens up, longest phrase first.

    Args:
        tokens: the tokens of a batch of captions.
        forms: what the lexicon holds for a form.
        phrases: None where single words alone are looked up.

    Returns:
        The matches, and the form of every token, [tokens].
    """
    form_of_token = forms.numbers(tokens)
    found = phrases.find(tokens, form_of_token) if phrases else []
    first, counts, phrase = np.array(found, np.int64).reshape(-1, 3).T
    chosen, form, length = np.empty((3, len(form_of_token)), np.int64)
    table = forms.table
    number = _choose(form_of_token, tokens.bonds, (first, counts, phrase), table.offsets, chosen, form, length)
    chosen, form, length = chosen[:number], form[:number], length[:number]
    last, kept = chosen + length - 1, table.kept[form]
    matches = Matches(
        captions=tokens.captions[chosen], starts=tokens.starts[chosen],
        ends=_before(tokens.utf8.data, tokens.ends[last], kept), first_characters=tokens.first_characters[chosen],
        end_characters=tokens.end_characters[last] - kept, forms=form, tokens=length,
        capital=tokens.opens_sentence[chosen],
    )  # fmt: skip
    return matches, form_of_token


@compiled
def _find_openings(
    captions: Ints, forms: Ints, words: np.ndarray, openings: _Openings, where: Ints, longest: Ints
) -> int:
    """Fills in the tokens that open a phrase with the next one, and the longest that they open; how many there are."""
    number = 0
    for token in range(len(forms) - 1):
        first = words[forms[token], 0]
        if first < 0 or captions[token] != captions[token + 1]:
            continue
        begin, end = openings.offsets[first], openings.offsets[first + 1]
        most = 0
        for second in words[forms[token + 1]]:
            place = begin + np.searchsorted(openings.seconds[begin:end], second)
            if place < end and openings.seconds[place] == second:
                most = max(most, openings.longest[place])
        if most > 0:
            where[number], longest[number] = token, most
            number += 1
    return number


@compiled
def _choose(
    forms: Ints, bonds: np.ndarray, phrases: tuple[Ints, Ints, Ints], held: Ints, chosen: Ints, form: Ints, length: Ints
) -> int:
    """Fills in the first token, the form and the tokens of each match; how many there are.

    A token that is bonded to another is none by itself, and no phrase begins or ends within such a word as "t-shirt".

    Args:
        forms: [tokens].
        bonds: [tokens + 1].
        phrases: first token, tokens and form of each, from left to right.
        held: [forms + 1], where the entries of each begin.
        chosen: room for the first tokens.
        form: room for the forms.
        length: room for the tokens.
    """
    firsts, counts, numbers = phrases
    number = phrase = next_free = 0
    for token in range(len(forms)):
        one, count, barred = forms[token], 1, token < next_free or bonds[token] or bonds[token + 1]
        if phrase < len(firsts) and firsts[phrase] == token:
            end = token + counts[phrase]
            if not bonds[token] and not bonds[end]:
                one, count, barred, next_free = numbers[phrase], counts[phrase], False, end
            phrase += 1
        if not barred and held[one] < held[one + 1]:
            chosen[number], form[number], length[number] = token, one, count
            number += 1
    return number


@compiled
def _before(data: np.ndarray, ends: Ints, characters: Ints) -> Ints:
    """The bytes that are some characters before some others."""
    for number in range(len(ends)):
        for _ in range(characters[number]):
            ends[number] -= 1
            while data[ends[number]] & 0xC0 == 0x80:  # a character's bytes after the first
                ends[number] -= 1
    return ends
