"""Dictionaries in, the dataset ``lexicon`` out.

A row is an entry: one English word or phrase in one language. What goes in is counted so that nothing vanishes:
rows_in = entries + rejected pairs and lines. A pair that adds a further target to an entry is neither; the manifest's
statistics state it: ``pairs.read`` = ``pairs.further_targets`` + rows_in.

Each shard reads all dictionaries and keeps its own sources, so memory falls with the number of shards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.command import Call, PathOption, run_stage
from contract.config import check_range, option
from contract.errors import InputError, UsageError
from contract.manifest import dataset_of
from contract.rejects import Reject
from pipelines.lexicon.building import ShardBuilder
from pipelines.lexicon.files import DictionaryFile, find_dictionaries, standard_tag
from pipelines.lexicon.readers import READERS, reader_of

if TYPE_CHECKING:
    from pipelines.sharded import Tally

_CODE = ("pipelines.lexicon", "contract.codeswitching.keys", "contract.text")


@dataclass(frozen=True)
class Config:
    """Settings of the stage ``lexicon``."""

    languages: tuple[str, ...] = option((), "languages to keep; all where it is empty", "BCP 47")
    keep_identical: bool = option(False, "keep pairs whose source and translation are the same")
    phrases: bool = option(True, "keep sources of several words")
    files: str = option("*", "which files of the folder are read, by a pattern of their path in it")
    file_languages: dict[str, str] = option({}, "language by pattern of a file's name that does not tell it", "BCP 47")
    formats: dict[str, str] = option({}, "pairs, hunalign, csv, panlex or tei, by pattern of a file's name")
    shards: int = option(2, "shards of the dataset; memory falls and time rises with their number", "shards")

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, "shards", 1, 99_999)
        unknown = sorted(set(self.formats.values()) - set(READERS))
        if unknown:
            raise UsageError(f"formats names {', '.join(unknown)}.", f"one of {', '.join(READERS)}.")
        for tag in self.languages:
            standard_tag(tag, "languages")


class LexiconShards:
    """Makes one shard of the lexicon."""

    def __init__(self, files: Sequence[DictionaryFile], languages: tuple[str, ...], config: Config) -> None:
        self._files, self._languages, self._config = tuple(files), languages, config

    def setup(self) -> None:
        """Nothing is needed before the files are read."""

    def shard(self, index: int, tally: Tally) -> Iterator[dict[str, Any] | Reject]:
        """Reads every dictionary and keeps the sources of this shard."""
        config = self._config
        builder = ShardBuilder(index, config.shards, self._languages, config.keep_identical, config.phrases)
        for file in self._files:
            for reject in builder.add_file(file, reader_of(file.path, file.format)(file.path)):
                tally.rows_in += 1
                yield reject
        entries, pairs = builder.counts_by_language()
        tally.count("pairs", "read", by=builder.read)
        tally.count("pairs", "further_targets", by=builder.further)
        tally.count("pairs", "unusable_scores", by=builder.unusable_scores)
        for lang, number in entries.items():
            tally.count("languages", lang, "entries", by=number)
            tally.count("languages", lang, "pairs", by=pairs[lang])
        for row in builder.rows():
            tally.rows_in += 1
            yield row


def summarise(statistics: dict[str, Any]) -> dict[str, Any]:
    """Adds each language's ambiguity: its mean number of translations an entry.

    Raises:
        InputError: where the dictionaries hold no entry at all.
    """
    languages = statistics.get("languages")
    if not languages:
        raise InputError(
            "The dictionaries hold no entry that is kept.", "at least one pair of different words.",
            "look at `languages` and `keep_identical` of the section `lexicon`.",
        )  # fmt: skip
    for counts in languages.values():
        counts["translations_an_entry"] = round(counts["pairs"] / counts["entries"], 4)
    return statistics


def prepare(folder: Path, config: Config) -> LexiconShards:
    """Finds the dictionaries, so that what is wrong with them shows before any work is done.

    Raises:
        InputError: where there is no dictionary, or one of unknown language.
    """
    languages = tuple(standard_tag(tag, "languages") for tag in config.languages)
    files = find_dictionaries(folder, config.files, config.file_languages, config.formats)
    return LexiconShards(files, languages, config)


def run(call: Call[Config]) -> None:
    """Makes the dataset ``lexicon``."""
    from pipelines.sharded import Job, run_sharded

    config, folder = call.config, call.path("dictionaries")
    process = prepare(folder, config)
    job = Job(
        stage="lexicon", dataset="lexicon", out=call.path("out"), shards=config.shards, config=config, seed=call.seed,
        inputs={"dictionaries": folder}, code=_CODE,
    )  # fmt: skip
    run_sharded(job, process, call.workers, summarise=summarise)


def main(arguments: Sequence[str] | None = None) -> int:
    """The stage's command line."""
    paths = [
        PathOption("dictionaries", "folder of bilingual dictionaries, English to others, or one file"),
        PathOption("out", "folder of the dataset lexicon", replaces=dataset_of("lexicon")),
    ]
    return run_stage("lexicon", Config, paths, run, "Bilingual dictionaries into one lexicon.", arguments)
