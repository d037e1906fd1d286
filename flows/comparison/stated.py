"""What two manifests state otherwise, by dotted names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NULL = "null, as stated"  # of what a manifest states to be null; None is what it does not state
Values = tuple[Any, Any]
_Path = tuple[str, ...]


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Values]:
    """Nested values that are not alike in both, each pair by its dotted name, in the order of the names.

    Names of which another's parts hold the dots are told apart by quotes: ``l.a`` and ``"l.a"``.
    """
    old, new = dict(_leaves(before)), dict(_leaves(after))
    paths = sorted({*old, *new})
    names = [".".join(path) for path in paths]
    if len(set(names)) < len(names):
        names = [".".join(map(_quoted, path)) for path in paths]
    pairs = {name: (old.get(path), new.get(path)) for name, path in zip(names, paths, strict=True)}
    return {name: pair for name, pair in pairs.items() if not alike(*pair)}


def alike(one: Any, other: Any) -> bool:
    """Whether two values of JSON, or of a row, say the same: a truth value is no number, and NaN is itself."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or (one != one and other != other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and bool(one == other)


def _leaves(values: Mapping[str, Any], path: Sequence[str] = ()) -> Iterator[tuple[_Path, Any]]:
    """Each value that holds no others, an empty group among them, by the names that lead to it."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), NULL if value is None else value


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) if "." in name or '"' in name else name
