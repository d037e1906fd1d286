"""How right the filters of steps 1 to 3 are, on rows of the log of which somebody said what should become of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from contract.errors import InputError
from contract.lines import read_lines
from contract.rejects import REASONS
from contract.text import is_text
from pipelines.sharded import Tally

ROW_LABELS = "row_labels.jsonl"
_PASSES = "passes"
_NOT_JUDGED = ("clicks_merged",)  # such a row shares the fate of the one that it went into


class RowLabel(NamedTuple):
    """What should become of a row.

    Attributes:
        reason: the one for which it should be left out, empty where it should not.
        lang: its language, where that is judged.
        alternative: another reason that would be as right; None where there is none.
    """

    reason: str
    lang: str | None
    alternative: str | None


def read_row_labels(log: Path) -> dict[str, RowLabel]:
    """Judged rows by file and position, as rejects name them; empty where the log's folder has none.

    Raises:
        InputError: names the line that is no judged row.
    """
    labels = {}
    for line in read_lines(log / ROW_LABELS) if (log / ROW_LABELS).is_file() else ():
        if not line.text.strip() and not line.fault:
            continue
        try:
            row = json.loads(line.text or line.fault)
            source, label = row["source"], RowLabel(row["reason"], row.get("lang"), row.get("or"))
            if not isinstance(source, str) or not _is_valid(label):
                raise ValueError(f"it is {line.text[:100]!r}")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"{log / ROW_LABELS}, byte {line.offset}, is no judged row: {type(error).__name__}: {error}",
                'a JSON object such as {"source": "clicks.jsonl:0", "reason": "query_noisy", "lang": "de"} a line.',
            ) from error
        labels[source] = label
    return labels


def _is_valid(label: RowLabel) -> bool:
    reasons = ("", *REASONS)
    return (
        label.reason in reasons
        and (label.lang is None or is_text(label.lang))
        and (label.alternative is None or label.alternative in reasons)
    )


def count_judged(labels: dict[str, RowLabel], rejects: pa.Table, passing: pa.Table, tally: Tally) -> None:
    """Counts what became of judged rows.

    Args:
        labels: all judged rows.
        rejects: a shard's, of steps 1 to 3.
        passing: what passed these, with ``source`` and ``lang``.
        tally: counts them.
    """
    if not labels:
        return
    for source, reason in zip(rejects.column("source").to_pylist(), rejects.column("reason").to_pylist(), strict=True):
        if source in labels and reason not in _NOT_JUDGED:
            _count(labels[source], reason, tally)
            if reason == "language_unknown" != labels[source].reason and labels[source].lang is not None:
                tally.count("judged_languages", labels[source].lang or "", "unknown")
    for source, lang in zip(passing.column("source").to_pylist(), passing.column("lang").to_pylist(), strict=True):
        if source not in labels:
            continue
        _count(labels[source], "", tally)
        if labels[source].lang is not None:
            tally.count("judged_languages", labels[source].lang or "", lang)


def _count(label: RowLabel, became: str, tally: Tally) -> None:
    if label.alternative is not None and became in (label.reason, label.alternative):
        tally.count("in_doubt", became or _PASSES)
    else:
        tally.count("judged", label.reason or _PASSES, became or _PASSES)


def filters_of(counted: dict[str, Any]) -> dict[str, Any]:
    """Precision and recall of each filter, and the share of languages told right; empty where nothing was judged.

    Rows for which two ends are right, and that came to one of them, count in no filter; ``in_doubt`` says how many.
    """
    judged: dict[str, dict[str, int]] = counted.get("judged", {})
    reasons = {reason for of in judged.values() for reason in of} | set(judged)
    filters = {
        reason: _scores(
            sum(judged.get(reason, {}).values()), sum(of.get(reason, 0) for of in judged.values()),
            judged.get(reason, {}).get(reason, 0),
        )
        for reason in sorted(reasons - {_PASSES})
    }  # fmt: skip
    languages: dict[str, dict[str, int]] = counted.get("judged_languages", {})
    told = sum(sum(of.values()) for of in languages.values())
    if told:
        right = sum(of.get(lang, 0) for lang, of in languages.items())
        filters["language"] = {"judged": told, "right": right, "accuracy": round(right / told, 4)}
    if doubtful := counted.get("in_doubt"):
        filters["in_doubt"] = dict(sorted(doubtful.items()))
    return filters


def _scores(should: int, did: int, both: int) -> dict[str, Any]:
    return {
        "should": should, "did": did, "both": both,
        "precision": round(both / did, 4) if did else None, "recall": round(both / should, 4) if should else None,
    }  # fmt: skip
