"""Our numbers and the paper's in one table, laid out as the paper's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.page.numbers import mean
from reports.page.paper import AVERAGE, Figures, Group, Line, Published
from reports.page.results.settings import in_order, setting_name
from reports.page.results.table import OURS, PAPER, Cell, Column, Row
from reports.page.sources import is_english, language_order

NON_ENGLISH = "non-English"  # the mean over all languages but English
_OWN = "own data"  # over our columns, where the paper's stand beside them and are of other data


@dataclass(frozen=True)
class Own:
    """Our numbers on one set of data.

    Attributes:
        kind: what tells it from others of the task; empty where there is one.
        title: the same in words.
        dataset: the paper's data set that it is; empty where it is none of them.
        cells: by setting, and by language or direction.
    """

    kind: str
    title: str
    dataset: str
    cells: Mapping[str, Mapping[str, Cell]]

    @property
    def parts(self) -> set[str]:
        """The languages or directions that were measured in any setting."""
        return {part for cells in self.cells.values() for part in cells}


@dataclass(frozen=True)
class _Block:
    """Columns that stand together: of one data set, ours where it was measured, the paper's where it has any."""

    title: str
    parts: tuple[str, ...]
    mean: str
    own: Own | None

    def columns(self) -> list[Column]:
        own, kind = self.own is not None, self.own.kind if self.own else ""
        means = [Column(self.title, self.mean, own, kind, mean=True)] if self.mean else []
        return [Column(self.title, part, own, kind) for part in self.parts] + means

    def ours(self, setting: str, measures: int) -> list[Cell]:
        cells = self.own.cells.get(setting, {}) if self.own else {}
        single = [cells.get(part) or Cell.plain((), measures) for part in self.parts]
        if not self.mean:
            return single
        counted = [cell for part, cell in cells.items() if self.mean != NON_ENGLISH or not is_english(part)]
        by_measure = ([cell.values[place] for cell in counted] for place in range(measures))
        means = [mean([value for value in values if value is not None]) for values in by_measure]
        return [*single, Cell.plain(means, measures)]

    def papers(self, line: Line, measures: int) -> list[Cell]:
        figures: Figures = line.figures.get(self.title, {})
        parts = [*self.parts, *([self.mean] if self.mean else [])]
        return [Cell.plain(figures.get(part, ()), measures) for part in parts]


@dataclass(frozen=True)
class Layout:
    """What the table of a task has.

    Attributes:
        measures: how many numbers a cell holds.
        settings: those that have a row of ours in any case.
        mean: the column of means over our languages: ``average``, ``non-English``, or empty for none.
    """

    measures: int
    settings: tuple[str, ...]
    mean: str = ""

    def table(self, several: Sequence[Own], published: Published | None) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
        """Columns and rows.

        Every setting has a row of ours, with dashes where nothing was run; the paper's rows follow those of their
        settings. What was measured on none of the paper's data sets has columns of its own, before the paper's.

        Args:
            several: ours.
            published: the paper's table; None where it does not stand beside ours.
        """
        blocks = [*self._strays(several, published), *(self._block(group, several) for group in _groups(published))]
        columns = tuple(column for block in blocks for column in block.columns())
        return columns, tuple(self._rows(blocks, several, published.lines if published else ()))

    def _strays(self, several: Sequence[Own], published: Published | None) -> Iterator[_Block]:
        for own in several:
            if own.parts and not any(_is_of(own, group) for group in _groups(published)):
                title = ", ".join(filter(None, (_OWN if published else "", own.title)))
                yield _Block(title, tuple(language_order(own.parts)), self.mean, own)

    def _block(self, group: Group, several: Sequence[Own]) -> _Block:
        """The paper's languages in its order, and then those that only we have."""
        own = next((own for own in several if _is_of(own, group)), None)
        more = language_order(own.parts.difference(group.parts)) if own else []
        return _Block(group.title, (*group.parts, *more), AVERAGE if group.average else self.mean if own else "", own)

    def _rows(self, blocks: Sequence[_Block], several: Sequence[Own], lines: Sequence[Line]) -> Iterator[Row]:
        def beside(setting: str) -> Iterator[Row]:
            for line in lines:
                if line.setting == setting:
                    cells = (cell for block in blocks for cell in block.papers(line, self.measures))
                    yield Row(line.setting, line.label, PAPER, tuple(cells))

        for setting in in_order({*self.settings, *(setting for own in several for setting in own.cells)}):
            cells = (cell for block in blocks for cell in block.ours(setting, self.measures))
            yield Row(setting, setting_name(setting), OURS, tuple(cells))
            yield from beside(setting)
        yield from beside("")


def _groups(published: Published | None) -> tuple[Group, ...]:
    return published.groups if published else ()


def _is_of(own: Own, group: Group) -> bool:
    return (own.dataset, own.kind) == (group.dataset, group.kind)
