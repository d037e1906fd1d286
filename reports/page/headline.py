"""The headline: what multimodal code-switched training (MCT) brings to languages without picture-text pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reports.page.numbers import finite, mean
from reports.page.sources import Nothing, Sources, dig, is_english, language_order

WITH, WITHOUT = "understanding-mct", "understanding-plain"  # the checkpoints
_METRICS = {WITH: "retrieval-none", WITHOUT: "understanding-plain"}  # of each, before any fine-tuning
PROTOCOL = "unique"


@dataclass(frozen=True)
class Language:
    """mR in percent of one language: with MCT, without it, and of a random order; None where it is not known."""

    lang: str
    with_mct: float | None
    without: float | None
    chance: float | None
    pictures: int | None
    captions: int | None

    @property
    def ratio(self) -> float | None:
        """How many times the mR without MCT that with it is."""
        return self.with_mct / self.without if self.with_mct is not None and self.without else None


@dataclass(frozen=True)
class Check:
    """Something that a fair comparison needs: whether it holds, and what to say where it does or does not."""

    holds: bool
    yes: str
    no: str

    @property
    def says(self) -> str:
        """The sentence that is true."""
        return self.yes if self.holds else self.no


@dataclass(frozen=True)
class Headline:
    """What the page opens with.

    Attributes:
        languages: English first.
        average: over the other languages that both checkpoints were measured in; None where there are none.
        english: English's; None where it was not measured.
        others: the languages of the average.
        split: what was evaluated.
        pictures: how many pictures of it.
        checks: what makes the comparison a fair one.
    """

    languages: list[Language]
    average: Language | None
    english: Language | None
    others: list[str]
    split: str
    pictures: Any
    checks: list[Check]

    @property
    def english_difference(self) -> float | None:
        """English with MCT less English without it, in points."""
        if self.english is None or self.english.with_mct is None or self.english.without is None:
            return None
        return self.english.with_mct - self.english.without


def headline(sources: Sources) -> Headline | Nothing:
    """Compares the two pre-trainings, language by language."""
    ours, plain = sources.metrics(_METRICS[WITH]), sources.metrics(_METRICS[WITHOUT])
    missing = [_METRICS[name] for name, values in ((WITH, ours), (WITHOUT, plain)) if values is None]
    if ours is None or plain is None:
        return Nothing(
            f"There is no metrics/{'.json and no metrics/'.join(missing)}.json: its stage evaluate has not run."
        )
    languages = [_language(lang, ours, plain) for lang in language_order(_measured(ours) | _measured(plain))]
    if not languages:
        return Nothing("Neither pre-training was measured in any language: the evaluated split holds no caption.")
    shared = [
        one for one in languages
        if not is_english(one.lang) and one.with_mct is not None and one.without is not None
    ]  # fmt: skip
    english = next((one for one in languages if is_english(one.lang)), None)
    return Headline(
        languages, _average(shared), english, [one.lang for one in shared],
        str(dig(ours, "split")), dig(ours, "images"), _checks(sources, ours, plain),
    )  # fmt: skip


def _measured(metrics: dict[str, Any]) -> set[str]:
    return set(dig(metrics, "protocols", PROTOCOL) or {})


def _language(lang: str, ours: dict[str, Any], plain: dict[str, Any]) -> Language:
    one, other = (dig(metrics, "protocols", PROTOCOL, lang) for metrics in (ours, plain))
    captions, pictures = dig(one or other, "captions"), dig(one or other, "images")
    return Language(
        lang, finite(dig(one, "mR")), finite(dig(other, "mR")), finite(dig(one or other, "chance")), pictures, captions
    )


def _average(languages: list[Language]) -> Language | None:
    if not languages:
        return None
    columns = ([getattr(one, name) for one in languages] for name in ("with_mct", "without", "chance"))
    with_mct, without, by_chance = (mean([value for value in values if value is not None]) for values in columns)
    return Language("average", with_mct, without, by_chance, None, None)


def _checks(sources: Sources, ours: dict[str, Any], plain: dict[str, Any]) -> list[Check]:
    """What can be read off metrics and checkpoints on whether the comparison is fair."""
    checkpoints = sources.checkpoints()
    one, other = (dig(checkpoints.get(name), "training") for name in (WITH, WITHOUT))
    differing = _differing(one, other)
    evaluated = [(dig(metrics, "split"), dig(metrics, "images")) for metrics in (ours, plain)]
    return [
        Check(
            dig(one, "mct") is True and dig(other, "mct") is False,
            f"Code-switched captions went into {WITH} and not into {WITHOUT}.",
            f"The checkpoints do not say that {WITH} saw code-switched captions and {WITHOUT} did not.",
        ),
        Check(
            one is not None and not differing,
            "Settings, seed and all other inputs of the two trainings were the same.",
            f"Not known to be the same in the two trainings: {', '.join(differing)}.",
        ),
        Check(
            evaluated[0] == evaluated[1], "Both were evaluated on the same pictures.",
            "They were evaluated on different splits or numbers of pictures.",
        ),
    ]  # fmt: skip


def _differing(one: Any, other: Any) -> list[str]:
    """Names of what differs between two trainings, apart from the code-switched captions."""
    named = {"settings": "parameters", "seed": "seed"}
    differing = [name for name, key in named.items() if dig(one, key) is None or dig(one, key) != dig(other, key)]
    inputs = sorted({*(dig(one, "inputs") or {}), *(dig(other, "inputs") or {})} - {"codeswitch"})
    return differing + [name for name in inputs if dig(one, "inputs", name) != dig(other, "inputs", name)]
