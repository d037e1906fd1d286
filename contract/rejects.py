"""Rows that did not pass, and the fixed list of reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from contract.schemas import REJECTS
from contract.text import printable

# One line a reason: the code as it stands in Parquet and manifests, and what it means. Add here, never in a stage.
REASONS: dict[str, str] = {
    # ingest
    "image_missing": "the picture that the source names is not there",
    "image_unreadable": "the picture's file is broken, or no picture",
    "image_too_large": "more pixels than the limit against decompression bombs",
    "image_unsafe_path": "the picture's name leads out of its folder",
    "caption_empty": "no text is left after normalisation",
    "caption_orphan": "the caption's picture was rejected or is unknown",
    "duplicate_key": "another row has this key",
    "malformed_row": "the row cannot be read as its format says",
    # regions
    "no_regions": "fewer regions were found, or imported, than the least number",
    "image_oblong": "so long and narrow that little is left of it in the detector's size",
    "features_missing": "no file of imported features has a record of the picture",
    "image_changed": "the picture's file has another size than when it was ingested",
    "features_not_finite": "features hold values that no float16 can, or boxes or scores are no finite numbers",
    # triples, by MILD's steps
    "query_empty": "step 1: no text is left after normalisation",
    "language_unknown": "step 1: the language is none of those asked for, or cannot be told",
    "clicks_absurd": "step 1: a number of clicks that is none: negative, zero or beyond reason",
    "clicks_merged": "step 1: merged into an earlier row of the same query and picture",
    "image_unknown": "the log (step 1), or a file of features, names a picture that the images table does not hold",
    "image_small": "step 2: narrower or lower than the least size",
    "image_sensitive": "step 2: the classifier finds it sensitive",
    "image_no_features": "step 2: features cannot be reliably extracted from it",
    "query_sensitive": "step 3: the query asks for sensitive matter",
    "query_noisy": "step 3: noise or numbers, by a named rule",
    "query_short": "step 3: fewer words than the least number",
    "query_irrelevant": "step 4: relevance under the threshold",
    "query_over_five": "step 4: the picture has enough better queries",
    "over_quota": "step 5: its language and split are full",
    "split_conflict": "ingest, and step 5: the picture, or a near-duplicate of it, lies in another split",
    # lexicon
    "entry_malformed": "the dictionary's line cannot be read as its format says",
    "entry_identical": "source and translation are the same",
    "entry_merged": "merged into the same entry of another line or dictionary",
    "entry_other_language": "a language that was not asked for",
    "entry_phrase": "several words, where phrases were not asked for",
    # code-switching
    "not_english": "the caption is not English",
    "nothing_to_switch": "the lexicon holds no word of the caption",
    "not_switched": "the draw left every word as it was",
    "same_as_variant": "the draw equals an earlier variant's",
    # corpus
    "sentence_empty": "no text is left after normalisation",
    "sentence_too_short": "fewer characters than the least number",
    "sentence_too_long": "more characters than the greatest number",
    "sentence_duplicate": "the same sentence was there before",
    "not_sampled": "α-smoothed sampling left it out",
}


@dataclass(frozen=True)
class Reject:
    """A row that is left out: its key, where it came from, why (a code of REASONS), and in words."""

    key: str
    source: str
    reason: str
    message: str

    def __post_init__(self) -> None:
        """Keeps the list of reasons closed, and makes text of what is none.

        Raises:
            ValueError: for a reason that is not in REASONS.
        """
        _check_reasons([self.reason])
        for name in ("key", "source", "message"):  # what is rejected may be no text
            object.__setattr__(self, name, printable(getattr(self, name)))


class Rejects:
    """Gathers the rejects of a shard."""

    def __init__(self) -> None:
        self._rejects: list[Reject] = []
        self._batches: list[pa.RecordBatch] = []

    def add(self, rejects: Reject | pa.RecordBatch) -> None:
        """Adds one, or a batch of them by the schema of rejects.

        Raises:
            ValueError: for a reason that is not in REASONS.
        """
        if isinstance(rejects, Reject):
            self._rejects.append(rejects)
            return
        _check_reasons(rejects.column("reason").unique().to_pylist())
        self._batches.append(rejects)

    def by_reason(self) -> dict[str, int]:
        """How many there are of each reason."""
        counted = self._table().column("reason").value_counts().to_pylist()
        return {one["values"]: one["counts"] for one in counted}

    def in_order(self) -> Iterator[pa.RecordBatch]:
        """All of them, in the order of the dataset's key."""
        yield from self._table().sort_by([(name, "ascending") for name in REJECTS.key]).to_batches()

    def _table(self) -> pa.Table:
        single = pa.RecordBatch.from_pylist([vars(reject) for reject in self._rejects], schema=REJECTS.arrow)
        return pa.Table.from_batches([single, *self._batches], schema=REJECTS.arrow)


def _check_reasons(reasons: Iterable[str]) -> None:
    for reason in reasons:
        if reason not in REASONS:
            raise ValueError(f"unknown reject reason {reason!r}; add it to contract/rejects.py")
