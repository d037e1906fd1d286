"""COCO's JSON of captions, with its licences, and splits in Karpathy's form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from contract.errors import InputError
from contract.files import files_like
from contract.text import is_text, printable
from pipelines.ingest.settings import SPLITS, Caption, Config, Listed, Mine

_KARPATHY = {"train": "train", "restval": "train", "val": "val", "test": "test"}


def listed_pictures(captions: Path, config: Config) -> Iterator[Listed]:
    """The pictures of all caption files; the split is Karpathy's, or the one that the file's name holds.

    Raises:
        InputError: where no caption file is found or one is no COCO JSON.
    """
    chosen = _karpathy_splits(captions / config.split_file) if config.split_file else None
    for path in _files(captions, config):
        content, source = _load(path, "images"), path.relative_to(captions).as_posix()
        licenses = {_id(row): _license(row) for row in content.get("licenses") or [] if isinstance(row, dict)}
        split = next((split for split in SPLITS if split in path.name), None)
        for number, row in enumerate(content["images"], 1):
            stated = row.get("file_name") if isinstance(row, dict) else None
            name = stated if is_text(stated) else ""
            of = chosen.get(PurePosixPath(name).name) if chosen is not None else split
            yield Listed(name, of, source, number, licenses.get(_id(row, "license")) if name else None)


def captions(captions: Path, config: Config, mine: Mine) -> Iterator[Caption]:
    """The captions of all caption files, of the pictures that are ``mine``."""
    if config.wants(config.caption_language):
        for path in _files(captions, config):
            yield from captions_of(path, path.relative_to(captions).as_posix(), config.caption_language, mine)


def captions_of(path: Path, source: str, lang: str, mine: Mine) -> Iterator[Caption]:
    """The captions of one COCO JSON.

    Raises:
        InputError: where it is none.
    """
    content = _load(path, "images", "annotations")
    rows = [row for row in content["images"] if isinstance(row, dict)]
    stems = {_id(row): PurePosixPath(str(row.get("file_name"))).stem for row in rows if is_text(row.get("file_name"))}
    for number, row in enumerate(content["annotations"], 1):
        row = row if isinstance(row, dict) else {}
        picture, text = _id(row, "image_id"), row.get("caption")
        image_id = stems.get(picture, f"unknown-{picture}")
        if not mine(image_id):
            continue
        own = _id(row)
        caption_id = f"coco-{lang}-{f'{path.stem}-{number}' if own is None else own}"
        if is_text(text):
            yield Caption(image_id, caption_id, lang, text, source)
        else:
            yield Caption(image_id, caption_id, lang, "", source, f"annotation {number} has no caption that is text")


def _files(captions: Path, config: Config) -> list[Path]:
    found = files_like(captions, config.caption_files)
    if not found:
        raise InputError(
            f"{captions} holds no {config.caption_files}.", "COCO's caption files, such as captions_train2017.json.",
            "place them there, or set ingest.caption_files.",
        )  # fmt: skip
    return found


def _load(path: Path, *lists: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}", "COCO JSON.") from error
    for name in lists:
        if not isinstance(content, dict) or not isinstance(content.get(name), list):
            raise InputError(f"{path} has no list {name!r}.", "COCO JSON: images, annotations, licenses.")
    return content


def _id(row: dict[str, Any], name: str = "id") -> int | str | None:
    """A row's id, or another's that it names; None where it is nothing that can be one."""
    value = row.get(name)
    return value if isinstance(value, int) or is_text(value) else None


def _license(row: dict[str, Any]) -> str | None:
    """A licence's name and address; some releases hold the address with escaped slashes."""
    parts = [str(row.get("name") or ""), str(row.get("url") or "").replace("\\/", "/")]
    return printable(" ".join(part for part in parts if part)) or None


def _karpathy_splits(path: Path) -> dict[str, str]:
    rows = _load(path, "images")["images"]
    try:
        return {row["filename"]: _KARPATHY[row["split"]] for row in rows}
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path} has a picture without filename or with an unknown split ({error}).",
            f"images with filename and split ({', '.join(_KARPATHY)}).",
        ) from error
