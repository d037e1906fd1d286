"""The layout ``folder``: a folder of pictures, and captions that name the picture they belong to.

``<lang>.txt`` or ``<lang>.<anything>.txt``, plain or ``.gz``, as plain text is named; each line is a picture's file
name, a tab or a space, and the caption. There are no lists: whatever lies in the folder of pictures is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from contract.errors import InputError
from contract.lines import read_lines
from pipelines.ingest.settings import PICTURE_SUFFIXES, Caption, Config, Listed, Mine

_NAME = re.compile(r"(?P<lang>[a-z]{2,3}(?:-[A-Za-z0-9]+)*)(?:\..+)?\.txt(?:\.gz)?")


def listed_pictures(captions: Path, config: Config) -> Iterator[Listed]:
    """None: pictures are on no list."""
    return iter(())


def captions(captions: Path, config: Config, mine: Mine) -> Iterator[Caption]:
    """The captions of the pictures that are ``mine``, in the languages that are wanted.

    Raises:
        InputError: where there is no file of captions.
    """
    files = [(path, named["lang"]) for path in sorted(captions.iterdir()) if (named := _NAME.fullmatch(path.name))]
    if not files:
        raise InputError(
            f"{captions} holds no file of captions.", "<lang>.txt, such as en.txt.",
            "write a line a caption: the picture's file name, a tab or a space, the caption.",
        )  # fmt: skip
    number = Counter[tuple[str, str]]()
    for path, lang in files:
        if not config.wants(lang):
            continue
        for line in read_lines(path):
            if not line.text.strip() and not line.fault:
                continue
            name, text = _parted(line.text)
            image_id = _image_id(name)
            if mine(image_id):
                caption_id = f"{lang}-{number[lang, image_id]}-{image_id}"
                yield Caption(image_id, caption_id, lang, text, path.relative_to(captions).as_posix(), line.fault)
                number[lang, image_id] += 1


def _parted(line: str) -> tuple[str, str]:
    """The picture's name and the caption. Names with spaces need a tab behind them."""
    tag, tab, text = line.strip().partition("\t")
    if not tab:
        tag, _, text = tag.partition(" ")
    return tag.strip(), text


def _image_id(name: str) -> str:
    """A picture's id: its file's name without folder and suffix, which may be left out of the captions."""
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in PICTURE_SUFFIXES else path.name
