"""What the manifest says of a MILD dataset, beside the paper's figures."""

from __future__ import annotations

from typing import Any

from pipelines.triples.entities import entity_shares
from pipelines.triples.judged import filters_of

STEPS = {"1": "1 collect", "2": "2 image filters", "3": "3 text filters", "4": "4 relevance", "5": "5 sample"}


def summarise(counted: dict[str, Any], log_rows: int) -> dict[str, Any]:
    """Statistics out of what ``write.Triples`` counted.

    Args:
        counted: sums over all shards.
        log_rows: rows of the log.

    Returns:
        rows left after each step, rejects by step and reason, triples and unique images by language and split, mean
        words a query and share of triples with a context, by language and in all; how right the filters are, where rows
        were judged.
    """
    rejects = counted.get("rejects_by_step", {})
    left, rows_after = log_rows, {"0 log": log_rows}
    for number, step in STEPS.items():
        left -= int(sum(rejects.get(number, {}).values()))
        rows_after[step] = left
    triples = {lang: sum(of_split.values()) for lang, of_split in counted.get("triples", {}).items()}
    return {
        "rows_after_step": rows_after,
        "rejects_by_step": {STEPS[number]: of_step for number, of_step in rejects.items()},
        "triples": counted.get("triples", {}),
        "images": counted.get("images", {}),
        "words_a_query": _means(counted.get("words", {}), triples, 2),
        "context_share": _means(counted.get("with_context", {}), triples, 4),
        "entity_share": entity_shares(counted),
        "filters": filters_of(counted),
    }


def _means(sums: dict[str, float], counts: dict[str, int], digits: int) -> dict[str, float]:
    """Means by language, and in all; empty where there is nothing."""
    if not counts:
        return {}
    means = {lang: round(sums[lang] / count, digits) for lang, count in sorted(counts.items())}
    return means | {"all": round(sum(sums.values()) / sum(counts.values()), digits)}
