"""From the metrics of a task to all that is shown of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from reports.page.numbers import count, finite
from reports.page.paper import Published, table_of
from reports.page.results.layout import Layout, Own
from reports.page.results.settings import KINDS, file_name, in_order, kind_of, setting_of
from reports.page.results.table import Cell, Facts, Results, Table
from reports.page.results.task import TASKS, Task, interval_of, stated
from reports.page.sources import dig, language_order

T = TypeVar("T")
Metrics = Mapping[str, Mapping[str, Any]]  # what metrics files hold, by their names without the ending

# Of a whole run: the key in the metrics, and what it is called.
_RUN = {
    "split": "split", "seed": "seed", "weights": "weights", "images": "pictures",
    "captions_per_image": "captions a picture", "ties": "ties broken by", "beam": "beam",
    "length_penalty": "length penalty", "resamples": "bootstrap resamples", "interval_level": "level of intervals",
}  # fmt: skip

# What was left out of a whole run, said where there is any.
_LEFT_OUT = {
    "captions_skipped_without_regions": "captions left out, without regions", "rows_left_out": "rows left out",
    "languages_left_out": "languages left out, without embedding",
}  # fmt: skip


def task_results(name: str, metrics: Metrics, datasets: Sequence[str]) -> Results | None:
    """All tables of one task.

    Args:
        name: the task.
        metrics: of its settings.
        datasets: those of the paper's data sets that the profile measures; where it measures any of them, all of the
            paper's tables are shown, with a dash where nothing was run.

    Returns:
        None where nothing was measured and nothing of the paper is shown.
    """
    task = next(task for task in TASKS if task.name == name)
    order = in_order(setting_of(file, name) for file in metrics)
    ordered = {
        file: metrics[file] for file in sorted(metrics, key=lambda one: (order.index(setting_of(one, name)), one))
    }
    tables = (*_by_protocol(task, ordered, datasets), *_shortlists(task, ordered), *_as_asked(task, ordered))
    return Results(name, tables, _runs(task, ordered), _counts(task, ordered)) if tables else None


def _by_protocol(task: Task, metrics: Metrics, datasets: Sequence[str]) -> Iterator[Table]:
    published = table_of(task.name) if datasets else None
    groups = published.groups if published else ()
    own = next((group.dataset for group in groups if group.dataset in datasets), "")
    layout = Layout(len(task.measures), task.settings, task.mean)
    for protocol, meaning in task.protocols.items():
        is_main = protocol == task.main
        ours = _ours(task, own, {file: task.cells(values, protocol) for file, values in metrics.items()})
        measured = any(one.parts for one in ours)
        beside = published if is_main else _what_was_measured(published, ours)
        if measured or (is_main and published):
            title = f"{_capital(' / '.join(task.measures))} by setting{f', {beside.title}' if beside else ''}"
            yield Table(
                task.name if is_main else f"{task.name}-{protocol}", task.name,
                title + (f", protocol “{protocol}”" if protocol and measured else ""), meaning if measured else "",
                protocol, task.measures, is_main, *layout.table(ours, beside),
            )  # fmt: skip


def _ours(task: Task, dataset: str, cells: Mapping[str, Mapping[str, Cell]]) -> list[Own]:
    """The numbers of all files, those of a kind together."""
    kinds: dict[str, dict[str, Mapping[str, Cell]]] = {}
    for file, by_part in cells.items():
        kinds.setdefault(kind_of(file, task.name), {})[setting_of(file, task.name)] = by_part
    return [Own(kind, KINDS.get(kind, ""), dataset, by_setting) for kind, by_setting in kinds.items()]


def _what_was_measured(published: Published | None, ours: Sequence[Own]) -> Published | None:
    """Of the paper's table, the languages of our own data set that were measured; None where there are none."""
    for own in ours:
        for group in published.groups if published else ():
            parts = tuple(part for part in group.parts if part in own.parts)
            if group.dataset == own.dataset and parts and published:
                return replace(published, title=group.title, groups=(replace(group, parts=parts),))
    return None


def _shortlists(task: Task, metrics: Metrics) -> Iterator[Table]:
    """What a shortlist gives up in mR, and saves in passes over text and picture together."""
    cells: dict[str, dict[str, Cell]] = {}
    for file, values in metrics.items():
        by_part = dig(dict(values), "shortlist", "languages")
        for part, one in by_part.items() if isinstance(by_part, dict) else ():
            exact, joint = finite(dig(one, "exact_passes")), finite(dig(one, "joint_passes"))
            times = exact / joint if exact and joint else None
            numbers = (finite(dig(one, "mR")), finite(dig(one, "exact_mR")), times)
            cells.setdefault(file, {})[part] = Cell(numbers, (interval_of(one, "mR"), None, None), stated(values, one))
    if cells:
        depths = {str(dig(dict(metrics[file]), "shortlist", "depth")) for file in cells}
        told = (
            f"The contrastive head picks {' or '.join(sorted(depths))} candidates a query, and the"
            " whole network orders them. Networks without such a head, as before fine-tuning, have no row."
        )
        measures = ("mR with a shortlist", "exact mR", "times fewer joint passes")
        yield _further(replace(task, settings=()), f"{task.name}-shortlist", told, measures, cells)


def _as_asked(task: Task, metrics: Metrics) -> Iterator[Table]:
    """How many generated texts are in the language that was asked for, and how many are empty."""
    names = {
        "in_language": "told to be in the language asked for, %", "references_in_language": "references told so, %",
        "empty": "empty texts",
    }  # fmt: skip
    texts = {file: task.by_part(values, task.main) for file, values in metrics.items() if task.generates}
    keys = [
        key for key in names if any(dig(one, key) is not None for parts in texts.values() for one in parts.values())
    ]
    if keys:
        cells = {
            file: {
                part: Cell(
                    tuple(_as_counted(key, dig(one, key)) for key in keys), (None,) * len(keys),
                    stated(metrics[file], one),
                )
                for part, one in parts.items()
            }
            for file, parts in texts.items()
        }  # fmt: skip
        yield _further(task, f"{task.name}-texts", "Of the generated texts.", tuple(names[key] for key in keys), cells)


def _as_counted(key: str, value: Any) -> float | None:
    """A share in percent; a number of texts as the whole number that it is."""
    number = finite(value)
    return number if number is None else int(number) if key == "empty" else 100 * number


def _further(
    task: Task, name: str, meaning: str, measures: tuple[str, ...], cells: Mapping[str, Mapping[str, Cell]]
) -> Table:
    """A table beside the task's main ones, of which the paper has nothing."""
    columns, rows = Layout(len(measures), task.settings).table(_ours(task, "", cells), None)
    title = f"{_capital(' / '.join(measures))}, by setting"
    return Table(name, task.name, title, meaning, task.main, measures, False, columns, rows)


def _capital(text: str) -> str:
    """A title's first letter is a capital one, but for the unit mR."""
    return text if text.startswith("mR") else text[:1].upper() + text[1:]


def _runs(task: Task, metrics: Metrics) -> tuple[Facts, ...]:
    """What the metrics say of each setting as a whole; settings of which they say the same stand together."""
    runs = {
        file_name(file, task.name): _named(_RUN, values) | {
            name: said for key, name in _LEFT_OUT.items() if (said := _counted(dig(dict(values), key)))
        }
        for file, values in metrics.items()
    }  # fmt: skip
    return tuple(Facts(settings, (), named) for settings, named in _together(runs))


def _counted(value: Any) -> str:
    """Names, counts by name, or such counts by language, in words; empty where there is none."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if not isinstance(value, dict):
        return ""
    by_language = ((lang, _counts_by_name(one)) for lang, one in value.items() if isinstance(one, dict))
    said = [f"{lang}: {counts}" for lang, counts in by_language if counts]
    return "; ".join(filter(None, [_counts_by_name(value), *said]))


def _counts_by_name(value: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {count(number)}" for name, number in value.items() if finite(number))


def _counts(task: Task, metrics: Metrics) -> tuple[Facts, ...]:
    """What the metrics say of each language; what is the same of several languages or settings is said once."""
    parts = {file_name(file, task.name): task.by_part(values, task.main) for file, values in metrics.items()}
    by_part = {
        part: _together({setting: _named(task.counted, of[part]) for setting, of in parts.items() if part in of})
        for part in language_order({part for measured in parts.values() for part in measured})
    }
    return tuple(
        Facts(settings, languages, named) for languages, stated in _together(by_part) for settings, named in stated
    )


def _named(names: Mapping[str, str], values: Any) -> dict[str, object]:
    return {name: value for key, name in names.items() if (value := dig(values, key)) is not None}


def _together(stated: Mapping[str, T]) -> list[tuple[tuple[str, ...], T]]:
    """The names of which the same is stated, in the order of their first ones."""
    groups: list[tuple[list[str], T]] = []
    for name, said in stated.items():
        same = next((names for names, known in groups if known == said), None)
        if same is None:
            groups.append(([name], said))
        else:
            same.append(name)
    return [(tuple(names), said) for names, said in groups]
