"""Captions in the Multi30K layout: five a picture in English and German, one in every other language."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

from contract.hashing import stable_hash
from pipelines.scenes.language.captions import caption
from pipelines.scenes.raw.pictures import file_name
from pipelines.scenes.scene import LANGUAGES, Scene

FIVE, FIVE_LANGUAGES = 5, ("en", "de")
ONE_LANGUAGES = tuple(lang for lang in LANGUAGES if lang not in FIVE_LANGUAGES)


def write_captions(splits: Mapping[str, Sequence[Scene]], folder: Path, seed: int) -> dict[str, set[str]]:
    """Writes task 1 (one caption a picture) and task 2 (five), and answers with all captions by language."""
    written: dict[str, set[str]] = {lang: set() for lang in LANGUAGES}
    for task, languages, count in (("task1", ONE_LANGUAGES, 1), ("task2", FIVE_LANGUAGES, FIVE)):
        for part in ("raw", "image_splits"):
            (folder / task / part).mkdir(parents=True)
        for split, scenes in splits.items():
            write_lines(folder / task / "image_splits" / f"{split}.txt", map(file_name, scenes))
            for lang in languages:
                told = [captions_of(scene, lang, count, seed) for scene in scenes]
                written[lang].update(*told)
                for number, lines in enumerate(zip(*told, strict=True), 1):
                    middle = f"{number}.{lang}" if count > 1 else lang
                    _write_compressed(folder / task / "raw" / f"{split}.{middle}.gz", lines)
    return written


def captions_of(scene: Scene, lang: str, count: int, seed: int) -> list[str]:
    """Captions of one picture, no two alike."""
    draw = Random(stable_hash(seed, "captions", scene.scene_id, lang))
    distinct: dict[str, None] = {}
    while len(distinct) < count:
        distinct[caption(scene, lang, draw)] = None
    return list(distinct)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Writes lines as UTF-8, with the same ends on every machine."""
    path.write_bytes(_bytes(lines))


def _write_compressed(path: Path, lines: Iterable[str]) -> None:
    path.write_bytes(gzip.compress(_bytes(lines), mtime=0))


def _bytes(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
