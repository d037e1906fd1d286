"""What differs, on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from flows.comparison.apart import apart
from flows.comparison.datasets import Difference
from flows.comparison.stated import Values
from flows.inspection.table import new_console, print_table
from flows.shown import one_line, shown

_CELL = 80
_STATISTICS = 30


def print_difference(found: Difference) -> None:
    """Prints it, from what was made otherwise to the rows that are otherwise."""
    console, rows = new_console(), found.rows
    print(one_line(f"{found.dataset}: from {found.addresses[0]} to {found.addresses[1]}"))
    print(
        f"{found.rows_out[0]:,} rows, then {found.rows_out[1]:,}: {rows.added:,} added, {rows.gone:,} gone, "
        f"{rows.changed:,} changed, {rows.same:,} the same"
    )
    if found.uncompared:
        print(one_line(f"not compared, since only one has it, or each in another type: {', '.join(found.uncompared)}"))
    if hashed := rows.unread - rows.unhashed:
        print(f"{hashed:,} of them lie in files with the same bytes")
    if rows.unhashed:
        print(
            f"{rows.unhashed:,} of them lie in files with the same bytes by their manifests; of files elsewhere, sizes "
            "alone were compared: `m3p inspect --verify` reads them"
        )
    made = {"stage": found.stages, "seed": found.seeds, "version": found.versions, "shards": found.shards}
    about = {name: pair for name, pair in made.items() if pair[0] != pair[1]}
    _pairs(console, "Columns", "column", found.schema)
    _pairs(console, "Made", "what", about)
    _pairs(console, "Made with", "parameter", found.parameters)
    _pairs(console, "Made from", "input", found.inputs)
    _pairs(console, "Rejected", "reason", found.rejected)
    statistics = dict(list(found.statistics.items())[:_STATISTICS])
    of = f", {_STATISTICS} of {len(found.statistics)}" if len(found.statistics) > _STATISTICS else ""
    _pairs(console, f"Statistics that moved{of}", "name", statistics)
    counts = sorted(rows.columns.items(), key=lambda item: (-item[1], item[0]))
    print_table(console, "Rows changed by column", ["column", "rows"], [[name, f"{count:,}"] for name, count in counts])
    for title, examples in (("Added, for example", rows.added_rows), ("Gone, for example", rows.gone_rows)):
        print_table(console, title, ["row"], [[_row(row)] for row in examples])
    print_table(console, "Changed, for example", ["key", "column", "before", "after"], [
        [_row(change.key), name, *apart(*pair, _CELL)]
        for change in rows.changes for name, pair in change.columns.items()
    ])  # fmt: skip


def _row(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {shown(value, _CELL)}" for name, value in row.items())


def _pairs(console: Console, title: str, what: str, pairs: dict[str, Values]) -> None:
    cells = [[name, *apart(*pair, _CELL)] for name, pair in pairs.items()]
    print_table(console, title, [what, "before", "after"], cells)
