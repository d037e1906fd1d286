"""Tables on the terminal, of cells that strangers may have filled."""

from __future__ import annotations

import os
import sys

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from flows.shown import one_line

_WIDTH = 160
_READABLE = 12  # characters: a column in which shorter words would break is too narrow


def new_console() -> Console:
    """As wide as the terminal, or as COLUMNS says; where the output goes to a file, wide enough for most tables."""
    return Console(soft_wrap=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH)


def print_table(console: Console, title: str, header: list[str], rows: list[list[str]]) -> None:
    """Prints a table of names and cells that strangers may have filled; nothing where it has no row.

    Where its columns would be too narrow to be read, its rows stand below each other, a cell a line.
    """
    if not rows:
        return
    header, *texts = [[one_line(cell) for cell in row] for row in (header, *rows)]
    widths = column_widths([header, *texts], console.width)
    words = longest_words([header, *texts])
    beside = all(width >= min(_READABLE, word) for width, word in zip(widths, words, strict=True))
    if not beside:
        texts = [cells for row in texts for cells in (*map(list, zip(header, row, strict=True)), ["", ""])][:-1]
        widths = column_widths(texts, console.width)
    columns = (Column(Text(name), overflow="fold", width=width) for name, width in zip(header, widths, strict=False))
    console.print(Text(one_line(title), "table.title"))  # a table's own title would be folded to the table's width
    table = Table(*columns, box=box.SIMPLE, show_header=beside)
    for row in texts:
        table.add_row(*map(Text, row))
    console.print(table)


def column_widths(rows: list[list[str]], width: int) -> list[int]:
    """How wide each column of a table is, so that cells break between words, and within one only if there is no room.

    Args:
        rows: cells, the header's among them.
        width: of the whole table, in characters.
    """
    columns = list(zip(*rows, strict=True))
    room = max(len(columns), width - 3 * len(columns) - 1)  # the rest is between them
    whole = [max(map(cell_len, column)) for column in columns]
    return _within(whole, _within(longest_words(rows), [1] * len(columns), room), room)


def longest_words(rows: list[list[str]]) -> list[int]:
    """Characters of the longest word in each column of a table."""
    return [
        max((cell_len(word) for cell in cells for word in cell.split()), default=1) for cells in zip(*rows, strict=True)
    ]


def _within(wanted: list[int], least: list[int], room: int) -> list[int]:
    """What is wanted, the widest ones lowered to one width such that all of them have room."""
    most = max(wanted)
    while most > 1 and sum(max(low, min(one, most)) for one, low in zip(wanted, least, strict=True)) > room:
        most -= 1
    return [max(low, min(one, most)) for one, low in zip(wanted, least, strict=True)]
