"""A dataset or checkpoints as one self-contained page, pictures inside it; all that comes from data is escaped."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from contract.places import Place
from contract.schemas import SCHEMAS
from contract.shards import REJECTS_FOLDER
from flows.inspection.checkpoint import CheckpointView
from flows.inspection.checkpoint_text import largest, network_cell, training_cells
from flows.inspection.dataset import Inspection
from flows.inspection.pictures import Pictures, has_picture, pictures_beside
from flows.inspection.rows import readable_row
from flows.inspection.stated import arranged
from flows.inspection.text import said_of, summary_cells
from flows.overlay import labels_of, picture_of_row
from flows.shown import counted, flat, on_page, shown, size
from reports.page.colours import hue
from reports.page.switched import Piece, pieces

_MOST = 200  # numbers of a group, such as the detector's classes
_CELL = 400
_PIECES_COLUMNS = {"text", "source_text", "replacements"}


@dataclass(frozen=True)
class SampleRow:
    """A row as a card: its picture as a data URI, labels of its regions, its switched text, and all it holds."""

    image_id: str
    picture: str | None
    labels: list[str]
    switched: list[Piece]
    query: str
    relevance: float | None
    values: dict[str, Any]


def page_of(inspection: Inspection) -> str:
    """The page of a dataset or of one file."""
    pictures = _pictures(inspection)
    samples = [_sample(row, inspection, pictures) for row in inspection.rows]
    manifest = inspection.manifest
    own = manifest if not inspection.of_rejects else None
    rest, groups = arranged(own.statistics) if own and not inspection.file else ({}, [])
    languages = sorted({piece.lang for sample in samples for piece in sample.switched if piece.lang})
    return _environment().get_template("inspect.html").render(
        inspection=inspection, manifest=manifest, samples=samples, languages=languages,
        notes=[*inspection.notes, *(pictures.notes if pictures else [])],
        inputs=own.inputs if own else {},
        statistics=list(flat(rest, _MOST)), groups=groups,
        parameters=list(flat(own.parameters)) if own else [],
        rows=inspection.statistics,
    )  # fmt: skip


def page_of_checkpoints(place: Place, views: Sequence[CheckpointView]) -> str:
    """The page of a checkpoint, or of several."""
    cards = [
        {
            "name": view.place.name, "network": _settings(view), "parts": view.parts, "view": view,
            "training": list(flat({key: one for key, one in view.training.items() if key not in ("losses", "inputs")})),
            "inputs": _pairs(view.training.get("inputs")), "cells": training_cells(view), "kind": network_cell(view),
            "losses": _losses(view.training.get("losses")), "largest": largest(view),
        }
        for view in views
    ]  # fmt: skip
    return _environment().get_template("inspect_checkpoints.html").render(place=place, cards=cards)


def _settings(view: CheckpointView) -> list[tuple[str, Any]]:
    """Settings of a network or a detector, without the latter's classes."""
    return list(flat({name: value for name, value in view.network.items() if name not in view.classes}))


def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).parents[1] / "templates")
    environment = Environment(loader=loader, autoescape=True, finalize=on_page)
    environment.filters["shown"] = lambda value: shown(value, _CELL)
    environment.filters["size"] = size
    environment.filters["counted"] = counted
    environment.filters["said"] = said_of
    environment.filters["cells"] = summary_cells
    environment.globals["hue"] = hue
    return environment


def _pictures(inspection: Inspection) -> Pictures | None:
    """Those that its rows may name."""
    if inspection.dataset not in SCHEMAS:  # names of columns mean nothing there
        return None
    folder = inspection.place.parent if inspection.file else inspection.place
    own = folder.name != REJECTS_FOLDER and any(column.name == "image_id" for column in inspection.columns)
    return pictures_beside(folder, inspection.dataset) if own else None


def _sample(row: dict[str, Any], inspection: Inspection, pictures: Pictures | None) -> SampleRow:
    if inspection.dataset not in SCHEMAS:
        return SampleRow("", None, [], [], "", None, readable_row(row))
    parameters = inspection.manifest.parameters if inspection.manifest else {}
    labels = labels_of(row, parameters)
    picture = pictures.of(row["image_id"]) if pictures and has_picture(row) else None
    switched = pieces(row) if row.keys() >= _PIECES_COLUMNS else []
    relevance = row.get("relevance")
    return SampleRow(
        str(row.get("image_id", "")), picture_of_row(picture, row, labels) if picture else None, labels, switched,
        str(row.get("query") or ""), relevance if isinstance(relevance, float) else None, _values(row, bool(switched)),
    )  # fmt: skip


def _values(row: dict[str, Any], switched: bool) -> dict[str, Any]:
    """What stands under the picture: all but what stands there in large letters."""
    values = readable_row(row)
    if switched:
        del values["text"]
        replaced = [f"{one['source']} → {one['target']} ({one['lang']})" for one in row["replacements"] or []]
        values["replacements"] = "; ".join(replaced)
    if values.get("query"):
        del values["query"]
    return values


def _pairs(values: Any) -> list[tuple[str, Any]]:
    return list(flat(values)) if isinstance(values, dict) else []


def _losses(losses: Any) -> list[tuple[str, list[float]]]:
    """Each loss by its name, as it fell from step to step; none where there are fewer than two."""
    rows = [row for row in losses if isinstance(row, dict)] if isinstance(losses, list) else []
    names = sorted({name for row in rows for name in row} - {"step", "learning_rate"})
    series = {name: [float(row[name]) for row in rows if _is_finite(row.get(name))] for name in names}
    return [(name, values) for name, values in series.items() if len(values) > 1]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max  # an integer may be larger
