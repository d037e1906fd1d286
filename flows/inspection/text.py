"""Datasets on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from contract.manifest import Manifest
from flows.inspection.dataset import Inspection
from flows.inspection.numbers import Bar, Summary
from flows.inspection.rows import readable_row
from flows.inspection.stated import arranged
from flows.inspection.statistics import ColumnStatistics, Statistics
from flows.inspection.table import new_console, print_table
from flows.shown import counted, flat, number, one_line, shown, size

_CELL = 120
_STATED = "The stage's statistics"
_STATISTICS, _MOST = 60, 10  # lines of a table, and those of a group, such as the detector's classes
_VALUES, _VALUE = 8, 40  # values of a column, and characters of each
_BLOCKS = " ▁▂▃▄▅▆▇█"


def print_inspection(inspection: Inspection) -> None:
    """Prints what a dataset is, its columns, statistics, rejects, parameters and sample rows."""
    console = new_console()
    for line in _heading(inspection):
        print(one_line(line))
    _print_columns(console, inspection)
    if inspection.manifest and not inspection.file:
        _print_rejected(console, inspection)
        if not inspection.of_rejects:
            _print_manifest(console, inspection.manifest)
    _print_statistics(console, inspection)
    for place, row in enumerate(inspection.rows, 1):
        cells = [[name, shown(value, _CELL)] for name, value in readable_row(row).items()]
        print_table(console, f"Row {place}", ["column", "value"], cells)


def _heading(inspection: Inspection) -> list[str]:
    manifest, file = inspection.manifest, inspection.file
    made = f", made by the stage {manifest.stage} with seed {manifest.seed}" if manifest else ""
    if file:
        what = f"{inspection.dataset} {inspection.version}" if inspection.dataset else "Parquet of no dataset of m3p"
        return [f"{what}: the file {inspection.place}{made}", f"{counted(file.rows, 'row')}, {size(file.bytes)}",
                *(f"Note: {note}." for note in inspection.notes)]  # fmt: skip
    assert manifest  # a dataset has one
    rejected = sum(manifest.rejected.values())
    if inspection.of_rejects:
        return [
            f"{inspection.dataset} {inspection.version} in {inspection.place}, of {manifest.dataset}{made}",
            f"{rejected:,} of {counted(manifest.rows_in, 'row')} rejected; "
            f"{counted(len(inspection.files), 'file')}, {size(inspection.bytes)}",
        ]
    return [
        f"{inspection.dataset} {inspection.version} in {inspection.place}{made}",
        f"{counted(manifest.rows_in, 'row')} in, {manifest.rows_out:,} out, "
        f"{rejected:,} rejected; "
        f"{counted(len(inspection.files), 'shard')}, {size(inspection.bytes)}",
        *(f"Note: {note}." for note in inspection.notes),
    ]


def _print_columns(console: Console, inspection: Inspection) -> None:
    print_table(console, "Columns", ["column", "type", "unit", "description"], [
        [column.name + ("?" if column.nullable else ""), column.type, column.unit, column.description]
        for column in inspection.columns
    ])  # fmt: skip


def _print_rejected(console: Console, inspection: Inspection) -> None:
    print_table(console, "Rejected", ["reason", "rows", "meaning", "example"], [
        [one.reason, f"{one.count:,}", one.meaning, "; ".join(f"{e['key']}: {e['message']}" for e in one.examples[:1])]
        for one in inspection.rejects
    ])  # fmt: skip


def _print_manifest(console: Console, manifest: Manifest) -> None:
    print_table(console, "Made from", ["input", "sha256"], list(map(list, manifest.inputs.items())))
    print_table(console, "Made with", ["parameter", "value"], [
        [name, shown(value, _CELL)] for name, value in flat(manifest.parameters)
    ])  # fmt: skip
    rest, groups = arranged(manifest.statistics)
    stated = [[name, shown(value, _CELL)] for name, value in flat(rest, _MOST)]
    _print_most(console, _STATED, ["name", "value"], stated)
    for group in groups:
        rows = [[name, *(shown(value, _CELL) for value in values)] for name, values in group.rows]
        _print_most(console, f"{_STATED}: {group.name}" if group.name else _STATED, ["", *group.columns], rows)


def _print_most(console: Console, title: str, header: list[str], rows: list[list[str]]) -> None:
    title += f", {_STATISTICS} of {len(rows)}" if len(rows) > _STATISTICS else ""
    print_table(console, title, header, rows[:_STATISTICS])


def _print_statistics(console: Console, inspection: Inspection) -> None:
    statistics = inspection.statistics
    if not statistics.rows:
        return
    header = ["column", "nulls", "duplicates", "what stands there"]
    print_table(console, f"The rows' statistics ({inspection.read})", header, [
        [one.name, f"{one.nulls:,}", "" if one.duplicates is None else f"{one.duplicates:,}", f"{said} {_bars(one)}"]
        for one in statistics.columns if (said := said_of(one, statistics.rows)) or one.nulls
    ])  # fmt: skip
    print_table(
        console, "Characters by language", ["lang", "texts", "mean", "median", "95 %", "most"], _by_language(statistics)
    )


def said_of(one: ColumnStatistics, rows: int) -> str:
    """What stands in a column of so many rows, in words."""
    if one.values:
        more = f", and {counted(len(one.values) - _VALUES, 'other')}" if len(one.values) > _VALUES else ""
        return ", ".join(f"{shown(value, _VALUE)} {count:,}" for value, count in one.values[:_VALUES]) + more
    found = one.numbers
    if found is None:
        return "nothing but nulls" if one.nulls == rows else ""
    unit = f" {one.measure}" if one.measure else ""
    lost = f", {found.not_finite:,} not finite" if found.not_finite else ""
    if found.least == found.most:
        return f"always {number(found.least)}{unit.removesuffix('s') if found.least == 1 else unit}{lost}"
    least, most, mean, median = map(number, (found.least, found.most, found.mean, found.median))
    return f"{least} to {most}, mean {mean}, median {median}{unit}{lost}"


def _by_language(statistics: Statistics) -> list[list[str]]:
    return [[lang, *summary_cells(found)] for lang, found in statistics.characters.items()]


def summary_cells(found: Summary) -> list[str]:
    """Count, mean, median, 95th percent and greatest as cells of a table."""
    return [f"{found.count:,}", *map(number, (found.mean, found.median, found.ninety_fifth_percent, found.most))]


def _bars(one: ColumnStatistics) -> str:
    """A histogram in one line of blocks; nothing of a column whose values are counted, or always the same."""
    found = one.numbers
    return "" if one.values or found is None or found.least == found.most else bars(found.histogram)


def bars(histogram: Sequence[Bar]) -> str:
    """A histogram in one line of blocks."""
    most = max((bar.count for bar in histogram), default=0)
    return "".join(_BLOCKS[-(-bar.count * (len(_BLOCKS) - 1) // most)] for bar in histogram) if most else ""
