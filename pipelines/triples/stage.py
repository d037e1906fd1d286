"""The stage ``triples``: its settings and command line.

python -m pipelines.triples --log data/demo/raw/log --images data/demo/images --captions data/demo/captions
    --regions data/demo/regions --detector data/demo/detector --lexicon data/demo/lexicon --out data/demo/triples
    --params profiles/demo.yaml
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.command import Call, PathOption, run_stage
from contract.config import check_range, option
from contract.errors import UsageError
from contract.manifest import dataset_of
from contract.mild import PICTURES


@dataclass(frozen=True)
class Config:
    """Settings of the stage ``triples``, by MILD's steps."""

    languages: tuple[str, ...] = option(
        ("en", "de", "fr", "pt", "es", "it", "ja", "zh"), "step 1: languages wanted; the paper's eight", "ISO 639-1"
    )
    language_confidence: float = option(
        0.1, "step 1: where the log states no language, the wanted ones together must be at least this likely", "0 to 1"
    )
    captions_as_queries: bool = option(
        False, "step 1: where the log's folder is empty, each caption stands in for a query with one click"
    )
    least_side: int = option(300, "step 2: least width and height of a picture; the paper's", "px")
    sensitive_images: bool = option(True, "step 2: run nudenet on the pictures, where it is installed")
    sensitive_from: float = option(0.5, "step 2: score from which a picture is sensitive", "0 to 1")
    reliable_from: float = option(0.5, "step 2: least probability that features are reliable", "0 to 1")
    reliability_model: Path | None = option(None, "step 2: JSON of a trained model; else image_labels.jsonl trains one")
    word_lists: Path | None = option(None, "step 3: folder of further word lists, de or de.txt, a phrase a line")
    fewest_words: int = option(5, "step 3: least number of words of a query; the paper's", "words")
    relevance_model: Path | None = option(
        None, "step 4: JSON of a trained model; else relevance_labels.jsonl trains one, or clicks where there is none"
    )
    least_relevance: float = option(
        0.5, "step 4: least relevance, applied where labels (not clicks) taught the model", "0 to 1"
    )
    queries_an_image: int = option(5, "step 4: queries that a picture keeps, at most; the paper's", "queries")
    weak_pairs: int = option(200_000, "step 4: clicked pairs to learn from where there are no labels, at most", "pairs")
    quotas: dict[str, dict[str, int]] = option(
        PICTURES, "step 5: pictures by split and language, before scaling; the paper's", "pictures"
    )
    quota_scale: float = option(1.0, "step 5: what quotas are multiplied by")
    entity_models: dict[str, str] = option(
        {}, "statistics: spaCy models that count named entities, by language; a package's name or a folder"
    )
    chunk_bytes: int = option(64 << 20, "how much of a text log is read at once", "bytes")
    rows_a_worker: int = option(50_000, "fewer rows of the log are not worth another process", "rows")

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, "language_confidence sensitive_from reliable_from least_relevance", 0, 1)
        check_range(self, "queries_an_image", 1, 127)
        check_range(self, "least_side fewest_words weak_pairs", 0)
        check_range(self, "chunk_bytes rows_a_worker", 1)
        check_range(self, "quota_scale", 1e-12)
        if not self.languages:
            raise UsageError("languages is empty.", "one language at least.")
        for split, by_language in self.quotas.items():
            for lang, pictures in by_language.items():
                if pictures < 0:
                    raise UsageError(f"quotas gives {lang} in {split} {pictures} pictures.", "0 or more.")


PATHS = (
    PathOption("log", "folder of the search log: clicks*.jsonl, .tsv or .parquet, and optional labels"),
    PathOption("images", "the images dataset"),
    PathOption("captions", "the captions dataset, which stands in for a log where settings say so"),
    PathOption("regions", "the regions dataset"),
    PathOption("detector", "folder with detector.json, for the names of its classes"),
    PathOption("lexicon", "the lexicon dataset, by which these names are translated"),
    PathOption("matching", "a pre-trained checkpoint's matching scores, from model.match", required=False),
    PathOption("out", "where the triples dataset is written", replaces=dataset_of("triples")),
)


def run(call: Call[Config]) -> None:
    """Runs the stage; what is heavy is loaded here."""
    from pipelines.triples.job import TriplesJob

    TriplesJob(call).run()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return run_stage(
        "triples", Config, PATHS, run, "MILD: (query, image, context) triples from an image-search log.", arguments
    )
