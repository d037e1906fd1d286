"""Configuration: a frozen dataclass a stage, filled from a profile's YAML or from the command line.

Written on the standard library alone, because ``model/`` also runs on GPU machines that bring their own Python.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import reprlib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, Union

import yaml

from contract.errors import UsageError

C = TypeVar("C")


_SHORT = reprlib.Repr()
_SHORT.maxlevel = 2  # YAML's aliases can make a value of a few lines fill all memory when it is written out


def shortened(value: Any) -> str:
    """A value as it is named in errors, however large it is."""
    return _SHORT.repr(value)


def option(default: Any, help: str, unit: str = "") -> Any:
    """A configuration field with its default, its help and its unit."""
    metadata = {"help": help, "unit": unit}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def key_of(field: str) -> str:
    """A field's key in a profile and on the command line: ``from_`` is ``from``, which Python keeps for itself."""
    return field.removesuffix("_")


def load_config(cls: type[C], values: Mapping[str, Any], where: str) -> C:
    """Fills a configuration dataclass, refusing unknown keys and values of a wrong type.

    Args:
        cls: a frozen dataclass whose fields are str, int, float, bool, Path, tuples and dicts of them, ``X | None``
            or further such dataclasses.
        values: a mapping, as YAML gives it.
        where: what to call it in errors: "profiles/demo.yaml: regions".

    Raises:
        UsageError: names the key, what was expected, and the nearest key that exists.
    """
    if not isinstance(values, Mapping):
        raise UsageError(f"{where} is {shortened(values)}.", "a mapping of keys to values.")
    hints = typing.get_type_hints(cls)
    names = {key_of(field.name): field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, 1)
            raise UsageError(
                f"{where} has the unknown key {key!r}.",
                f"one of {', '.join(names)}.",
                f"did you mean {near[0]!r}?" if near else "",
            )
    converted = {names[key]: convert(value, hints[names[key]], f"{where}.{key}") for key, value in values.items()}
    try:
        return cls(**converted)
    except UsageError as error:
        raise UsageError(f"{where}: {error.what}", error.expected, error.remedy) from None


def convert(value: Any, kind: Any, where: str) -> Any:
    """Checks a value against a type hint, and turns lists into tuples and strings into paths.

    Raises:
        UsageError: where the value does not fit.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        (kind,) = [argument for argument in arguments if argument is not type(None)]
        return convert(value, kind, where)
    if dataclasses.is_dataclass(kind):
        return load_config(typing.cast(type, kind), value, where)
    if origin is tuple and isinstance(value, (list, tuple)):
        return tuple(convert(item, arguments[0], f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, Mapping):
        return {convert(k, arguments[0], where): convert(v, arguments[1], f"{where}.{k}") for k, v in value.items()}
    if kind is Path and isinstance(value, (str, Path)):
        return Path(value)
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if kind in (str, int, bool) and type(value) is kind:
        return value
    raise UsageError(f"{where} is {shortened(value)}.", getattr(kind, "__name__", str(kind)))


def check_range(config: Any, names: str, least: float, most: float = math.inf) -> None:
    """Refuses numbers of a configuration that lie outside a range; called by its ``__post_init__``.

    Args:
        config: the dataclass.
        names: the keys, with spaces between them.
        least: the least value.
        most: the greatest value; any finite one where it is not given.

    Raises:
        UsageError: names the key.
    """
    for name in names.split():
        value = getattr(config, name)
        if not (least <= value <= most and math.isfinite(value)):  # also refuses NaN
            expected = f"{least:,} or more." if math.isinf(most) else f"{least:,} to {most:,}."
            raise UsageError(f"{name} is {value}.", expected)


def check_choice(config: Any, name: str, choices: tuple[str, ...]) -> None:
    """Refuses a setting that is none of its choices.

    Raises:
        UsageError: names the key.
    """
    if getattr(config, name) not in choices:
        raise UsageError(f"{name} is {getattr(config, name)!r}.", f"one of {', '.join(choices)}.")


def as_parameters(config: Any) -> dict[str, Any]:
    """A configuration as JSON values, for manifests and fingerprints."""

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return value.as_posix()
        if isinstance(value, (tuple, list)):
            return [plain(item) for item in value]
        if isinstance(value, dict):
            return {str(key): plain(item) for key, item in value.items()}
        return value

    return typing.cast(dict[str, Any], plain(dataclasses.asdict(config)))


def section_of(profile: Mapping[str, Any], section: str, where: str) -> Mapping[str, Any]:
    """A profile's settings of one section; empty where it states none.

    Raises:
        UsageError: where the section is no mapping.
    """
    values = profile.get(section)
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise UsageError(f"{where}: {section} is {shortened(values)}.", "a mapping of keys to values.")
    return values


class _OneOfEach(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping, where YAML would silently take the last one."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys all differ."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file as a mapping, read safely.

    Raises:
        UsageError: where the file is missing, broken, or no mapping.
    """
    if not path.is_file():
        raise UsageError(f"{path} is not there.", "a profile in YAML.", "see profiles/ for examples.")
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _OneOfEach)  # noqa: S506 — a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid YAML: {error}", "a profile in YAML, in UTF-8.") from error
    if not isinstance(values, dict):
        raise UsageError(f"{path} holds no mapping.", "a mapping of stage names to their settings.")
    return values
