"""What a table of results is, before anything shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reports.page.numbers import DASH, count, score

OURS, PAPER = "ours", "paper"


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        group: title of the data set; empty where the table has one, which is the profile's own.
        part: the language, the direction or the average.
        own: whether it is of what this profile measures.
        kind: what tells two groups of ours apart; empty where there is one.
        mean: whether it is a mean over others.
    """

    group: str
    part: str
    own: bool
    kind: str = ""
    mean: bool = False


@dataclass(frozen=True)
class Cell:
    """The numbers of one language in one setting.

    Attributes:
        values: one a measure, a whole number where things were counted; None where nothing was run or reported.
        intervals: one a measure; None where there is none.
        stated: how they came about: items, tokenizer, split, seed and weights, as far as the metrics say so.
    """

    values: tuple[float | None, ...]
    intervals: tuple[tuple[float, float] | None, ...]
    stated: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def plain(cls, values: Iterable[float | None], measures: int) -> Cell:
        """A cell of numbers without intervals; of dashes where there are no numbers."""
        return cls(tuple(values) or (None,) * measures, (None,) * measures)

    @property
    def text(self) -> str:
        """The numbers as people read them: ``26.5 / 59.4``; one dash where there is none."""
        return DASH if not self.known else " / ".join(_number(value) for value in self.values)

    @property
    def interval_text(self) -> str:
        """The intervals: ``25.1–27.9 / 55.0–63.2``; empty where there is none."""
        if not any(self.intervals):
            return ""
        return " / ".join(f"{score(one[0])}–{score(one[1])}" if one else DASH for one in self.intervals)

    @property
    def known(self) -> bool:
        """Whether it holds any number."""
        return any(value is not None for value in self.values)


def _number(value: float | None) -> str:
    return count(value) if isinstance(value, int) else score(value)


@dataclass(frozen=True)
class Row:
    """A setting's row: ours, or the paper's.

    Attributes:
        setting: the setting's key; empty where the paper's is not known to us.
        label: the setting in words.
        source: ``ours`` or ``paper``.
        cells: one a column.
    """

    setting: str
    label: str
    source: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: of the table, by which it is found: ``retrieval``, ``retrieval-1k``.
        task: what was done.
        title: its heading.
        meaning: how its numbers come about; may be empty.
        protocol: under which ours were measured; empty for tasks that have one way only.
        measures: one a number in a cell.
        main: whether its numbers are what the task is about.
        columns: its columns.
        rows: settings in their order, each of ours before the paper's.
    """

    name: str
    task: str
    title: str
    meaning: str
    protocol: str
    measures: tuple[str, ...]
    main: bool
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def has_paper(self) -> bool:
        """Whether the paper's figures stand beside ours."""
        return any(row.source == PAPER for row in self.rows)

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Titles over the columns, each with the number of columns that it spans."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans


@dataclass(frozen=True)
class Facts:
    """What holds for some settings, and for some languages or directions where they are named.

    Attributes:
        settings: in words; of queries, their kinds.
        parts: the languages or directions; none where it holds for all.
        named: what is stated, by its name.
    """

    settings: tuple[str, ...]
    parts: tuple[str, ...]
    named: dict[str, object]


@dataclass(frozen=True)
class Results:
    """All that is shown of one task.

    Attributes:
        task: its name.
        tables: its tables, the paper's layout first.
        runs: split, seed and the like, of every setting.
        counts: items, tokenizers and the like, of every language.
    """

    task: str
    tables: tuple[Table, ...]
    runs: tuple[Facts, ...]
    counts: tuple[Facts, ...]

    @property
    def has_paper(self) -> bool:
        """Whether the paper's figures stand beside ours."""
        return any(table.has_paper for table in self.tables)

    @property
    def has_intervals(self) -> bool:
        """Whether any number has an interval."""
        return any(any(cell.intervals) for table in self.tables for row in table.rows for cell in row.cells)
