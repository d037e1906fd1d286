"""A dataset as one self-contained page, its pictures inside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from contract.dataset import Dataset
from contract.hashing import MANIFEST
from flows.inspection import Inspection, flat_statistics, shown
from flows.overlay import labels_of, picture_of_row
from flows.picture_finder import PictureFinder

_MOST = 200  # numbers of a group, such as the detector's classes
_CELL = 400


def page_of(inspection: Inspection) -> str:
    """The page's HTML; everything that comes from data is escaped."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
    environment.filters["shown"] = lambda value: shown(value, _CELL)
    labels = [labels_of(row, inspection.manifest.parameters) for row in inspection.rows]
    return environment.get_template("inspect.html").render(
        inspection=inspection,
        manifest=inspection.manifest,
        statistics=list(flat_statistics(inspection.manifest.statistics, _MOST)),
        parameters=list(flat_statistics(inspection.manifest.parameters)),
        samples=list(zip(inspection.rows, labels, _pictures(inspection, labels), strict=True)),
    )


def _pictures(inspection: Inspection, labels: list[list[str]]) -> list[str | None]:
    """A data URI a sample row, None where no picture is found."""
    images = inspection.folder.resolve().parent / "images"
    has_pictures = any(column.name == "image_id" for column in inspection.columns)
    if not has_pictures or not (images / MANIFEST).is_file():
        return [None] * len(inspection.rows)
    finder = PictureFinder(Dataset(images, "images"))
    return [_picture(finder, row, own) for row, own in zip(inspection.rows, labels, strict=True)]


def _picture(finder: PictureFinder, row: dict[str, Any], labels: list[str]) -> str | None:
    picture = finder.picture(row["image_id"])
    return None if picture is None else picture_of_row(picture, row, labels)
