"""How translations and headlines are measured: against one reference each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from model.told_language import shares_in_language
from model.translation_metrics import translation_bleu


def measured(generated: list[str], references: list[str], lang: str, languages: Sequence[str]) -> dict[str, Any]:
    """BLEU-4 with all that it was computed with, and the share of texts that are in the language asked for.

    Args:
        generated: what the network wrote.
        references: what it should have written.
        lang: the language of both.
        languages: the network's, among which the language of each text is told.
    """
    return translation_bleu(generated, references, lang) | shares_in_language(generated, references, lang, languages)
