"""How many queries and contexts hold a named entity, where spaCy and a model of their language are installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from contract.errors import UsageError
from pipelines.sharded import Tally

_COLUMNS = ("query", "context")


class EntityTaggers:
    """Looks for named entities, language by language.

    Args:
        models: language → spaCy's model, the name of its package or the folder that it lies in.
    """

    def __init__(self, models: Mapping[str, str]) -> None:
        self._models = dict(models)
        self._loaded: dict[str, Any] = {}

    def load(self) -> dict[str, str]:
        """Loads the models; answers with what each calls itself, with its version.

        Raises:
            UsageError: where spaCy or a model is not installed, or does not look for entities.
        """
        if not self._models:
            return {}
        try:
            import spacy
        except ImportError as error:
            raise UsageError(
                "triples.entity_models names models, and spaCy is not installed.", "spaCy.",
                "pip install -e '.[entities]' in the clone, or leave entity_models out.",
            ) from error  # fmt: skip
        for lang, model in sorted(self._models.items()):
            try:
                self._loaded[lang] = spacy.load(model)
            except (OSError, ValueError, ImportError) as error:
                raise UsageError(
                    f"triples.entity_models: {model!r} for {lang} cannot be loaded ({error}).",
                    "the package of a spaCy model that is installed here, or its folder.",
                ) from error
            if not {"ner", "entity_ruler", "span_ruler"} & set(self._loaded[lang].pipe_names):
                raise UsageError(f"triples.entity_models: {model!r} looks for no entities.", "a model that does.")
        return {lang: f"{one.meta['name']} {one.meta['version']}" for lang, one in self._loaded.items()}

    def count(self, triples: pa.Table, tally: Tally) -> None:
        """Counts texts, and those that hold an entity, of the languages that have a model."""
        rows = triples.select(["lang", *_COLUMNS]).to_pylist()
        for lang, tagger in self._loaded.items():
            for column in _COLUMNS:
                texts = [row[column] for row in rows if row["lang"] == lang and row[column]]
                found = sum(bool(document.ents) for document in tagger.pipe(texts))
                tally.count("entities_looked_for", column, lang, by=len(texts))
                tally.count("entities_found", column, lang, by=found)


def entity_shares(counted: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The share of queries and of contexts that hold an entity, by language."""
    return {
        column: {
            lang: round(counted["entities_found"][column][lang] / texts, 4)
            for lang, texts in sorted(of.items()) if texts
        }
        for column, of in counted.get("entities_looked_for", {}).items()
    }  # fmt: skip
