"""English captions and a lexicon in, the dataset ``codeswitch`` out: one shard for each shard of captions.

rows_in = English captions × variants + captions of other languages, which are rejected as ``not_english``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.codeswitching.settings import Settings
from contract.command import Call, PathOption, run_stage
from contract.config import check_range, option
from contract.manifest import dataset_of
from contract.rejects import Reject

if TYPE_CHECKING:
    import pyarrow as pa

    from contract.codeswitching.switcher import Switcher
    from pipelines.sharded import Tally

_CODE = ("pipelines.codeswitch", "contract.codeswitching", "contract.text")
_COLUMNS = ["caption_id", "image_id", "lang", "text", "split"]
_BATCH_CAPTIONS = 16384
_BATCH_CHARACTERS = 1 << 22  # of source text times variants, so that a batch of long captions stays small
_MAX_VARIANTS = 32_767  # the column's int16


@dataclass(frozen=True)
class Config:
    """Settings of the stage ``codeswitch``. The paper's two probabilities are not known: no default is the paper's."""

    languages: tuple[str, ...] = option((), "languages to switch into; all of the lexicon where it is empty", "BCP 47")
    look_up: str = option(
        "full", "full (punctuation detached, phrases, case folded, then lemmas), folded (the same without lemmas) or "
        "published (whole tokens between spaces, case-sensitive, single words)",
    )  # fmt: skip
    sentence_share: float = option(1.0, "share of captions that are switched", "probability")
    word_probability: float = option(
        0.5, "share of words that are switched, of those with a translation", "probability"
    )
    words: str = option("each", "each: every word by its probability; one: exactly one word")
    language_draw: str = option("word", "word: a language for each word; sentence: one for the caption")
    language_weights: dict[str, float] = option({}, "relative weights of languages; 1 where none is named")
    never: tuple[str, ...] = option((), "words and phrases that are never switched")
    translation_draw: str = option(
        "uniform", "uniform: every translation of a word is as likely; score: by the dictionaries' scores"
    )
    variants: int = option(4, "draws for each caption", "variants")

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, "variants", 1, _MAX_VARIANTS)
        self.settings()

    def settings(self) -> Settings:
        """What the sampler needs of it."""
        return Settings(
            self.look_up, self.sentence_share, self.word_probability, self.words, self.language_draw,
            self.language_weights, self.never, self.translation_draw,
        )  # fmt: skip


class CodeswitchShards:
    """Switches the captions of one shard."""

    def __init__(self, captions: Path, lexicon: Path, config: Config, seed: int) -> None:
        self._captions, self._lexicon, self._config, self._seed = captions, lexicon, config, seed
        self._switcher: Switcher | None = None

    def setup(self) -> None:
        """Loads the lexicon, once a process."""
        self._switcher = make_switcher(self._lexicon, self._config)

    def shard(self, index: int, tally: Tally) -> Iterator[pa.RecordBatch | Reject]:
        """Reads one shard of captions, draws its variants, and counts what the lexicon covers."""
        from contract.dataset import Dataset
        from pipelines.codeswitch.coverage import CoverageCounter
        from pipelines.codeswitch.variants import rows_of

        switcher, variants = self._switcher or make_switcher(self._lexicon, self._config), self._config.variants
        coverage = CoverageCounter(switcher)
        captions = Dataset(self._captions, "captions").batches(_COLUMNS, index, _BATCH_CAPTIONS)
        for english, others in map(split_by_language, captions):
            tally.rows_in += len(others)
            yield from others
            for batch in bounded(english, variants):
                ids = batch["caption_id"].to_pylist()
                switched = switcher.switch(ids, batch["text"], range(variants), self._seed)
                coverage.add(switched)
                rows, rejects = rows_of(batch, switched, variants)
                tally.rows_in += len(ids) * variants
                yield rows
                yield rejects
        tally.statistics |= {"coverage": coverage.statistics()}


def make_switcher(lexicon: Path, config: Config) -> Switcher:
    """The sampler with its lexicon loaded.

    Raises:
        InputError: where the lexicon is unfinished or empty.
        UsageError: for settings that do not fit it.
    """
    from contract.codeswitching.lexicon import Lexicon
    from contract.codeswitching.switcher import Switcher

    return Switcher(Lexicon.load(lexicon, config.languages), config.settings())


def split_by_language(captions: pa.RecordBatch) -> tuple[pa.RecordBatch, list[Reject]]:
    """The English captions, and rejects for the others."""
    import pyarrow.compute as pc

    english = pc.match_substring_regex(captions["lang"], "^en(-|$)")
    if english.true_count == captions.num_rows:
        return captions, []
    others = captions.filter(pc.invert(english)).select(["caption_id", "lang"]).to_pylist()
    rejects = [Reject(row["caption_id"], "captions", "not_english", f"its language is {row['lang']}") for row in others]
    return captions.filter(english), rejects


def bounded(captions: pa.RecordBatch, variants: int) -> Iterator[pa.RecordBatch]:
    """Slices of captions whose variants have about _BATCH_CHARACTERS characters, and at least one caption."""
    import numpy as np
    import pyarrow.compute as pc

    ends = np.cumsum(pc.utf8_length(captions["text"]).to_numpy().astype(np.int64) * variants)
    start = 0
    while start < captions.num_rows:
        before = ends[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + _BATCH_CHARACTERS, "right")))
        yield captions.slice(start, end - start)
        start = end


def run(call: Call[Config]) -> None:
    """Makes the dataset ``codeswitch``."""
    from contract.codeswitching.lexicon import Lexicon
    from contract.dataset import Dataset
    from pipelines.codeswitch.coverage import poorly_covered, summarise_coverage
    from pipelines.sharded import Job, run_sharded

    config, captions, lexicon = call.config, call.path("captions"), call.path("lexicon")
    shards = Dataset(captions, "captions").num_shards
    held = Lexicon.load(lexicon, config.languages)

    def summarise(statistics: dict[str, Any]) -> dict[str, Any]:
        coverage = summarise_coverage(statistics.pop("coverage"), held, config.settings())
        return statistics | {"coverage": coverage}

    job = Job(
        stage="codeswitch", dataset="codeswitch", out=call.path("out"), shards=shards, config=config, seed=call.seed,
        inputs={"captions": captions, "lexicon": lexicon}, code=_CODE,
    )  # fmt: skip
    process = CodeswitchShards(captions, lexicon, config, call.seed)
    manifest = run_sharded(job, process, call.workers, _rows_in(captions, config.variants), summarise)
    for lang in poorly_covered(manifest.statistics["coverage"]):
        print(f"codeswitch: hardly a word of the captions has a translation into {lang}: are its columns swapped?")


def _rows_in(captions: Path, variants: int) -> int:
    from contract.dataset import Dataset

    batches = Dataset(captions, "captions").batches(["caption_id", "lang"])
    return sum(english.num_rows * variants + len(others) for english, others in map(split_by_language, batches))


def main(arguments: Sequence[str] | None = None) -> int:
    """The stage's command line."""
    paths = [
        PathOption("captions", "folder of the dataset captions"),
        PathOption("lexicon", "folder of the dataset lexicon"),
        PathOption("out", "folder of the dataset codeswitch", replaces=dataset_of("codeswitch")),
    ]
    return run_stage("codeswitch", Config, paths, run, "Code-switched captions from English ones (MCT).", arguments)
