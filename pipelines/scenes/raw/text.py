"""Plain text, in which no picture's caption occurs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from contract.progress import progress
from pipelines.scenes.language.text import sentences
from pipelines.scenes.raw.captions import write_lines
from pipelines.scenes.scene import LANGUAGES
from pipelines.scenes.stage import Config


def write_text(captions: Mapping[str, set[str]], folder: Path, config: Config, seed: int) -> None:
    """Writes <lang>.txt for every language.

    Args:
        captions: of all pictures, by language; none of them occurs in the text.
        folder: where to.
        config: the numbers of sentences.
        seed: the job's.
    """
    folder.mkdir()
    for lang in progress(LANGUAGES, "plain text", unit="languages"):
        count = config.sentences_english if lang == "en" else config.sentences
        write_lines(folder / f"{lang}.txt", other_sentences(lang, count, seed, captions[lang]))


def other_sentences(lang: str, count: int, seed: int, forbidden: set[str]) -> list[str]:
    """Sentences and small stories, all different, in none of which anything forbidden is said."""
    drawn = count
    while True:
        found = [
            sentence
            for sentence in sentences(lang, drawn, seed)
            if not any(caption in sentence for caption in forbidden)
        ]
        if len(found) >= count:
            return found[:count]
        drawn += 2 * (count - len(found))
