"""Whether a file says what a manifest says: which keys there are, and what each of them holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

_Rule = tuple[Callable[[Any], bool], str]


class UnlikeError(Exception):
    """A file that is no manifest.

    Attributes:
        found: what stands there, by its key.
        expected: what should have.
    """

    def __init__(self, found: str, expected: str = "a manifest as stages write it.") -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected


def json_object(content: bytes) -> dict[str, Any]:
    """The JSON object that a file holds.

    Raises:
        UnlikeError: where it holds none.
    """
    try:
        values = json.loads(content)
    except RecursionError as error:
        raise UnlikeError(_TOO_DEEP) from error
    except json.JSONDecodeError as error:
        where = f"it is no JSON from line {error.lineno}, column {error.colno} on"
        raise UnlikeError(where if content.strip() else "it is empty") from error
    except ValueError as error:  # what Python says of these two tells a user nothing
        raise UnlikeError("it is no JSON: it is no UTF-8, or holds a number of thousands of digits") from error
    if not isinstance(values, dict):
        raise UnlikeError(f"it is {_JSON.get(type(values), 'a number')}")
    return values


def check_values(values: dict[str, Any]) -> None:
    """Checks every key of a manifest but its seal.

    Raises:
        UnlikeError: names the first that is not as stages write it.
    """
    check_depth(values)
    for name, rule in _KEYS.items():
        if name not in values:
            raise UnlikeError(f"it has no {name!r}")
        _check(name, values[name], rule)
    if more := sorted(set(values) - set(_KEYS)):
        raise UnlikeError(f"it has {more[0]!r}", "no such key.")
    for key, rule in (("inputs", _SHA256), ("rejected", _ROWS)):
        for name, value in values[key].items():
            _check(f"{key}.{name}", value, rule)
    for key in ("shards", "rejects"):
        for number, file in enumerate(values[key]):
            _check(f"{key}[{number}]", file, _FILE)
            for name, rule in _OF_FILE.items():
                _check(f"{key}[{number}].{name}", file[name], rule)


def is_within(path: str) -> bool:
    """Whether a path leads to what lies in its folder."""
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts


def _check(name: str, value: Any, rule: _Rule) -> None:
    is_so, expected = rule
    if not is_so(value):
        text = json.dumps(value, ensure_ascii=False)
        raise UnlikeError(f"{name!r} is {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}", f"{expected}.")


def check_depth(values: dict[str, Any]) -> None:
    """Refuses what is nested so deep that whoever prints it would end in Python's limit.

    Raises:
        UnlikeError: where it is.
    """
    level: list[Any] = [values]
    for _ in range(_DEEPEST + 2):
        level = [
            inner for one in level if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]  # fmt: skip
    if level:
        raise UnlikeError(_TOO_DEEP)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_integer(value: Any) -> bool:
    return type(value) is int  # true and false are integers to Python


def _is_count(value: Any) -> bool:
    return _is_integer(value) and 0 <= value < 1 << 63


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and is_within(value)


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == set(_OF_FILE)


_SHOWN = 60  # characters of a value
_DEEPEST = 64  # levels within a key
_TOO_DEEP = f"it is nested deeper than {_DEEPEST} levels"
_JSON: dict[type, str] = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
_TEXT, _OBJECT, _FILES = (_is_text, "a text"), (_is_object, "names and values"), (_is_list, "a list of files")
_SHA256, _ROWS = (_is_text, "a sha256"), (_is_count, "a number of rows")
_FILE = (_is_file, "path, rows, bytes and sha256 of a file")
_KEYS: dict[str, _Rule] = {
    "dataset": _TEXT, "version": _TEXT, "stage": _TEXT, "parameters": _OBJECT, "seed": (_is_integer, "an integer"),
    "inputs": _OBJECT, "shards": _FILES, "rejects": _FILES, "rows_in": _ROWS, "rows_out": _ROWS, "rejected": _OBJECT,
    "statistics": _OBJECT,
}  # fmt: skip
_OF_FILE: dict[str, _Rule] = {
    "path": (_is_path, "a path within the dataset"), "rows": _ROWS, "bytes": (_is_count, "a number of bytes"),
    "sha256": _SHA256,
}  # fmt: skip
