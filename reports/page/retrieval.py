"""Retrieval in every setting, laid out as the paper's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reports.page import paper
from reports.page.numbers import finite, mean
from reports.page.sources import Nothing, Sources, dig, is_english, language_order

PROTOCOLS = {
    "unique": "Every caption counts once.",
    "five_duplicated": "Languages with one caption a picture, each repeated five times as in the published code, which "
    "brings R@5 of image to text down to R@1.",
}
_ORDER = ("understanding-plain", "understanding-mct", "retrieval-en", "retrieval-each", "retrieval-all")
_NAMES = {
    "understanding-plain": "no fine-tune, without MCT", "understanding-mct": "no fine-tune", "retrieval-en": "on en",
    "retrieval-each": "on each", "retrieval-all": "on all",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """mR in percent by language of one setting, and its mean over the languages other than English."""

    setting: str
    source: str
    values: dict[str, float | None]
    others: float | None


@dataclass(frozen=True)
class Table:
    """One protocol's table."""

    protocol: str
    meaning: str
    languages: list[str]
    rows: list[Row]


@dataclass(frozen=True)
class Retrieval:
    """Tables by protocol, and all recalls.

    Attributes:
        tables: one a protocol.
        recalls: one mapping a checkpoint and language, of the protocol that counts captions once.
        evaluated: the split and number of pictures of each checkpoint, where they are not all the same one each.
        paper: whether the paper's figures stand beside ours.
    """

    tables: list[Table]
    recalls: list[dict[str, Any]]
    evaluated: list[tuple[str, Any, Any]]
    paper: bool


def retrieval(sources: Sources, paper_dataset: str) -> Retrieval | Nothing:
    """Gathers the retrieval metrics of all checkpoints."""
    metrics = sources.metrics_of("retrieval")
    metrics = {name: metrics[name] for name in sorted(metrics, key=_place)}
    tables = [_table(protocol, metrics, paper.retrieval(paper_dataset)) for protocol in PROTOCOLS]
    tables = [table for table in tables if any(row.source == "ours" for row in table.rows)]
    if not tables:
        return Nothing("There are no retrieval metrics: the stage evaluate has not run for a retrieval checkpoint.")
    evaluated = [(setting_name(name), values.get("split"), values.get("images")) for name, values in metrics.items()]
    same = len({(split, images) for _, split, images in evaluated}) == 1
    return Retrieval(
        tables, _recalls(metrics), evaluated[:1] if same else evaluated, bool(paper.retrieval(paper_dataset))
    )


def setting_name(checkpoint: str) -> str:
    """A checkpoint's setting in the paper's words: ``on en``, ``on all``."""
    return _NAMES.get(checkpoint) or f"on {checkpoint.split('-', 1)[-1]}"


def _place(checkpoint: str) -> tuple[int, str]:
    return (_ORDER.index(checkpoint) if checkpoint in _ORDER else _ORDER.index("retrieval-each"), checkpoint)


def _table(protocol: str, metrics: dict[str, dict[str, Any]], published: dict[str, dict[str, float]]) -> Table:
    measured = {
        name: {lang: finite(dig(one, "mR")) for lang, one in (dig(values, "protocols", protocol) or {}).items()}
        for name, values in metrics.items()
    }
    rows: list[Row] = []
    for name in sorted({*measured, *published}, key=_place):
        if measured.get(name) or name in published:
            rows.append(_row(name, "ours", dict(measured.get(name, {}))))
        if name in published:
            rows.append(_row(name, "paper", dict(published[name])))
    if not any(measured.values()):
        rows = []
    return Table(protocol, PROTOCOLS[protocol], language_order({lang for row in rows for lang in row.values}), rows)


def _row(name: str, source: str, values: dict[str, float | None]) -> Row:
    others = [value for lang, value in values.items() if value is not None and not is_english(lang)]
    return Row(setting_name(name), source, values, mean(others))


def _recalls(metrics: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for name, values in metrics.items():
        by_language = dig(values, "protocols", "unique") or {}
        for lang in language_order(set(by_language)):
            rows.append({"setting": setting_name(name), "lang": lang, "measured": by_language[lang]})
    return rows
