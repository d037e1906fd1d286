"""The words around the numbers, the same on the page and in Markdown."""

from __future__ import annotations

from reports.page.numbers import DASH, count
from reports.page.paper import SOURCE
from reports.page.results.settings import MILD
from reports.page.results.table import Facts, Results

_SEED = "seed"  # a name, not a quantity


def part_name(part: str, task: str) -> str:
    """A language as it is; a direction with an arrow, where it is clear what stands on either side of it."""
    return part.replace("-", "→") if task == "translation" and part.count("-") == 1 else part


def fact(name: str, value: object) -> str:
    """What is stated under a name: whole numbers with thousands apart, and no more digits than it has."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name != _SEED:
        return count(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def run_sentence(facts: Facts, all_the_same: bool) -> str:
    """``split test · seed 7 · pictures 100``, after the settings for which it holds where they differ."""
    said = " · ".join(f"{name} {fact(name, value)}" for name, value in facts.named.items()) or "nothing is stated"
    return said if all_the_same else f"“{'”, “'.join(facts.settings)}”: {said}"


def run_sentences(results: Results) -> list[str]:
    """How each setting was evaluated."""
    return [run_sentence(facts, len(results.runs) == 1) for facts in results.runs]


def counts_table(results: Results) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table that says what was counted; the settings, or kinds, are named where they differ."""
    names = list(dict.fromkeys(name for facts in results.counts for name in facts.named))
    differ = len({facts.settings for facts in results.counts}) > 1
    what = "directions" if results.task == "translation" else "languages"
    rows = []
    for facts in results.counts:
        parts = ", ".join(part_name(part, results.task) for part in facts.parts)
        stated = [fact(name, facts.named[name]) if name in facts.named else DASH for name in names]
        rows.append([parts, *([", ".join(facts.settings)] if differ else []), *stated])
    return [what, *(["of"] if differ else []), *names], rows


def about_paper(results: Results) -> str:
    """What is to be known of the paper's rows, or why there are none."""
    means = any(column.mean for table in results.tables for column in table.columns)
    over = " A mean of ours is over the languages that its row has." if means else ""
    if not results.has_paper:
        return f"No figure of the paper is comparable with these: its data sets are others. A dash: not run.{over}"
    retrieval = (
        " Which of the protocols it followed is not known to us. A smaller set of pictures makes the same recall"
        " easier, and a smaller network makes it harder."
    )
    return (
        f"The rows marked as the paper’s are from {SOURCE}, with its full-size network and whole test sets. A dash:"
        f" not run, or not reported.{over}{retrieval if results.task in ('retrieval', MILD) else ''}"
    )
