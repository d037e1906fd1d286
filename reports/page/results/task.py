"""The tasks, and how their metrics are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.page.numbers import finite
from reports.page.paper import AVERAGE
from reports.page.results.layout import NON_ENGLISH
from reports.page.results.settings import ALL, MILD, SETTINGS
from reports.page.results.table import Cell
from reports.page.sources import dig

UNIQUE = "unique"
PROTOCOLS = {
    UNIQUE: "Every caption counts once.",
    "five_duplicated": "Languages with one caption a picture, each repeated five times as in the published code, which "
    "brings R@5 of image to text down to R@1.",
    "1k": "The mean over folds of 1,000 pictures, whose own captions alone are candidates.",
    "5k": "Over all pictures, which are 5,000 or more.",
}


@dataclass(frozen=True)
class Task:
    """How the metrics of a task are read.

    Attributes:
        name: the task, as its metrics files are called.
        title: the task in words.
        parts: the key under which languages or directions stand.
        protocols: the keys under ``parts`` under which they stand, the main one first, and what each means; one empty
            key where there is no such level.
        measures: the numbers that make a cell.
        mean: the column of means; empty for none.
        counted: what is stated of each language, by key, and what it is called.
        settings: those that have a row in any case.
        generates: whether it generates texts.
    """

    name: str
    title: str
    parts: str
    protocols: Mapping[str, str]
    measures: tuple[str, ...]
    mean: str
    counted: Mapping[str, str]
    settings: tuple[str, ...] = SETTINGS
    generates: bool = False

    @property
    def main(self) -> str:
        """The protocol that the task is about."""
        return next(iter(self.protocols))

    def by_part(self, metrics: Mapping[str, Any], protocol: str) -> dict[str, Any]:
        """What a metrics file says of each language or direction."""
        path = (self.parts, protocol) if protocol else (self.parts,)
        parts = dig(dict(metrics), *path)
        return parts if isinstance(parts, dict) else {}

    def cells(self, metrics: Mapping[str, Any], protocol: str) -> dict[str, Cell]:
        """The numbers of each language or direction, with their intervals and how they came about."""
        return {
            part: Cell(
                tuple(finite(dig(measured, measure)) for measure in self.measures),
                tuple(interval_of(measured, measure) for measure in self.measures),
                stated(metrics, measured),
            )
            for part, measured in self.by_part(metrics, protocol).items()
        }


def stated(metrics: Mapping[str, Any], measured: Any) -> dict[str, object]:
    """How the numbers of one language came about, as a metrics file says it of the whole and of the language."""
    return {key: metrics.get(key) for key in ("split", "seed", "weights")} | {
        "items": dig(measured, "items") or dig(measured, "captions"), "tokenizer": dig(measured, "tokenizer"),
    }  # fmt: skip


def interval_of(measured: Any, measure: str) -> tuple[float, float] | None:
    """The interval of a measure; None where there is none."""
    value = dig(measured, f"{measure}_interval")
    bounds = [finite(bound) for bound in value] if isinstance(value, list) else []
    if len(bounds) != 2 or bounds[0] is None or bounds[1] is None:
        return None
    return bounds[0], bounds[1]


_PICTURES = {"images": "pictures", "captions": "captions", "chance": "chance, mR"}
_QUERIES = {"images": "pictures", "captions": "queries", "chance": "chance, mR"}
_TEXTS = {"items": "items", "references": "references", "tokenizer": "words by", "signature": "sacrebleu's signature"}
_PAIRS = {"items": "items", "chance": "chance"}
_ONE = {"": ""}
TASKS = (
    Task("retrieval", "Retrieval", "protocols", PROTOCOLS, ("mR",), NON_ENGLISH, _PICTURES),
    Task(
        MILD, "Retrieval by queries", "protocols", {UNIQUE: "Every query counts once."}, ("mR",), AVERAGE, _QUERIES,
        settings=(ALL,),
    ),
    Task("captioning", "Captioning", "languages", _ONE, ("BLEU-4", "CIDEr"), "", _TEXTS, generates=True),
    Task("translation", "Multimodal translation", "directions", _ONE, ("BLEU-4",), "", _TEXTS, generates=True),
    Task("entailment", "Entailment", "languages", _ONE, ("accuracy",), AVERAGE, _PAIRS),
    Task("headlines", "News titles", "languages", _ONE, ("BLEU-4",), AVERAGE, _TEXTS, generates=True),
)  # fmt: skip
