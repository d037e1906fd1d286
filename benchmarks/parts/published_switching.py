"""Code-switching as the published code is said to do it: word by word, on strings that are held in memory.

A gate a sentence, then for each word between spaces that a dictionary holds a draw, a language uniform among those
that have the word, and a translation, uniform, both by Python's ``randint``; look-up is exact. Nothing is written and
nothing is told of what was replaced.
"""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

Words = dict[str, dict[str, list[str]]]


def read_muse(paths: Iterable[Path]) -> Words:
    """For every English word the translations of each language that has it."""
    words: Words = {}
    for path in paths:
        of_language: dict[str, list[str]] = {}
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                source, _, target = line.strip().partition("\t" if "\t" in line else " ")
                of_language.setdefault(source, []).append(target)
        for source, targets in of_language.items():
            words.setdefault(source, {})[path.name] = targets
    return words


def switch(caption: str, words: Words, sentence_ratio: float, word_ratio: float) -> str:
    """One draw for one caption."""
    if random.random() >= sentence_ratio:
        return caption
    switched = []
    for word in caption.split(" "):
        if word in words and random.random() < word_ratio:
            languages = list(words[word])
            targets = words[word][languages[random.randint(0, len(languages) - 1)]]
            word = targets[random.randint(0, len(targets) - 1)]
        switched.append(word)
    return " ".join(switched)


def loop_seconds(captions: Sequence[str], words: Words, variants: int) -> float:
    """Seconds of the loop alone."""
    start = time.perf_counter()
    for _ in range(variants):
        for caption in captions:
            switch(caption, words, 1.0, 0.5)
    return time.perf_counter() - start
