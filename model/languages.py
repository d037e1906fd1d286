"""The languages that a generation network writes."""

from __future__ import annotations

from collections.abc import Iterable

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
