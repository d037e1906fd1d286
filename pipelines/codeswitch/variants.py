"""Which of the drawn variants become rows, and why the others do not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.codeswitching.assembly import SCHEMA
from contract.codeswitching.compiled import compiled
from contract.codeswitching.ragged import bytes_of
from contract.codeswitching.switcher import Switched
from contract.schemas import REJECTS

_KEPT, _NOTHING, _NOT_SWITCHED, _SAME = range(4)
_REASONS = {
    _NOTHING: ("nothing_to_switch", "the lexicon holds none of its words"),
    _NOT_SWITCHED: ("not_switched", "the draw left its words as they were"),
    _SAME: ("same_as_variant", "an earlier variant has the same text"),
}


def rows_of(captions: pa.RecordBatch, switched: Switched, variants: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Rows of the dataset ``codeswitch`` and rejects, which together are all variants of all captions.

    Args:
        captions: columns caption_id, image_id, text, split.
        switched: what was drawn for them, variants 0 to ``variants`` - 1.
        variants: number of variants.
    """
    fates = _fates(switched, captions["text"], variants)
    kept = fates == _KEPT
    caption, variant = _numbers(np.flatnonzero(kept), variants)
    columns = {
        "caption_id": captions["caption_id"].take(caption),
        "image_id": captions["image_id"].take(caption),
        "variant": variant,
        "text": switched.texts.filter(pa.array(kept)),
        "source_text": _of_rows(captions["text"], caption),
        "replacements": switched.replacements(kept),
        "split": _of_rows(captions["split"], caption),
    }
    rows = pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    return rows, _rejects(captions["caption_id"], fates, variants)


def _of_rows(column: pa.StringArray, caption: pa.Array) -> pa.DictionaryArray:
    """What the captions of rows hold, as a dictionary without those of captions that have no row."""
    changes = np.diff(caption.to_numpy(), prepend=-1) > 0  # the rows of a caption lie side by side
    held = column.take(caption.filter(pa.array(changes)))
    return pc.dictionary_encode(held).take(pa.array(np.cumsum(changes) - 1))


def _numbers(rows: np.ndarray, variants: int) -> tuple[pa.Array, pa.Array]:
    """The caption and the variant of each row."""
    return pa.array((rows // variants).astype(np.int32)), pa.array((rows % variants).astype(np.int16))


def _fates(switched: Switched, sources: pa.StringArray, variants: int) -> np.ndarray:
    """The fate of each row, int8 [rows]."""
    fates = np.full(len(switched.texts), _KEPT, np.int8)
    _mark_unchanged(*bytes_of(switched.texts), *bytes_of(sources), variants, fates)
    _mark_seen(*bytes_of(switched.texts), variants, fates)
    empty = np.bincount(switched.matches.captions, minlength=len(sources)) == 0
    fates[np.repeat(empty, variants)] = _NOTHING
    return fates


@compiled
def _mark_unchanged(
    data: np.ndarray, at: np.ndarray, source_data: np.ndarray, source_at: np.ndarray, variants: int, fates: np.ndarray
) -> None:
    """Gives the fate to each row whose text is its caption's: ``data`` and ``at`` are the rows', the others theirs."""
    for row in range(len(fates)):
        source, size = source_at[row // variants], at[row + 1] - at[row]
        if source_at[row // variants + 1] - source == size and _equal(data, at[row], source_data, source, size):
            fates[row] = _NOT_SWITCHED


@compiled
def _mark_seen(data: np.ndarray, at: np.ndarray, variants: int, fates: np.ndarray) -> None:
    """Gives the fate to each row whose text an earlier row of the same caption has.

    The earlier rows are kept in chains by their length in bytes, so that few of them are compared.

    Args:
        data: uint8 [bytes], the texts.
        at: [rows + 1], where each begins.
        variants: rows a caption.
        fates: [rows].
    """
    last, before = np.empty(variants, np.int64), np.empty(variants, np.int64)
    for first in range(0, len(fates), variants):
        last[:] = -1
        for variant in range(variants):
            row = first + variant
            if fates[row] != _KEPT:
                continue
            size = at[row + 1] - at[row]
            earlier = last[size % variants]
            while earlier >= 0:
                place = at[first + earlier]
                if at[first + earlier + 1] - place == size and _equal(data, at[row], data, place, size):
                    break
                earlier = before[earlier]
            if earlier >= 0:
                fates[row] = _SAME
            else:
                before[variant], last[size % variants] = last[size % variants], variant


@compiled
def _equal(one: np.ndarray, start: int, other: np.ndarray, other_start: int, size: int) -> bool:
    """Whether as many bytes are the same in both."""
    same = 0
    while same < size and one[start + same] == other[other_start + same]:
        same += 1
    return same == size


def _rejects(ids: pa.StringArray, fates: np.ndarray, variants: int) -> pa.RecordBatch:
    lost = np.flatnonzero(fates)
    caption, variant = _numbers(lost, variants)
    said = [("", ""), *_REASONS.values()]
    reasons, messages = (
        pa.array(column, pa.string()).take(pa.array(fates[lost])) for column in zip(*said, strict=True)
    )
    keys = pc.binary_join_element_wise(ids.take(caption), pc.cast(variant, pa.string()), "#")
    sources = pa.array(["captions"] * len(lost), pa.string())
    return pa.RecordBatch.from_arrays([keys, sources, reasons, messages], schema=REJECTS.arrow)
