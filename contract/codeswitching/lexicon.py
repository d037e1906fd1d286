"""The lexicon in memory: compact, loaded once a process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.codeswitching.ragged import Utf8, offsets_of, ranges, utf8_of, whole_weights
from contract.dataset import Dataset
from contract.errors import InputError, UsageError


class Lexicon:
    """An English-to-many lexicon in flat arrays.

    An entry is one (source, language). The entries of a source lie side by side, sorted by language; the targets of
    an entry lie side by side in ``targets``.

    Args:
        table: columns source, lang, targets and scores as in the dataset ``lexicon``; a source's rows side by side.
        languages: only these; all where it is empty.

    Attributes:
        languages: the languages, sorted; a language number is a place in it.
        positions: source → its number.
        entry_offsets: [sources + 1], the first entry of each source.
        entry_language: [entries], language numbers.
        target_offsets: [entries + 1], the first target of each entry.
        target_sums: [targets + 1], the shares by score of all targets before each, in whole millionths. A target
            without a score counts as its entry's least one; of an entry without scores all are alike.
        targets: the target strings as they stand in the dictionaries, and after them all of them once more with a
            capital first letter.
        num_targets: how many there are of each.

    Raises:
        InputError: where there is no entry, or one without a target or with scores that do not fit its targets.
        UsageError: where a language that was asked for is not in the table.
    """

    def __init__(self, table: pa.Table, languages: Sequence[str] = ()) -> None:
        if table.num_rows == 0:
            raise InputError(
                "The lexicon is empty.", "at least one entry.",
                "put dictionaries where the stage `lexicon` reads them, and look at its rejects.",
            )  # fmt: skip
        table = table.filter(pc.is_in(table["lang"], pa.array(_known(table, languages), pa.string())))
        tags = pc.dictionary_encode(table["lang"].combine_chunks())
        found = tags.dictionary.to_pylist()
        self.languages: tuple[str, ...] = tuple(sorted(found))
        ranks = np.array([self.languages.index(tag) for tag in found], np.int32)
        self.entry_language: np.ndarray = ranks[tags.indices.to_numpy()]
        sources = pc.run_end_encode(table["source"].combine_chunks())
        names: list[str] = sources.values.to_pylist()
        self.positions: dict[str, int] = {name: position for position, name in enumerate(names)}
        self.entry_offsets: np.ndarray = np.concatenate([[0], sources.run_ends.to_numpy()])
        lists = table["targets"].combine_chunks()
        self.target_offsets: np.ndarray = offsets_of(lists.value_lengths().to_numpy()).astype(np.int32)
        scores = table["scores"].combine_chunks()
        _check_lists(lists, scores)
        self.target_sums: np.ndarray = offsets_of(whole_weights(self._shares(scores)))
        targets = lists.flatten()
        self.num_targets = len(targets)
        self.targets: Utf8 = utf8_of(pa.concat_arrays([targets, _capitalised(targets)]))

    def _shares(self, scores: pa.ListArray) -> np.ndarray:
        """Each target's share of its entry, by score; float64 [targets]."""
        firsts, counts = self.target_offsets[:-1], np.diff(self.target_offsets)
        weights = np.full(self.target_offsets[-1], np.nan)
        scored = np.flatnonzero(scores.is_valid().to_numpy(zero_copy_only=False))
        values = pc.cast(scores.flatten(), pa.float64()).to_numpy(zero_copy_only=False)
        weights[ranges(firsts[scored], counts[scored])] = values
        least = np.nan_to_num(np.fmin.reduceat(weights, firsts), nan=1.0)
        weights = np.where(np.isnan(weights), np.repeat(least, counts), weights)
        return weights / np.repeat(np.add.reduceat(weights, firsts), counts)

    @classmethod
    def load(cls, folder: Path, languages: Sequence[str] = ()) -> Lexicon:
        """Reads the dataset ``lexicon``.

        Raises:
            InputError: where it is unfinished, of another version, or empty; names the folder.
            UsageError: where a language that was asked for is not in it.
        """
        try:
            return cls(Dataset(folder, "lexicon").table(["source", "lang", "targets", "scores"]), languages)
        except InputError as error:
            raise InputError(f"{folder}: {error.what}", error.expected, error.remedy) from error

    def entries_of(self, source: str) -> range:
        """The entries of a source; none where the lexicon does not hold it."""
        position = self.positions.get(source)
        if position is None:
            return range(0)
        return range(int(self.entry_offsets[position]), int(self.entry_offsets[position + 1]))

    def targets_of(self, source: str, language: str) -> list[str]:
        """The translations of a source into one language."""
        for entry in self.entries_of(source):
            if self.languages[self.entry_language[entry]] == language:
                first, last = self.target_offsets[entry], self.target_offsets[entry + 1]
                return list(self.targets.strings()[int(first) : int(last)].to_pylist())
        return []


def _known(table: pa.Table, languages: Sequence[str]) -> list[str]:
    present = pc.unique(table["lang"]).to_pylist()
    unknown = sorted(set(languages) - set(present))
    if unknown:
        raise UsageError(
            f"languages names {', '.join(unknown)}, for which the lexicon has no entry.",
            f"some of {', '.join(sorted(present))}.",
        )
    return list(languages) or present


def _check_lists(targets: pa.ListArray, scores: pa.ListArray) -> None:
    numbers = targets.value_lengths().to_numpy()
    stated = pc.fill_null(scores.value_lengths(), pa.array(numbers, pa.int32())).to_numpy()
    values = pc.drop_null(scores.flatten()).to_numpy()
    if (numbers == 0).any() or (stated != numbers).any() or not ((values > 0) & np.isfinite(values)).all():
        raise InputError(
            "The lexicon has an entry without a target, or scores that do not fit its targets.",
            "one target an entry at least, and a positive score or null for each.", "make it with the stage `lexicon`.",
        )  # fmt: skip


def _capitalised(strings: pa.StringArray) -> pa.StringArray:
    first = pc.utf8_upper(pc.utf8_slice_codeunits(strings, 0, 1))
    return pc.binary_join_element_wise(first, pc.utf8_slice_codeunits(strings, 1), "")
