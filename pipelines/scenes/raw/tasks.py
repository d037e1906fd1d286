"""Data of the later tasks: translation, entailment, and headlines.

``translation/<split>.<lang>.txt``: line i says the same in every language, of the picture whose image_id is line i of
``translation/<split>.images.txt``. ``entailment/<split>.<lang>.tsv`` and ``headlines/<split>.<lang>.tsv`` begin with a
line of column names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from contract.hashing import stable_hash
from contract.progress import progress
from pipelines.scenes.language.tasks import entailment, headline, translation
from pipelines.scenes.raw.captions import write_lines
from pipelines.scenes.scene import LANGUAGES, Scene
from pipelines.scenes.stage import Config


def write_tasks(splits: Mapping[str, Sequence[Scene]], folder: Path, config: Config, seed: int) -> None:
    """Writes the data of all tasks, in all languages."""
    for task in ("translation", "entailment", "headlines"):
        (folder / task).mkdir(parents=True)
    for split, scenes in splits.items():
        shown = (scene.scene_id for scene in scenes for _ in range(config.task_rows))
        write_lines(folder / "translation" / f"{split}.images.txt", shown)
    for lang in progress(LANGUAGES, "data of the later tasks", unit="languages"):
        news = iter(_news(lang, config.headlines, seed))
        for split, scenes in splits.items():
            told = [(scene, row) for scene in scenes for row in range(config.task_rows)]
            name = f"{split}.{lang}"
            write_lines(
                folder / "translation" / f"{name}.txt", (_translated(scene, row, lang, seed) for scene, row in told)
            )
            pairs = (_judged(scene, row, lang, seed) for scene, row in told)
            _write_table(folder / "entailment" / f"{name}.tsv", ("premise", "hypothesis", "label"), pairs)
            share = config.headlines * len(scenes) // sum(map(len, splits.values()))
            titled = (next(news) for _ in range(share))
            _write_table(folder / "headlines" / f"{name}.tsv", ("headline", "body"), titled)


def _translated(scene: Scene, row: int, lang: str, seed: int) -> str:
    """A sentence of a scene; the same draw for every language, so that all say the same."""
    return translation(scene, "en", lang, Random(stable_hash(seed, "translation", scene.scene_id, row)))[lang != "en"]


def _judged(scene: Scene, row: int, lang: str, seed: int) -> tuple[str, str, str]:
    return entailment(scene, lang, Random(stable_hash(seed, "entailment", scene.scene_id, row)))


def _news(lang: str, count: int, seed: int) -> list[tuple[str, str]]:
    """Pieces of news, no two with the same body or headline, so that none is in two splits."""
    draw = Random(stable_hash(seed, "headlines", lang))
    found: list[tuple[str, str]] = []
    known: set[str] = set()
    while len(found) < count:
        piece = headline(lang, draw)
        if known.isdisjoint(piece):
            found.append(piece)
            known.update(piece)
    return found


def _write_table(path: Path, names: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    write_lines(path, ("\t".join(row) for row in (names, *rows)))
