"""`m3p caption`: a picture in words, on the terminal and as a page."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from contract.dataset import Dataset
from contract.device import DEVICES
from contract.errors import InputError, UsageError
from contract.hashing import MANIFEST
from flows.answers import Answer, Line, Page, beside, page_of
from flows.page_file import check_target, write_page
from flows.picture_finder import PictureFinder
from flows.shown import one_line


@dataclass(frozen=True)
class Caption:
    """What is to be described, and by what; as the command's options."""

    picture: str
    checkpoint: Path
    regions: Path
    languages: list[str]
    images: Path | None
    detector: Path | None
    beam: int
    html: Path | None
    device: str


def run(asked: Caption) -> None:
    """Prints a caption in each language, a line each; and writes them to a page, under the picture.

    Raises:
        InputError: where checkpoint, picture or regions are not what is needed.
        UsageError: where language or device are not known.
    """
    if asked.device not in DEVICES:
        raise UsageError(f"--device is {asked.device!r}.", f"one of {', '.join(DEVICES)}.")
    if not asked.languages:
        raise UsageError("--lang is missing.", "the language of the caption.")
    if asked.html is not None:
        check_target(asked.html)
    with ExitStack() as stack:
        image_id, regions, images = asked.picture, asked.regions, asked.images or beside(asked.regions, "images")
        if _is_file(asked.picture):
            if asked.detector is None:
                raise InputError(
                    f"{asked.picture} is a picture whose regions nobody has found.", "its regions.",
                    f"give --detector with the folder of the detector that found those of {asked.regions}, or the "
                    "image_id of one of its pictures.",
                )  # fmt: skip
            from flows.one_picture import find_regions

            work = Path(stack.enter_context(TemporaryDirectory(prefix="m3p-caption-")))
            image_id = find_regions(Path(asked.picture), asked.detector, asked.regions, work)
            images, regions = work / "images", work / "regions"
        captions = _captions(asked, image_id, regions)
        for lang, caption in captions.items():
            print(f"{lang}  {one_line(caption)}")
        if asked.html is not None:
            known = (images / MANIFEST).is_file()
            picture = PictureFinder(Dataset(images, "images")).picture(image_id) if known else None
            lines = [Line(caption, lang) for lang, caption in captions.items()]
            write_page(asked.html, page_of(Page(image_id, None, "", [Answer(image_id, picture, lines)])))


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # an id may be what no file can be called
        return False


def _captions(asked: Caption, image_id: str, regions: Path) -> dict[str, str]:
    from model.ask import open_checkpoint
    from model.describe import describe
    from model.task_data import read_regions

    captions = {}
    for lang in dict.fromkeys(asked.languages):
        opened = open_checkpoint(asked.checkpoint, "generation", lang, asked.device)
        store = read_regions(regions, opened.network.config)
        captions[lang] = describe(opened, store, image_id, lang, asked.beam)
    return captions
