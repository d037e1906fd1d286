"""What a draw depends on, besides its seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.errors import UsageError

FULL, FOLDED, PUBLISHED = "full", "folded", "published"
LOOK_UPS = (FULL, FOLDED, PUBLISHED)
EACH, ONE = "each", "one"
WORD, SENTENCE = "word", "sentence"
UNIFORM, SCORE = "uniform", "score"


@dataclass(frozen=True)
class Settings:
    """How captions are switched. The paper's two probabilities are not known: no default here is the paper's.

    Attributes:
        look_up: "full": punctuation detached, phrases, case folded, then the lemma; "folded": the same without
            lemmas; "published": whole tokens between spaces, case-sensitive, single words, for comparison.
        sentence_share: probability that a caption is switched at all.
        word_probability: probability that a word that the lexicon holds is switched, in a caption that is.
        words: "each" draws for each word; "one" switches exactly one.
        language_draw: "word" draws a language for each word; "sentence" one for the caption.
        language_weights: relative weights of languages, positive; 1 for a language that is not named.
        never: words and phrases that are never switched.
        translation_draw: "uniform": the translations of a word are equally likely; "score": as likely as the
            dictionaries' scores say, where they say anything.
    """

    look_up: str = FULL
    sentence_share: float = 1.0
    word_probability: float = 0.5
    words: str = EACH
    language_draw: str = WORD
    language_weights: Mapping[str, float] = field(default_factory=dict)
    never: tuple[str, ...] = ()
    translation_draw: str = UNIFORM

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn from.

        Raises:
            UsageError: names the setting, its value, and what is accepted.
        """
        for name in ("sentence_share", "word_probability"):
            value = getattr(self, name)
            if not 0 <= value <= 1:  # also refuses NaN
                raise UsageError(f"{name} is {value}.", "a probability from 0 to 1.")
        for name, choices in {
            "look_up": LOOK_UPS, "words": (EACH, ONE), "language_draw": (WORD, SENTENCE),
            "translation_draw": (UNIFORM, SCORE),
        }.items():  # fmt: skip
            if getattr(self, name) not in choices:
                raise UsageError(f"{name} is {getattr(self, name)!r}.", f"one of {', '.join(choices)}.")
        for language, weight in self.language_weights.items():
            if not 0 < weight < float("inf"):
                raise UsageError(
                    f"language_weights gives {language} the weight {weight}.", "a positive number.",
                    "leave the language out of `languages` where it is not wanted.",
                )  # fmt: skip
