"""One shard of the lexicon as it grows: pairs go in, entries come out, and whatever is left out says why."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from contract.codeswitching.keys import lookup_key
from contract.errors import InputError
from contract.hashing import shard_of
from contract.rejects import Reject
from contract.text import normal_form
from pipelines.lexicon.entries import Malformed, Pair
from pipelines.lexicon.files import DictionaryFile, require_language

_MALFORMED_SHARE = 0.5  # a file with more unreadable lines than this was taken for another kind than it is


class ShardBuilder:
    """Collects the entries whose source belongs to one shard.

    Args:
        index: which shard.
        shards: how many there are.
        languages: languages to keep; all where it is empty.
        keep_identical: whether pairs whose sides are the same are kept.
        phrases: whether sources of several words are kept.

    Attributes:
        read: pairs and unreadable lines that belong to the shard.
        further: pairs among them that add a target to an entry that was there.
        unusable_scores: pairs among them whose score is no positive number; they count as without one.
    """

    def __init__(
        self, index: int, shards: int, languages: tuple[str, ...], keep_identical: bool, phrases: bool
    ) -> None:
        self._index, self._shards = index, shards
        self._languages, self._keep_identical, self._phrases = frozenset(languages), keep_identical, phrases
        self._entries: defaultdict[tuple[str, str], dict[str, set[str]]] = defaultdict(dict)
        self._scores: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        self._keys: dict[str, tuple[str, bool]] = {}  # source as it stands → its key, and whether it belongs here
        self.read = self.further = self.unusable_scores = 0

    def add_file(self, file: DictionaryFile, items: Iterator[Pair | Malformed]) -> Iterator[Reject]:
        """Takes a whole dictionary in; yields what of this shard is left out.

        Raises:
            InputError: where the file holds nothing, or more than half of it cannot be read.
        """
        malformed: list[Malformed] = []
        number = 0
        for number, item in enumerate(items, 1):  # noqa: B007 — how many there were is needed after the loop
            if isinstance(item, Malformed):
                malformed.append(item)
                reject = self._malformed(file, item)
            else:
                reject = self._add(file, item)
            if reject:
                yield reject
        if number == 0:
            raise InputError(f"{file.name} holds no entry.", "a dictionary.", "remove the file, or get it anew.")
        if len(malformed) > _MALFORMED_SHARE * number:
            raise InputError(
                f"{file.name}: {len(malformed)} of {number} lines cannot be read; line {malformed[0].place}: "
                f"{malformed[0].message}.",
                "UTF-8 text of one of the kinds that docs/codeswitch.md lists.",
                "convert its encoding, or name its kind: formats: {pattern of its name: kind}.",
            )

    def _malformed(self, file: DictionaryFile, item: Malformed) -> Reject | None:
        place = f"{file.name}:{item.place}"
        if shard_of(place, self._shards) != self._index:
            return None
        self.read += 1
        return Reject(place, place, "entry_malformed", item.message)

    def _add(self, file: DictionaryFile, pair: Pair) -> Reject | None:
        source, target = (pair.target, pair.source) if file.swapped else (pair.source, pair.target)
        key, belongs = self._keys.get(source) or self._learn(source)
        if not belongs:
            return None
        target = " ".join(normal_form("NFC", target).split())
        if not key or not target:
            return self._reject(file, pair, key, "entry_malformed", "source or target is empty")
        try:
            lang = file.lang if not pair.lang else require_language(pair.lang, file.name)
        except InputError as error:
            return self._reject(file, pair, key, "entry_malformed", error.what)
        return self._add_entry(file, pair, key, target, lang or require_language("", file.name))

    def _learn(self, source: str) -> tuple[str, bool]:
        key = lookup_key(source)
        learnt = self._keys[source] = key, shard_of(key, self._shards) == self._index
        return learnt

    def _add_entry(self, file: DictionaryFile, pair: Pair, key: str, target: str, lang: str) -> Reject | None:
        if self._languages and lang not in self._languages:
            return self._reject(file, pair, key, "entry_other_language", lang)
        if not self._phrases and " " in key:
            return self._reject(file, pair, key, "entry_phrase", f"{lang}: {key}")
        if not self._keep_identical and (key == target or key == lookup_key(target)):
            return self._reject(file, pair, key, "entry_identical", f"{lang}: {target}")
        if pair.score is not None and math.isnan(pair.score):
            self.unusable_scores += 1
        elif pair.score is not None:
            scores = self._scores[key, lang]
            scores[target] = max(pair.score, scores.get(target, 0.0))
        origins = self._entries[key, lang]
        if target in origins:
            origins[target].add(file.name)
            return self._reject(file, pair, key, "entry_merged", f"{lang}: {target}")
        self.read += 1
        self.further += bool(origins)
        origins[target] = {file.name}
        return None

    def _reject(self, file: DictionaryFile, pair: Pair, key: str, reason: str, message: str) -> Reject:
        self.read += 1
        return Reject(key, f"{file.name}:{pair.place}", reason, message)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The entries as rows of the dataset ``lexicon``, in its order."""
        for (source, lang), origins in sorted(self._entries.items(), key=lambda entry: entry[0]):
            targets, names = sorted(origins), sorted(set().union(*origins.values()))
            scores = self._scores.get((source, lang))
            stated = [scores.get(target) for target in targets] if scores else None
            yield {"source": source, "lang": lang, "targets": targets, "origins": names, "scores": stated}

    def counts_by_language(self) -> tuple[Counter[str], Counter[str]]:
        """Entries and pairs of each language."""
        entries, pairs = Counter[str](), Counter[str]()
        for (_, lang), origins in self._entries.items():
            entries[lang] += 1
            pairs[lang] += len(origins)
        return entries, pairs
