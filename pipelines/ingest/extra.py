"""Captions in further languages, which other people wrote for the same pictures.

Three forms, told apart by the file: COCO JSON (``.json``); lines that go with a list beside the file
(``val.0.nl`` with ``val_images.txt``); and lines that begin with the picture
(``3637013_c675de7705.jpg#zhc#0 …``), where the picture's id is the name, or what stands before its first ``_``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from contract.lines import read_lines
from pipelines.ingest import coco
from pipelines.ingest.multi30k import aligned_captions, image_id_of, pictures_of
from pipelines.ingest.settings import Caption, Config, Mine, files_of_setting


def captions(captions: Path, config: Config, known: Collection[str], mine: Mine) -> Iterator[Caption]:
    """The extra captions of the pictures that are ``mine``.

    Args:
        captions: the folder ``raw/captions``.
        config: whose ``extra_captions`` names a pattern for each language.
        known: ids of the pictures that the source names or that lie in ``raw/images``.
        mine: which pictures are asked for.

    Raises:
        InputError: where a pattern finds no file.
    """
    for lang, pattern in sorted(config.extra_captions.items()):
        if config.wants(lang):
            for path in files_of_setting(captions, pattern, f"captions in {lang}", "extra_captions"):
                yield from _captions_of(path, path.relative_to(captions).as_posix(), lang, known, mine)


def _captions_of(path: Path, source: str, lang: str, known: Collection[str], mine: Mine) -> Iterator[Caption]:
    name, number, *_ = [*path.name.split("."), ""]
    names = path.with_name(f"{name}_images.txt")
    if path.suffix == ".json":
        yield from coco.captions_of(path, source, lang, mine)
    elif names.is_file():
        yield from aligned_captions(path, source, pictures_of(names), lang, f"extra-{lang}-{number}", mine)
    else:
        yield from _tagged_captions(path, source, lang, known, mine)


def _tagged_captions(path: Path, source: str, lang: str, known: Collection[str], mine: Mine) -> Iterator[Caption]:
    number = Counter[str]()
    for line in read_lines(path):
        tag, _, text = line.text.strip().replace("\t", " ", 1).partition(" ")
        image_id = _picture_of(tag, known)
        if not mine(image_id):
            continue
        fault = line.fault or ("" if tag else "the line names no picture")
        yield Caption(image_id, f"extra-{lang}-{number[image_id]}-{image_id}", lang, text, source, fault)
        number[image_id] += 1


def _picture_of(tag: str, known: Collection[str]) -> str:
    stem = image_id_of(tag.split("#")[0])
    return stem if stem in known else stem.split("_")[0]
