"""Which of the drawn variants become rows, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.codeswitching import Switched
from contract.rejects import Reject
from contract.schemas import CODESWITCH

_KEPT, _NOTHING, _NOT_SWITCHED, _SAME = range(4)
_REASONS = {
    _NOTHING: ("nothing_to_switch", "the lexicon holds none of its words"),
    _NOT_SWITCHED: ("not_switched", "the draw left its words as they were"),
    _SAME: ("same_as_variant", "an earlier variant has the same text"),
}


def rows_of(captions: pa.RecordBatch, switched: Switched, variants: int) -> tuple[pa.RecordBatch, Iterator[Reject]]:
    """Rows of the dataset ``codeswitch`` and rejects, which together are all variants of all captions.

    Args:
        captions: columns caption_id, image_id, text, split.
        switched: what was drawn for them, variants 0 to ``variants`` - 1.
        variants: number of variants.
    """
    caption = np.repeat(np.arange(captions.num_rows), variants)
    variant = np.tile(np.arange(variants, dtype=np.int16), captions.num_rows)
    sources = captions["text"].take(pa.array(caption))
    fates = _fates(switched, sources, caption, variants)
    columns = {
        "caption_id": captions["caption_id"].take(pa.array(caption)),
        "image_id": captions["image_id"].take(pa.array(caption)),
        "variant": pa.array(variant),
        "text": switched.texts,
        "source_text": sources,
        "replacements": switched.replacements,
        "split": captions["split"].take(pa.array(caption)),
    }
    rows = pa.RecordBatch.from_arrays([columns[name] for name in CODESWITCH.arrow.names], schema=CODESWITCH.arrow)
    (lost,) = np.nonzero(fates)
    return (rows.filter(pa.array(fates == _KEPT)) if len(lost) else rows), _rejects(rows, fates, lost)


def _fates(switched: Switched, sources: pa.StringArray, caption: np.ndarray, variants: int) -> np.ndarray:
    """The fate of each row, int8 [rows]."""
    empty = np.bincount(switched.matches.captions, minlength=len(caption) // variants) == 0
    unchanged = pc.equal(switched.texts, sources).to_numpy(zero_copy_only=False)
    fates = np.full(len(caption), _KEPT, np.int8)
    if variants > 1:
        fates[_seen_before(switched.texts, caption)] = _SAME
    fates[unchanged] = _NOT_SWITCHED
    fates[empty[caption]] = _NOTHING
    return fates


def _seen_before(texts: pa.StringArray, caption: np.ndarray) -> np.ndarray:
    """Whether an earlier row of the same caption has the same text, bool [rows]."""
    codes = pc.dictionary_encode(texts).indices.to_numpy().astype(np.int64)
    _, first = np.unique(caption * len(caption) + codes, return_index=True)
    seen = np.ones(len(caption), bool)
    seen[first] = False
    return seen


def _rejects(rows: pa.RecordBatch, fates: np.ndarray, lost: np.ndarray) -> Iterator[Reject]:
    few = rows.select(["caption_id", "variant"]).take(pa.array(lost)).to_pylist()
    for row, fate in zip(few, fates[lost].tolist(), strict=True):
        reason, message = _REASONS[fate]
        yield Reject(f"{row['caption_id']}#{row['variant']}", "captions", reason, message)
