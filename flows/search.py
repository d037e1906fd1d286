"""`m3p search`: pictures by words, on the terminal and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contract.dataset import Dataset
from contract.device import DEVICES
from contract.errors import InputError, UsageError
from flows.answers import Answer, Line, Page, beside, page_of
from flows.page_file import check_target, write_page
from flows.picture_finder import PictureFinder
from flows.shown import counted, one_line


@dataclass(frozen=True)
class Search:
    """What is looked for, and where; as the command's options."""

    query: str
    checkpoint: Path
    images: Path
    regions: Path | None
    lang: str | None
    split: str | None
    top: int
    html: Path | None
    device: str


def run(asked: Search) -> None:
    """Prints the best pictures, a line each: rank, score, image_id and where it lies; and writes them to a page.

    Raises:
        InputError: where checkpoint, pictures or regions are not what is needed.
        UsageError: where the query is empty, or language, split or device are not known.
    """
    if not asked.query.strip():
        raise UsageError("The query is empty.", "words to look for.")
    if not asked.query.isprintable() and any("\ud800" <= character <= "\udfff" for character in asked.query):
        raise UsageError("The query is no UTF-8 text.", "words in UTF-8.", "set the terminal to it.")
    if asked.device not in DEVICES:
        raise UsageError(f"--device is {asked.device!r}.", f"one of {', '.join(DEVICES)}.")
    if asked.html is not None:
        check_target(asked.html)
    images = Dataset(asked.images, "images")
    uris = {
        row["image_id"]: row["uri"]
        for row in images.rows(["image_id", "uri", "split"])
        if asked.split in (None, row["split"])
    }
    if not uris:
        raise InputError(f"{asked.images} has no picture in the split {asked.split!r}.", "train, val or test.")

    from model.ask import open_checkpoint
    from model.search import search
    from model.task_data import read_regions

    opened = open_checkpoint(asked.checkpoint, "understanding", asked.lang, asked.device)
    store = read_regions(asked.regions or beside(asked.images, "regions"), opened.network.config)
    found = search(opened, store, asked.query, list(uris), asked.top)
    pictures = counted(found.pictures, "picture")
    note = f"{pictures} looked through, {found.scored:,} of them read together with the query."
    print(f"{one_line(asked.query)}\n{note}")
    for rank, hit in enumerate(found.hits, 1):
        print(f"{rank:>3}  {hit.score:8.3f}  {one_line(hit.image_id)}  {one_line(uris[hit.image_id])}")
    if asked.html is not None:
        finder = PictureFinder(images)
        answers = [
            Answer(hit.image_id, finder.picture(hit.image_id), [Line(f"{rank} · {hit.score:.3f}"), Line(hit.image_id)])
            for rank, hit in enumerate(found.hits, 1)
        ]
        write_page(asked.html, page_of(Page(asked.query, asked.lang, note, answers)))
