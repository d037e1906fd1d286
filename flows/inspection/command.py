"""`m3p inspect`: from an address to a screen, a page, JSON or a verdict."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.breaches import BreachError
from contract.errors import InputError, UsageError
from contract.places import Place
from flows.addresses import place_at
from flows.inspection.found import Found, find
from flows.page_file import check_target, write_page


@dataclass(frozen=True)
class Wanted:
    """How something is inspected.

    Attributes:
        address: a path, or an address that fsspec knows.
        rows: sample rows to show.
        html: the page to write, if any.
        as_json: whether JSON is printed instead of tables.
        verify: whether every byte is read and every contract checked.
        full: whether all rows are counted.
    """

    address: str
    rows: int
    html: Path | None
    as_json: bool
    verify: bool
    full: bool


def inspect(wanted: Wanted) -> None:
    """Shows what lies at an address.

    Raises:
        BreachError: the first breach, where it is to be verified.
        InputError: where what lies there cannot be read.
        UsageError: where nothing does, or the page cannot be written.
    """
    if wanted.html is not None and wanted.as_json:
        raise UsageError("--json and --html stand together.", "one of them.")
    place = place_at(wanted.address)
    if wanted.html is not None:
        check_target(wanted.html, place)
    if wanted.verify:
        said = _verify(place, wanted.as_json)
        if wanted.html is None and not wanted.as_json:
            print(said["said"])
            return
    found = find(place)
    if found.kind in ("dataset", "rejects", "file"):
        _show_dataset(found, wanted)
    elif found.kind == "datasets":
        _show_datasets(found.place, wanted)
    else:
        _show_checkpoints(found, wanted)


def _verify(place: Place, as_json: bool) -> dict[str, Any]:
    """What was found to hold; where something does not and JSON is wanted, that is printed too.

    Raises:
        BreachError: the first breach.
    """
    try:
        return _verdict(place)
    except BreachError as error:
        if as_json:
            breach = {"name": error.name, "what": error.found, "expected": error.expected}
            print(json.dumps({"kind": "breach", "address": place.address, "breach": breach}, indent=2))
        raise


def _verdict(place: Place) -> dict[str, Any]:
    from contract.verification.dataset import verify_dataset, verify_file
    from flows.inspection.checkpoint import checkpoints_in, look_at_checkpoint, verify_checkpoint, verify_detector
    from flows.shown import counted, one_line, size

    try:
        found = find(place)
    except InputError as error:  # there are files, and none by which it would be known
        raise BreachError.of("unfinished", error) from error
    where = one_line(str(place))
    if found.kind == "rejects":
        raise UsageError(
            f"{where} is a part of a dataset.",
            "the dataset's folder.",
            f"`m3p inspect {one_line(str(place.parent))} --verify`.",
        )
    if found.kind == "detector":
        verify_detector(place)
        return {"said": f"{where}: a detector, its weights are whole."}
    if found.kind == "checkpoint":
        count = verify_checkpoint(place)
        if not count and (why := look_at_checkpoint(place).left_out):
            return {"said": f"{where}: no checkpoint: {one_line(why)}"}
        return {"said": f"{where}: {counted(count, 'checkpoint')}, whole and of one piece."}
    if found.kind == "checkpoints":
        count = sum(verify_checkpoint(place / name) for name in checkpoints_in(place))
        return {"said": f"{where}: {counted(count, 'checkpoint')}, whole and of one piece."}
    if found.kind == "datasets":
        from flows.inspection.datasets import datasets_in

        return {"said": "\n".join(_verdict(place / name)["said"] for name in datasets_in(place))}
    verdict = verify_dataset(place) if found.kind == "dataset" else verify_file(place)
    compared = f"; its rows fit {', '.join(verdict.compared)} beside it" if verdict.compared else ""
    unlisted = " This place does not list its files: one too many would not be seen." if verdict.unlisted else ""
    return {
        "said": f"{where}: {verdict.dataset} keeps its contract: {counted(verdict.rows, 'row')}, rejects included, in "
        f"{counted(verdict.files, 'file')}, {size(verdict.bytes)} hashed{compared}.{unlisted}"
    }


def _show_dataset(found: Found, wanted: Wanted) -> None:
    from flows.inspection.dataset import look_at_dataset, look_at_file, look_at_rejects

    look = {"dataset": look_at_dataset, "rejects": look_at_rejects, "file": look_at_file}[found.kind]
    inspection = look(found.place, wanted.rows, wanted.full)
    if wanted.as_json:
        from flows.inspection.machine import inspection_json, to_json

        print(to_json(inspection_json(inspection) | ({"verified": True} if wanted.verify else {})))
    elif wanted.html is not None:
        from flows.inspection.page import page_of

        write_page(wanted.html, page_of(inspection))
    else:
        from flows.inspection.text import print_inspection

        print_inspection(inspection)


def _show_datasets(place: Place, wanted: Wanted) -> None:
    from flows.inspection.datasets import look_at_datasets, others_in, print_datasets

    datasets = look_at_datasets(place)
    others = others_in(place, datasets)
    if wanted.html is not None:
        raise UsageError(f"{place} holds several datasets, of which there is no page.",
                         f"one of them, such as {place / datasets[0].name}.")  # fmt: skip
    if wanted.as_json:
        from flows.inspection.machine import datasets_json, to_json

        values = datasets_json(place.address, datasets, others)
        print(to_json(values | ({"verified": True} if wanted.verify else {})))
    else:
        print_datasets(place, datasets, others)


def _show_checkpoints(found: Found, wanted: Wanted) -> None:
    from flows.inspection.checkpoint import look_at_checkpoint, look_at_checkpoints, look_at_detector

    several = found.kind == "checkpoints"
    look = look_at_detector if found.kind == "detector" else look_at_checkpoint
    views = look_at_checkpoints(found.place) if several else [look(found.place)]
    if wanted.as_json:
        from flows.inspection.machine import checkpoints_json, to_json

        values = checkpoints_json(found.place.address, views, several)
        print(to_json(values | ({"verified": True} if wanted.verify else {})))
    elif wanted.html is not None:
        from flows.inspection.page import page_of_checkpoints

        write_page(wanted.html, page_of_checkpoints(found.place, views))
    else:
        from flows.inspection.checkpoint_text import print_checkpoints

        print_checkpoints(views)
