"""Code-switched captions, cut into what was left as it was and what was replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reports.page.pictures import Picture, Pictures
from reports.page.sources import Nothing, Sources, sampled

_COLUMNS = ("caption_id", "image_id", "variant", "text", "source_text", "replacements")


@dataclass(frozen=True)
class Piece:
    """A stretch of a switched caption; ``lang`` is empty where it is English as it was."""

    text: str
    lang: str = ""
    source: str = ""


@dataclass(frozen=True)
class Example:
    """A switched caption with its picture."""

    image_id: str
    picture: Picture | None
    source_text: str
    pieces: list[Piece]


@dataclass(frozen=True)
class Switching:
    """Examples, and the languages that occur in them."""

    examples: list[Example]
    languages: list[str]


def switching(sources: Sources, pictures: Pictures, wanted: int, seed: int) -> Switching | Nothing:
    """Draws switched captions, each of another picture."""
    dataset = sources.dataset("codeswitch")
    if dataset is None:
        return Nothing("There is no dataset codeswitch: the stage codeswitch has not run.")
    groups = sampled(dataset, _COLUMNS, "image_id", wanted, seed)
    if not groups:
        return Nothing("The dataset codeswitch is empty, or no example was asked for.")
    rows = [max(group, key=lambda row: len({one["lang"] for one in row["replacements"]})) for group in groups]
    found = pictures.of(row["image_id"] for row in rows)
    examples = [Example(row["image_id"], found.get(row["image_id"]), row["source_text"], pieces(row)) for row in rows]
    return Switching(examples, sorted({piece.lang for one in examples for piece in one.pieces if piece.lang}))


def pieces(row: dict[str, Any]) -> list[Piece]:
    """Cuts a switched caption at its replacements.

    Where these do not lead from ``source_text`` to ``text``, the whole text is one piece.
    """
    found, place = [], 0
    for one in row["replacements"]:
        found += [Piece(row["source_text"][place : one["start"]]), Piece(one["target"], one["lang"], one["source"])]
        place = one["end"]
    found.append(Piece(row["source_text"][place:]))
    if "".join(piece.text for piece in found) != row["text"]:
        return [Piece(row["text"])]
    return [piece for piece in found if piece.text]
