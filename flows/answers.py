"""What a checkpoint answers, as one self-contained page of pictures and lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from PIL import Image

from flows.overlay import picture_of_row
from flows.shown import on_page


@dataclass(frozen=True)
class Line:
    """A line under a picture, and its language where that is known."""

    text: str
    lang: str | None = None


@dataclass(frozen=True)
class Answer:
    """A picture and what is said of it.

    Attributes:
        image_id: of the picture.
        picture: None where it is not there, which is said in its place.
        lines: what is said, the first in bold.
    """

    image_id: str
    picture: Image.Image | None
    lines: list[Line]


@dataclass(frozen=True)
class Page:
    """What was asked, in which language where that is known, what there is to note, and the answers."""

    title: str
    lang: str | None
    note: str
    answers: list[Answer]


def page_of(page: Page) -> str:
    """The page as HTML; everything that comes from people or data is escaped."""
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(loader=loader, autoescape=True, finalize=on_page)
    pictures = [one.picture and picture_of_row(one.picture, {}, []) for one in page.answers]
    answers = list(zip(page.answers, pictures, strict=True))
    return environment.get_template("answers.html").render(page=page, answers=answers)


def beside(dataset: Path, name: str) -> Path:
    """The dataset of that name in the same folder."""
    return dataset.absolute().parent / name
