"""What a stage says of its dataset: numbers that are stated of several things alike as one table, the rest in lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_MOST_COLUMNS = 9  # more are no table that a terminal has room for


@dataclass(frozen=True)
class Group:
    """Things of which the same is stated.

    Attributes:
        name: what they have in common, by dotted names; empty of the outermost ones.
        columns: what is stated of them.
        rows: of each its name and the values, None where one is not stated.
    """

    name: str
    columns: list[str]
    rows: list[tuple[str, list[Any]]]


def arranged(values: dict[str, Any], name: str = "") -> tuple[dict[str, Any], list[Group]]:
    """Nested values as groups of two things or more, and all others as they are nested.

    Args:
        values: mappings of mappings.
        name: of the whole, for the names of the groups.
    """
    rest: dict[str, Any] = {}
    alike: list[tuple[list[str], dict[str, dict[str, Any]]]] = []
    groups: list[Group] = []
    for key, value in values.items():
        if not isinstance(value, dict):
            rest[key] = value
            continue
        own = {one: stated for one, stated in value.items() if not isinstance(stated, dict)}
        _put(alike, key, own)
        inner = {one: stated for one, stated in value.items() if isinstance(stated, dict)}
        rest[key], further = arranged(inner, f"{name}.{key}".lstrip("."))
        groups += further
    for columns, things in alike:
        if len(things) > 1 and len(columns) <= _MOST_COLUMNS:
            rows = [(key, [own.get(column) for column in columns]) for key, own in things.items()]
            groups.insert(0, Group(name, columns, rows))
        else:
            for key, own in things.items():
                rest[key] = own | rest[key]
    return {key: value for key, value in rest.items() if value != {}}, groups


def _put(alike: list[tuple[list[str], dict[str, dict[str, Any]]]], key: str, own: dict[str, Any]) -> None:
    """Puts a thing to those of which the same is stated, or some of the same and little else."""
    for columns, things in alike:
        further = [column for column in own if column not in columns]
        if len(further) < len(own) and len(columns) + len(further) <= _MOST_COLUMNS:
            columns += further
            things[key] = own
            return
    alike.append((list(own), {key: own}))
