"""The languages of the embedded world by their codes."""

from __future__ import annotations

from pipelines.scenes.language.chinese import CHINESE
from pipelines.scenes.language.czech import CZECH
from pipelines.scenes.language.english import ENGLISH
from pipelines.scenes.language.french import FRENCH
from pipelines.scenes.language.german import GERMAN
from pipelines.scenes.language.grammar import Language
from pipelines.scenes.language.italian import ITALIAN
from pipelines.scenes.language.japanese import JAPANESE
from pipelines.scenes.language.portuguese import PORTUGUESE
from pipelines.scenes.language.spanish import SPANISH

_ALL = (ENGLISH, GERMAN, FRENCH, PORTUGUESE, SPANISH, ITALIAN, JAPANESE, CHINESE, CZECH)
GRAMMARS: dict[str, Language] = {language.code: language for language in _ALL}
