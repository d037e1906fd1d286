"""Rows of the search log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from contract.hashing import stable_hash
from pipelines.scenes.language.queries import Query, page_title, query
from pipelines.scenes.log.dirt import FAULTS, NOISE, UNTIDY
from pipelines.scenes.log.pages import page
from pipelines.scenes.log.pictures import Found
from pipelines.scenes.scene import Scene

LANGUAGES = {"en": 3, "de": 1, "fr": 1, "pt": 1, "es": 1, "it": 1, "ja": 1, "zh": 1}  # MILD's, with their weights
FOREIGN = "cs"  # a language that MILD does not have
_REGIONS = {
    "en": "GB", "de": "AT", "fr": "CA", "pt": "BR", "es": "MX", "it": "CH", "ja": "JP", "zh": "CN", FOREIGN: "CZ",
}  # fmt: skip
_ROWS = {"matched": 57, "untidy": 16, "mismatched": 13, "noise": 9, "unknown_picture": 2, "foreign": 3}
_REPEATED = 0.05  # of the rows say again what another says
_UNSTATED, _REGIONAL = 0.2, 0.1  # of the rows state no language, or one with its region
_WITHOUT_PAGE = 0.08
_FEWEST_WORDS = 5  # the paper's
_MEAN_CLICKS = 12
_SITES = ("meadow", "harbour", "window", "garden", "lantern")


Row = dict[str, Any]


def click_rows(pictures: Sequence[Found], count: int, seed: int) -> list[tuple[Row, Row]]:
    """The rows of the log (query, image_id, clicks, lang, page_url, page_html), each with what is true of it.

    That is the language it was written in, and the reason for which MILD's steps 1 to 3 should leave it out: empty
    where they should not. Where it hangs on how words are counted whether a query is short, ``or`` is the other reason.
    """
    rows: list[tuple[Row, Row]] = []
    for number in range(count):
        draw = Random(stable_hash(seed, "click", number))
        if rows and draw.random() < _REPEATED:
            row, truth = draw.choice(rows)
            rows.append((row | {"clicks": _clicks("matched", draw)}, truth))
        else:
            rows.append(_row(pictures, draw))
    return rows


def strange_scene(pictures: Sequence[Found], scene: Scene, draw: Random) -> Scene:
    """The scene of another picture, in which nothing is as in this one; any other one where all are alike."""
    others = [found.scene for found in pictures if _things(found.scene).isdisjoint(_things(scene))]
    return draw.choice(others or [found.scene for found in pictures])


def _row(pictures: Sequence[Found], draw: Random) -> tuple[Row, Row]:
    (lang,) = draw.choices(list(LANGUAGES), list(LANGUAGES.values()))
    (kind,) = draw.choices(list(_ROWS), list(_ROWS.values()))
    lang = FOREIGN if kind == "foreign" else lang
    picture = draw.choice(pictures)
    if kind == "unknown_picture":
        picture = replace(picture, image_id=f"gone-{draw.randint(0, 999):03d}")
    asked = strange_scene(pictures, picture.scene, draw) if kind == "mismatched" else picture.scene
    clean = query(asked, lang, draw)
    text, fault = _dirtied(clean.text, kind, lang, draw)
    stated = _stated(lang, draw)
    row = {
        "query": text,
        "image_id": picture.image_id,
        "clicks": _clicks(kind, draw),
        "lang": stated,
        "page_url": f"https://www.{draw.choice(_SITES)}.example/{lang}/{draw.randint(1, 99_999)}.html",
        "page_html": _page_of(picture.scene, lang, draw),
    }
    reason = _reason(clean, fault, stated, kind, picture)
    doubt = {"or": "query_short"} if not reason and clean.fewest_words < _FEWEST_WORDS else {}
    return row, {"reason": reason, "lang": lang} | doubt


def _reason(clean: Query, fault: str, stated: str | None, kind: str, picture: Found) -> str:
    """Why a row should be left out, in the order of MILD's steps; a query of few words has no language to be told."""
    few = clean.most_words < _FEWEST_WORDS
    if fault == "query_empty":
        return fault
    if kind == "foreign" and (stated or not few):
        return "language_unknown"
    if kind == "unknown_picture":
        return "image_unknown"
    if fault or picture.fault:
        return picture.fault or fault
    return "query_short" if few else ""


def _page_of(scene: Scene, lang: str, draw: Random) -> str | None:
    return None if draw.random() < _WITHOUT_PAGE else page(page_title(scene, lang, draw), lang, draw)


def _dirtied(text: str, kind: str, lang: str, draw: Random) -> tuple[str, str]:
    """The text as the log has it, and the reason for which it should go."""
    if kind == "untidy":
        return UNTIDY[draw.choice(list(UNTIDY))](text, draw), ""
    if kind == "noise":
        what = draw.choice(list(NOISE))
        return NOISE[what](text, lang, draw), FAULTS.get(what, "query_noisy")
    return text, ""


def _clicks(kind: str, draw: Random) -> int:
    return draw.randint(1, 2) if kind in ("mismatched", "noise") else 3 + int(draw.expovariate(1 / _MEAN_CLICKS))


def _stated(lang: str, draw: Random) -> str | None:
    chance = draw.random()
    if chance < _UNSTATED:
        return None
    return f"{lang}-{_REGIONS[lang]}" if chance < _UNSTATED + _REGIONAL else lang


def _things(scene: Scene) -> set[tuple[str, str]]:
    return {(thing.noun, thing.colour) for thing in scene.objects}
