"""The new texts, and the replacements that lead to them, as Arrow columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from contract.codeswitching.compiled import compiled
from contract.codeswitching.draws import Choices
from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.matches import Matches
from contract.codeswitching.ragged import Ints, copied, numbered_anew, room_for, slices_as_strings
from contract.codeswitching.tokens import Tokens
from contract.encoded import encoded
from contract.schemas import CODESWITCH

# The dataset's, with dictionaries where few strings come often.
SCHEMA = encoded(CODESWITCH.arrow, ("source_text", "split", "replacements.source", "replacements.lang"))
_REPLACEMENTS: pa.DataType = SCHEMA.field("replacements").type


class _Replaced(NamedTuple):
    """What gives way to what, in bytes.

    Attributes:
        offsets: [rows + 1], where each row's replacements begin.
        matches: [replacements], the match that gives way.
        starts: [matches], its first byte in the joined captions.
        ends: [matches], one past its last byte.
        targets: [replacements], the lexicon's target that takes its place.
        target_at: [targets + 1], where each begins in the lexicon's bytes.
    """

    offsets: Ints
    matches: Ints
    starts: Ints
    ends: Ints
    targets: Ints
    target_at: Ints


def new_texts(tokens: Tokens, matches: Matches, choices: Choices, lexicon: Lexicon) -> pa.StringArray:
    """The text of each row, with what was chosen in its place."""
    captions, rows = tokens.utf8.at, len(choices.offsets) - 1
    targets, ends = _targets(matches, choices, lexicon), np.zeros(rows + 1, np.int64)
    replaced = _Replaced(choices.offsets, choices.matches, matches.starts, matches.ends, targets, lexicon.targets.at)
    variants = rows // max(len(captions) - 1, 1)
    _measure(captions, variants, replaced, ends)
    texts = room_for(ends)
    _fill(tokens.utf8.data, captions, lexicon.targets.data, variants, replaced, texts.data)
    return texts.strings()


def replacements(tokens: Tokens, matches: Matches, choices: Choices, lexicon: Lexicon) -> pa.ListArray:
    """What was chosen for each row, as the dataset ``codeswitch`` holds it."""
    chosen, (data, at) = choices.matches, lexicon.targets
    values = pa.StructArray.from_arrays(
        [
            pa.array(matches.first_characters.astype(np.int32)[chosen]),
            pa.array(matches.end_characters.astype(np.int32)[chosen]),
            _sources(tokens, matches, chosen),
            slices_as_strings(data, at[:-1], at[1:], _targets(matches, choices, lexicon)),
            pa.DictionaryArray.from_arrays(
                pa.array(lexicon.entry_language[choices.entries]), pa.array(lexicon.languages, pa.string())
            ),
        ],
        fields=list(_REPLACEMENTS.value_type),
    )
    return pa.ListArray.from_arrays(pa.array(choices.offsets.astype(np.int32)), values, type=_REPLACEMENTS)


def _sources(tokens: Tokens, matches: Matches, chosen: Ints) -> pa.DictionaryArray:
    """The words that give way; those of a form are always the same."""
    forms = matches.forms[chosen]
    indices, firsts = numbered_anew(forms, int(forms.max(initial=-1)) + 1)
    words = slices_as_strings(tokens.utf8.data, matches.starts, matches.ends, chosen[firsts]).dictionary_encode()
    return pa.DictionaryArray.from_arrays(words.indices.take(pa.array(indices)), words.dictionary)


def _targets(matches: Matches, choices: Choices, lexicon: Lexicon) -> Ints:
    """Which of the lexicon's targets each choice takes, with a capital where a sentence begins."""
    return choices.targets + matches.capital[choices.matches] * lexicon.num_targets


@compiled
def _measure(captions: Ints, variants: int, replaced: _Replaced, ends: Ints) -> None:
    """Fills in where each new text ends.

    Args:
        captions: [captions + 1], the first byte of each caption.
        variants: rows a caption.
        replaced: what gives way to what.
        ends: [rows + 1], of which the first is 0.
    """
    for row in range(len(ends) - 1):
        caption = row // variants
        length = captions[caption + 1] - captions[caption]
        for number in range(replaced.offsets[row], replaced.offsets[row + 1]):
            match, target = replaced.matches[number], replaced.targets[number]
            length += replaced.target_at[target + 1] - replaced.target_at[target]
            length -= replaced.ends[match] - replaced.starts[match]
        ends[row + 1] = ends[row] + length


@compiled
def _fill(
    source: np.ndarray, captions: Ints, targets: np.ndarray, variants: int, replaced: _Replaced, texts: np.ndarray
) -> None:
    """Fills in the bytes of the texts: what stands before, between and after the replacements, and the targets."""
    place = 0
    for row in range(len(replaced.offsets) - 1):
        caption = row // variants
        done = captions[caption]
        for number in range(replaced.offsets[row], replaced.offsets[row + 1]):
            match, target = replaced.matches[number], replaced.targets[number]
            place = copied(source, done, replaced.starts[match], texts, place)
            place = copied(targets, replaced.target_at[target], replaced.target_at[target + 1], texts, place)
            done = replaced.ends[match]
        place = copied(source, done, captions[caption + 1], texts, place)
