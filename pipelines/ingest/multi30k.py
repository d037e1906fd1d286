"""The Multi30K layout: line i of a caption file belongs to line i of its list of pictures.

``task1/raw/<list>.<lang>[.gz]`` holds one caption a picture, ``task2/raw/<list>.<1…5>.<lang>[.gz]`` five, and
``task*/image_splits/<list>.txt`` (or ``<list>_images.txt``) names the pictures. Where a task has no lists, the other
task's serve.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import basename, splitext

from contract.errors import InputError
from contract.lines import read_lines
from pipelines.ingest.settings import Caption, Config, Listed, Mine

_TASKS = ("task1", "task2")
_CAPTION_FILE = re.compile(r"(?P<list>[^.]+)\.(?:(?P<number>\d+)\.)?(?P<lang>[a-z]{2,3}(?:-\w+)*)(?:\.gz)?")


def listed_pictures(captions: Path, config: Config) -> Iterator[Listed]:
    """The pictures of all lists that ``config.lists`` names.

    Raises:
        InputError: where there is no list at all.
    """
    found = [(path, config.lists[name]) for task in _TASKS for name, path in _lists(captions, task).items()
             if name in config.lists]  # fmt: skip
    if not found:
        raise InputError(
            f"{captions} holds no list of pictures.", f"task1/image_splits/{{{','.join(config.lists)}}}.txt.",
            "see docs/sources.md for the Multi30K layout.",
        )  # fmt: skip
    for path, split in found:
        for row, name in enumerate(names_of(path), 1):
            yield Listed(name, split, path.relative_to(captions).as_posix(), row)


def captions(captions: Path, config: Config, mine: Mine) -> Iterator[Caption]:
    """The captions of both tasks, of the pictures that are ``mine``.

    Raises:
        InputError: where a caption file and its list have different numbers of lines, or there is no such list.
    """
    pictures: dict[Path, list[str]] = {}
    for task in _TASKS:
        wanted = config.task1_languages if task == "task1" else config.task2_languages
        for path in sorted((captions / task / "raw").glob("*")):
            parts = _CAPTION_FILE.fullmatch(path.name)
            if parts is None or parts["list"] not in config.lists or not config.wants(parts["lang"]):
                continue
            if wanted and parts["lang"] not in wanted:
                continue
            prefix = "-".join(filter(None, [task, parts["number"], parts["lang"]]))
            names = _list_of(captions, task, path)
            if names not in pictures:
                pictures[names] = pictures_of(names)
            source = path.relative_to(captions).as_posix()
            yield from aligned_captions(path, source, pictures[names], parts["lang"], prefix, mine)


def aligned_captions(
    path: Path, source: str, pictures: list[str], lang: str, prefix: str, mine: Mine
) -> Iterator[Caption]:
    """The captions of one file, whose line i belongs to ``pictures[i]``."""
    reader = read_lines(path)
    lines = list(itertools.islice(reader, len(pictures)))
    count = len(lines) + sum(1 for _ in reader)
    if count != len(pictures):
        raise InputError(
            f"{path} has {count} lines, and its list names {len(pictures)} pictures.",
            "the same number: line i belongs to line i.", "take both from the same release.",
        )  # fmt: skip
    for image_id, line in zip(pictures, lines, strict=True):
        if mine(image_id):
            yield Caption(image_id, f"{prefix}-{image_id}", lang, line.text, source, line.fault)


def pictures_of(names: Path) -> list[str]:
    """The ids of the pictures that a list names, line by line."""
    return [image_id_of(name) for name in names_of(names)]


def image_id_of(name: str) -> str:
    """A picture's id: its file's name without folder and suffix."""
    return splitext(basename(name))[0]


def _lists(captions: Path, task: str) -> dict[str, Path]:
    """The lists of one task by name, without the suffix ``_images`` that some releases give them."""
    return {
        path.stem.removesuffix("_images"): path for path in sorted((captions / task / "image_splits").glob("*.txt"))
    }


def _list_of(captions: Path, task: str, path: Path) -> Path:
    """The list of a caption file, of its own task first, then of the other; ``test_2016`` is ``test_2016_flickr``."""
    wanted = path.name.split(".")[0]
    for lists in (_lists(captions, task), *(_lists(captions, other) for other in _TASKS if other != task)):
        for name, names in lists.items():
            if name == wanted or name.startswith(wanted + "_"):
                return names
    raise InputError(f"{path} has no list of pictures.", f"{task}/image_splits/{wanted}.txt in {captions}.")


def names_of(path: Path) -> list[str]:
    """The names in a list, without what follows ``#``; empty where a line cannot be read."""
    return [line.text.split("#")[0].strip() for line in read_lines(path)]
