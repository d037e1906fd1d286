"""A dataset on the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.inspection import Inspection, flat_statistics, shown

_CELL = 120
_STATISTICS, _MOST = 60, 10  # lines, and those of a group, such as the detector's classes


def print_inspection(inspection: Inspection) -> None:
    """Prints manifest, columns, rejects, statistics and sample rows."""
    console = Console(soft_wrap=False)
    manifest = inspection.manifest
    console.print(
        Text(
            f"{manifest.dataset} {manifest.version} in {inspection.folder}, made by the stage {manifest.stage} "
            f"with seed {manifest.seed}"
        )
    )
    console.print(
        f"{manifest.rows_in:,} rows in, {manifest.rows_out:,} out, {sum(manifest.rejected.values()):,} rejected; "
        f"{len(manifest.shards)} shards, {inspection.bytes / 1e6:,.1f} MB"
    )
    _table(console, "Columns", ["column", "type", "unit", "description"], [
        [column.name + ("?" if column.nullable else ""), column.type, column.unit, column.description]
        for column in inspection.columns
    ])  # fmt: skip
    _table(console, "Made with", ["parameter", "value"], [
        [name, shown(value, _CELL)] for name, value in flat_statistics(manifest.parameters)
    ])  # fmt: skip
    _table(console, "Rejected", ["reason", "rows", "meaning", "example"], [
        [one.reason, f"{one.count:,}", one.meaning, "; ".join(f"{e['key']}: {e['message']}" for e in one.examples[:1])]
        for one in inspection.rejects
    ])  # fmt: skip
    statistics = list(flat_statistics(manifest.statistics, _MOST))
    title = "Statistics" if len(statistics) <= _STATISTICS else f"Statistics, {_STATISTICS} of {len(statistics)}"
    _table(console, title, ["name", "value"], [[name, shown(value, _CELL)] for name, value in statistics[:_STATISTICS]])
    for number, row in enumerate(inspection.rows, 1):
        _table(console, f"Row {number}", ["column", "value"], [[k, shown(v, _CELL)] for k, v in row.items()])


def _table(console: Console, title: str, header: list[str], rows: list[list[str]]) -> None:
    if not rows:
        return
    table = Table(*header, title=title, title_justify="left", box=box.SIMPLE)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
