"""What a checkpoint answers, as one self-contained page of pictures and lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from PIL import Image

from contract.errors import UsageError
from flows.overlay import picture_of_row


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


def write_page(file: Path, page: Page) -> None:
    """Writes the page; everything that comes from people or data is escaped.

    Raises:
        UsageError: where it cannot be written.
    """
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
    pictures = [one.picture and picture_of_row(one.picture, {}, []) for one in page.answers]
    answers = list(zip(page.answers, pictures, strict=True))
    text = environment.get_template("answers.html").render(page=page, answers=answers)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error}.", "a file in a folder that is there.") from error
    print(f"Wrote {file}")


def beside(dataset: Path, name: str) -> Path:
    """The dataset of that name in the same folder."""
    return dataset.absolute().parent / name


def printable(text: str) -> str:
    """A text that tells a terminal nothing: a space for each character that is not to be seen."""
    return "".join(character if character.isprintable() else " " for character in text)
