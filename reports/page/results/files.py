"""The tables as files: Markdown for people, CSV for programs and for DVC's plots, small JSON for DVC's metrics."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from reports.page.paper import SOURCE
from reports.page.results.table import OURS, Results, Table
from reports.page.results.task import TASKS
from reports.page.results.words import about_paper, counts_table, part_name, run_sentences

CSV_COLUMNS = (
    "table", "task", "dataset", "protocol", "setting", "source", "language", "measure", "value", "low", "high", "items",
    "tokenizer", "split", "seed", "weights", "main",
)  # fmt: skip
_SPECIAL = re.compile(r"([\\`*_\[\]|<>#~&])")  # what Markdown, and the HTML within it, would not show as it is
_TITLES = {task.name: task.title for task in TASKS}


def markdown(profile: str, several: Sequence[Results]) -> str:
    """All tables as Markdown.

    Args:
        profile: the profile's name.
        several: a task each.
    """
    blocks = [f"# Results of the profile {_plain(profile)}"]
    for results in several:
        blocks.append(f"## {_TITLES[results.task]}")
        for table in results.tables:
            blocks += [f"### {_plain(table.title)}", *([table.meaning] if table.meaning else []), _grid(table)]
        if results.counts:
            blocks += ["### What was counted", _pipes(*counts_table(results))]
        blocks += [_plain(f"{sentence}.") for sentence in run_sentences(results)]
        blocks.append(_plain(about_paper(results)))
    if not several:
        blocks.append("Nothing was evaluated.")
    return "\n\n".join(blocks) + "\n"


def _grid(table: Table) -> str:
    head = ["setting", "whose"]
    head += [" ".join(filter(None, (column.group, part_name(column.part, table.task)))) for column in table.columns]
    rows = []
    for row in table.rows:
        cells = [cell.text + (f" ({cell.interval_text})" if cell.interval_text else "") for cell in row.cells]
        rows.append([row.label, "ours" if row.source == OURS else f"the paper's, {SOURCE}", *cells])
    return _pipes(head, rows, numbers=len(table.columns))


def _pipes(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """A table in pipes, whose last ``numbers`` columns are set flush right."""
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    lines = [[_plain(cell) for cell in head], rule, *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """A text that Markdown shows as it is, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def comma_separated(several: Sequence[Results]) -> str:
    """Every number of every table in a row of its own, ours and the paper's; no value where nothing was run."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(line for results in several for table in results.tables for line in _lines(table))
    return text.getvalue()


def _lines(table: Table) -> Iterator[dict[str, object]]:
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            for measure, value, bounds in zip(table.measures, cell.values, cell.intervals, strict=True):
                if row.source != OURS and value is None:
                    continue  # the paper does not report it
                low, high = bounds or (None, None)
                yield dict(cell.stated) | {
                    "table": table.name, "task": table.task, "dataset": column.group, "protocol": table.protocol,
                    "setting": row.label, "source": "ours" if row.source == OURS else SOURCE,
                    "language": column.part, "measure": measure, "value": value, "low": low, "high": high,
                    "main": int(table.main and not column.mean),
                }  # fmt: skip


def compact(several: Sequence[Results]) -> dict[str, str]:
    """Our numbers as small JSON objects, a language a key, by file name: one a task, measure and setting.

    ``dvc metrics show`` makes a row of each file and a column of each key.
    """
    numbers: dict[str, dict[str, float]] = {}
    for table in (table for results in several for table in results.tables if table.main):
        for row in (row for row in table.rows if row.source == OURS):
            for column, cell in zip(table.columns, row.cells, strict=True):
                for measure, value in zip(table.measures, cell.values, strict=True):
                    if column.own and value is not None:
                        name = "-".join(filter(None, (table.task, column.kind, measure, row.setting)))
                        numbers.setdefault(f"{name}.json", {})[column.part] = round(value, 2)
    return {name: json.dumps(values) + "\n" for name, values in numbers.items()}
