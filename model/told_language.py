"""In which language generated texts are, told by their letters alone, blind to which one was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any


def shares_in_language(
    generated: Sequence[str], references: Sequence[str], lang: str, languages: Sequence[str]
) -> dict[str, float]:
    """How many generated texts are in the language that was asked for, and how many of the references.

    py3langid tells the likeliest of some languages. It errs on short texts and between like languages, and the
    references' share says how often.

    Args:
        generated: texts; an empty one is in no language.
        references: texts that are in the language.
        lang: the language, BCP 47; only its first part counts.
        languages: those between which is chosen: the network's.

    Returns:
        ``in_language`` and ``references_in_language``, from 0 to 1; nothing where py3langid does not know the language
        or, as on a machine that trains alone, is not installed.
    """
    model = _model()
    if model is None:
        return {}
    among = sorted({one.split("-")[0] for one in languages} & set(model.labels))
    wanted = lang.split("-")[0]
    if wanted not in among:
        return {}

    def share(texts: Sequence[str]) -> float:
        return round(sum(_likeliest(model, text, among) == wanted for text in texts) / len(texts), 4)

    return {"in_language": share(generated), "references_in_language": share(references)}


def _likeliest(model: Any, text: str, among: Sequence[str]) -> str | None:
    if not text.strip():
        return None
    chances = dict(model.rank(text))
    return max(among, key=lambda lang: chances[lang])


@cache
def _model() -> Any | None:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        print("py3langid is not installed: in which language the generated texts are is not told.")
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
