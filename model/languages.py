"""The languages that a generation network writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from contract.errors import InputError
from model.config import NetworkConfig


def rows_of_languages(config: NetworkConfig, wanted: Iterable[str]) -> dict[str, int]:
    """Row of each language in the network's language embedding.

    Raises:
        InputError: for texts in a language that it lacks.
    """
    wanted = sorted(set(wanted))
    missing = [lang for lang in wanted if lang not in config.languages]
    if missing:
        raise InputError(
            f"The checkpoint has no embedding for the language {missing[0]!r}.",
            f"texts in {', '.join(config.languages)}.",
        )
    return {lang: config.languages.index(lang) for lang in wanted}


def without_embedding(config: NetworkConfig, asked: Iterable[Collection[str]]) -> list[str]:
    """Languages that a network cannot write, which an evaluation leaves out; says which, where there is any.

    Args:
        config: the network's.
        asked: the languages of each text or direction that is to be evaluated.

    Raises:
        InputError: where nothing would be left to evaluate.
    """
    groups = [set(languages) for languages in asked]
    unknown = set().union(*groups) - set(config.languages)
    if all(languages & unknown for languages in groups):
        raise InputError(
            f"The checkpoint has no embedding for {', '.join(sorted(unknown))}, and nothing else is to be evaluated.",
            f"texts in {', '.join(config.languages)}.",
            "add texts in one of these, or pre-train with these languages among the plain text.",
        )
    if unknown:
        print(f"evaluate: the checkpoint has no embedding for {', '.join(sorted(unknown))}: left out.")
    return sorted(unknown)
