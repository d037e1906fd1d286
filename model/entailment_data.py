"""Entailment data: pairs of a premise and a hypothesis, whether the one follows from the other, and as token ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from contract.errors import InputError
from contract.hashing import stable_hash
from contract.lines import read_lines
from contract.progress import progress
from contract.text import clean_text
from model.data import Ints, join_pair, tell_unknown
from model.entailment_files import EntailmentFile, columns_of, find_files, is_language
from model.task_config import CLASSES
from model.tokenizer import Tokenizer

LABELS = CLASSES["entailment"]
_NUMBERS = {label: number for number, label in enumerate(LABELS)} | {"contradictory": LABELS.index("contradiction")}
_UNKNOWN = "und"  # BCP 47 for a language that is not determined
_LEAST_LENGTH = 6  # tokens: four ends, and one of each sentence
LeftOut = Counter[tuple[str, str]]  # rows by language and reason


class Example(NamedTuple):
    """A pair: file and line as its key, language, both sentences, and the label by its number."""

    key: str
    lang: str
    premise: str
    hypothesis: str
    label: int


@dataclass(frozen=True)
class Judged:
    """Tokenised pairs in the order of files and lines.

    Attributes:
        tokens: both sentences' ids as one text, with all ends.
        labels: by their numbers in LABELS, one a pair.
        languages: BCP 47, one a pair.
        keys: file and line, one a pair.
        left_out: rows by language and reason; ``und`` where a row tells no language.
    """

    tokens: list[Ints]
    labels: list[int]
    languages: list[str]
    keys: list[str]
    left_out: dict[str, dict[str, int]]

    def __len__(self) -> int:
        return len(self.tokens)

    def sample(self, count: int) -> Judged:
        """``count`` pairs of each language by a stable hash of their places in it; all where ``count`` is 0.

        Where the languages hold the same pairs in the same order, as XNLI's do, these are the same ones in each.
        """
        if not count:
            return self
        rows_of: dict[str, list[int]] = {}
        for row, lang in enumerate(self.languages):
            rows_of.setdefault(lang, []).append(row)
        longest = range(max(map(len, rows_of.values()), default=0))
        order = sorted(longest, key=lambda place: (stable_hash("sample", place), place))
        kept = sorted(
            rows[place] for rows in rows_of.values() for place in [one for one in order if one < len(rows)][:count]
        )
        return Judged(
            [self.tokens[row] for row in kept], [self.labels[row] for row in kept],
            [self.languages[row] for row in kept], [self.keys[row] for row in kept], self.left_out,
        )  # fmt: skip


def read_judged(folder: Path, split: str, languages: Sequence[str], tokenizer: Tokenizer, longest: int) -> Judged:
    """The pairs of a split, tokenised; in some languages, or in all where none is named.

    Says how many rows are left out, by reason, how many pairs are cut, and of a language of which many hold characters
    that the tokenizer does not know, how many do.

    Raises:
        InputError: where a file is no text, the split or a language that is named has no pair, or ``longest`` leaves no
            room for one.
    """
    if longest < _LEAST_LENGTH:
        raise InputError(f"The checkpoint reads {longest} tokens.", f"{_LEAST_LENGTH} at least, for a pair.")
    left_out: LeftOut = Counter()
    found = Judged([], [], [], [], {})
    cut = 0
    for one in progress(read_examples(folder, split, languages, left_out), "tokenising pairs", unit="pairs"):
        premise, hypothesis = tokenizer.encode(one.premise), tokenizer.encode(one.hypothesis)
        if not premise or not hypothesis:
            left_out[one.lang, "empty"] += 1
            continue
        tokens = join_pair(tokenizer, premise, hypothesis, longest)
        cut += len(tokens) < len(premise) + len(hypothesis) + 4
        found.tokens.append(tokens)
        found.labels.append(one.label)
        found.languages.append(one.lang)
        found.keys.append(one.key)
    for (lang, reason), count in sorted(left_out.items()):
        found.left_out.setdefault(lang, {})[reason] = count
    _tell(found, folder, split, languages, cut, longest)
    for lang in sorted(set(found.languages)):
        pairs = zip(found.tokens, found.languages, strict=True)
        tell_unknown([tokens for tokens, of_pair in pairs if of_pair == lang], f"entailment: pairs in {lang}")
    return found


def _tell(found: Judged, folder: Path, split: str, languages: Sequence[str], cut: int, longest: int) -> None:
    reasons = "; ".join(
        f"{lang}: {', '.join(f'{reason} {count:,}' for reason, count in by_reason.items())}"
        for lang, by_reason in found.left_out.items()
    )
    there = set(found.languages)
    missing = [lang for lang in languages if lang not in there]
    if missing or not there:
        raise InputError(
            f"{folder} has no pair {f'in {missing[0]!r} ' if missing else ''}in the split {split!r} (pairs: "
            f"{len(found):,}; rows left out: {reasons or 'none'}).",
            f"one at least, with a label out of {', '.join(LABELS)}.",
            "choose another split or other languages, or look at the files' columns; see docs/sources.md.",
        )
    if reasons:
        print(f"entailment: rows of the split {split!r} are left out: {reasons}.")
    if cut:
        print(f"entailment: {cut:,} of {len(found):,} pairs have more than {longest} tokens and are cut.")


def read_examples(folder: Path, split: str, languages: Sequence[str], left_out: LeftOut) -> Iterator[Example]:
    """The pairs of a split in the order of files and lines, in some languages, or in all where none is named.

    Args:
        folder: the files, at any depth.
        split: train, val or test.
        languages: BCP 47.
        left_out: rows that are left out are counted here: ``columns`` too many or too few, no ``language``, a ``label``
            outside the set, an ``empty`` sentence.

    Raises:
        InputError: where a file is no text, or two files hold pairs of one language.
    """
    file_of: dict[str, EntailmentFile] = {}
    for file in find_files(folder, split):
        if file.lang is not None and languages and file.lang not in languages:
            continue
        for example in _examples(file, languages, left_out):
            other = file_of.setdefault(example.lang, file)
            if other is not file:
                raise InputError(
                    f"{other.path} and {file.path} both hold pairs in {example.lang!r} of the split {split!r}.",
                    "one file of each language and split.",
                    "join them, or take one of them away.",
                )
            yield example


def _examples(file: EntailmentFile, languages: Sequence[str], left_out: LeftOut) -> Iterator[Example]:
    columns, has_header = None, False
    for number, line in enumerate(read_lines(file.path), 1):
        if line.fault:
            raise InputError(
                f"{file.path}, line {number}: {line.fault}.", "a table with tabs, in UTF-8.", "save it as UTF-8."
            )
        cells = line.text.split("\t")
        if columns is None:
            columns, has_header = columns_of(cells, file)
            if has_header:
                continue
        if len(cells) != columns.count:
            left_out[file.lang or _UNKNOWN, "columns"] += 1
            continue
        lang = file.lang if columns.lang is None else cells[columns.lang].strip()
        if lang is None or not is_language(lang):
            left_out[_UNKNOWN, "language"] += 1
            continue
        if languages and lang not in languages:
            continue
        label = _NUMBERS.get(cells[columns.label].strip().lower())
        premise, hypothesis = clean_text(cells[columns.premise]), clean_text(cells[columns.hypothesis])
        if label is None or not premise or not hypothesis:
            left_out[lang, "label" if label is None else "empty"] += 1
            continue
        yield Example(f"{file.name}:{number}", lang, premise, hypothesis, label)
