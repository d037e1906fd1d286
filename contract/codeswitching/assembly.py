"""The new texts, and the replacements that lead to them, as Arrow columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from contract.codeswitching.draws import Choices
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.matches import Matches
from contract.codeswitching.ragged import Ints, bytes_of, offsets_of, ranges, slices_as_strings, strings_from
from contract.codeswitching.tokens import Tokens, Utf8
from contract.schemas import CODESWITCH

_REPLACEMENTS: pa.DataType = CODESWITCH.arrow.field("replacements").type


def assemble(
    tokens: Tokens, matches: Matches, choices: Choices, lexicon: Lexicon, variants: int
) -> tuple[pa.StringArray, pa.ListArray]:
    """Puts what was chosen into the texts.

    Returns:
        The new text of each row, and its replacements as the dataset ``codeswitch`` holds them.
    """
    captions = len(tokens.text_offsets) - 1
    source = tokens.utf8
    starts, ends = matches.starts[choices.matches], matches.ends[choices.matches]
    capital = matches.capital[choices.matches]
    targets = lexicon.targets.take(pa.array(choices.targets + capital * lexicon.num_targets))
    counts = np.bincount(choices.rows, minlength=captions * variants)
    text_starts = np.repeat(tokens.text_offsets[:-1], variants)
    text_ends = np.repeat(tokens.text_offsets[1:], variants)
    texts = _texts(source, targets, choices.rows, counts, (starts, ends), (text_starts, text_ends))
    values = pa.StructArray.from_arrays(
        [
            pa.array((starts - text_starts[choices.rows]).astype(np.int32)),
            pa.array((ends - text_starts[choices.rows]).astype(np.int32)),
            slices_as_strings(source.data, source.at[starts], source.at[ends] - source.at[starts]),
            targets,
            pa.array(lexicon.languages, pa.string()).take(pa.array(lexicon.entry_language[choices.entries])),
        ],
        fields=list(_REPLACEMENTS.value_type),
    )
    offsets = pa.array(offsets_of(counts).astype(np.int32))
    return texts, pa.ListArray.from_arrays(offsets, values, type=_REPLACEMENTS)


def _texts(
    source: Utf8,
    targets: pa.StringArray,
    rows: Ints,
    counts: Ints,
    replaced: tuple[Ints, Ints],
    texts: tuple[Ints, Ints],
) -> pa.StringArray:
    """Each row's text: what stands before, between and after its replacements, and the targets.

    Args:
        source: the captions' UTF-8.
        targets: [choices].
        rows: [choices], the row of each.
        counts: [rows], choices of each row.
        replaced: first and end character of each choice in the joined texts.
        texts: first and end character of each row's caption in the joined texts.
    """
    (starts, ends), (text_starts, text_ends) = replaced, texts
    target_data, target_at = bytes_of(targets)
    first_choice, numbers = offsets_of(counts), np.arange(len(rows))
    # Piece 2i + row is what stands before choice i, the next one is its target; a row's last piece is the rest.
    begins, lengths = np.empty((2, 2 * len(rows) + len(counts)), np.int64)
    before = np.where(numbers == first_choice[rows], text_starts[rows], np.concatenate([[0], ends[:-1]]))
    begins[2 * numbers + rows], lengths[2 * numbers + rows] = source.at[before], source.at[starts] - source.at[before]
    begins[2 * numbers + rows + 1] = target_at[:-1] + len(source.data)
    lengths[2 * numbers + rows + 1] = np.diff(target_at)
    rest = text_starts.copy()
    rest[counts > 0] = ends[first_choice[1:][counts > 0] - 1]
    last_piece = 2 * first_choice[1:] + np.arange(len(counts))
    begins[last_piece], lengths[last_piece] = source.at[rest], source.at[text_ends] - source.at[rest]
    ends_of_pieces = offsets_of(lengths)
    data = np.concatenate([source.data, target_data])[ranges(begins, lengths)]
    return strings_from(data, np.concatenate([[0], ends_of_pieces[last_piece + 1]]))
