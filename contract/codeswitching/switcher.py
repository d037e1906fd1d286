"""Code-switching of a batch of captions, from texts to texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from contract.codeswitching import assembly
from contract.codeswitching.draws import Choices, draw
from contract.codeswitching.forms import Forms
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.matches import Matches, PhraseFinder, find_matches
from contract.codeswitching.settings import PUBLISHED, Settings
from contract.codeswitching.tokens import Tokens, tokenize


@dataclass(frozen=True)
class Switched:
    """A batch of captions and all their variants; row = caption × number of variants + place of the variant.

    Attributes:
        texts: [rows], the switched text, or the caption as it was where the draw left it so.
        tokens: the captions' tokens.
        matches: what the lexicon holds of them.
        form_of_token: [tokens], each token's form.
        choices: what gave way to what.
        lexicon: the lexicon.
    """

    texts: pa.StringArray
    tokens: Tokens
    matches: Matches
    form_of_token: np.ndarray
    choices: Choices
    lexicon: Lexicon

    def replacements(self, kept: np.ndarray | None = None) -> pa.ListArray:
        """What was replaced, as in the dataset ``codeswitch``, [rows]; of the rows that are kept, where that is given.

        Args:
            kept: bool [rows].
        """
        choices = self.choices if kept is None else self.choices.of(kept)
        return assembly.replacements(self.tokens, self.matches, choices, self.lexicon)


class Switcher:
    """Switches captions with one lexicon and one set of settings. Keeps what it has looked up.

    Args:
        lexicon: the lexicon.
        settings: how to switch.
    """

    def __init__(self, lexicon: Lexicon, settings: Settings) -> None:
        self.lexicon, self.settings = lexicon, settings
        self.forms = Forms(lexicon, settings)
        self._phrases = None if settings.look_up == PUBLISHED else PhraseFinder(lexicon, self.forms)

    def switch(
        self, caption_ids: Sequence[str], texts: Sequence[str] | pa.StringArray, variants: Sequence[int], seed: int
    ) -> Switched:
        """Draws variants of captions.

        Args:
            caption_ids: [captions], what the draws follow from, together with seed and variant.
            texts: [captions], English.
            variants: numbers of the variants, from 0; training gives the epoch.
            seed: the job's seed.
        """
        tokens = tokenize(texts, by_spaces=self.settings.look_up == PUBLISHED)
        matches, form_of_token = find_matches(tokens, self.forms, self._phrases)
        choices = draw(matches, self.forms, self.lexicon, self.settings, caption_ids, variants, seed)
        switched = assembly.new_texts(tokens, matches, choices, self.lexicon)
        return Switched(switched, tokens, matches, form_of_token, choices, self.lexicon)
