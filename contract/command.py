"""The command line of a stage, made from its configuration.

``python -m pipelines.codeswitch --captions DIR --lexicon DIR --out DIR --word-probability 0.5`` gives every setting
by hand; ``--params profiles/demo.yaml`` takes them from the section of that name, and a setting given by hand goes
before it. DVC calls the second form, people may call either. Of a stage with several tasks, each task's own section,
such as ``finetune-headlines``, goes before the stage's.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import os
import sys
import traceback
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, Union

from contract.config import key_of, load_config, read_yaml
from contract.errors import DONE, FAILED, INTERRUPTED, M3PError, UsageError
from contract.measured import measured
from contract.outputs import Mark, check_output
from contract.sections import stated
from contract.text import visible

C = TypeVar("C")


@dataclass(frozen=True)
class PathOption:
    """An input or output of a stage.

    Attributes:
        name: the option without its dashes.
        help: what lies there.
        required: whether the stage cannot do without it.
        replaces: of an output, how an earlier output of the stage is known, which may be replaced; None for an input.
    """

    name: str
    help: str
    required: bool = True
    replaces: Mark | None = None


@dataclass(frozen=True)
class Call(Generic[C]):
    """What a stage is asked to do.

    Attributes:
        config: the stage's settings.
        paths: its inputs and outputs by option name (``-`` becomes ``_``); None for one that was not given.
        seed: seed of every draw.
        workers: processes to use; changes nothing in the result.
    """

    config: C
    paths: dict[str, Path | None]
    seed: int
    workers: int

    def path(self, name: str) -> Path:
        """An input or output that was required or is known to be given."""
        value = self.paths[name]
        if value is None:
            raise UsageError(f"--{name.replace('_', '-')} is missing.", "a path.")
        return value


def run_stage(
    section: str,
    config_class: type[C],
    paths: Sequence[PathOption],
    run: Callable[[Call[C]], None],
    description: str,
    arguments: Sequence[str] | None = None,
    task_of: Callable[[Call[C]], str] | None = None,
) -> int:
    """Reads a stage's command line, runs the stage, and answers with its exit code.

    Args:
        section: the stage's section in a profile.
        config_class: its frozen dataclass of settings, each made with ``contract.config.option``.
        paths: its inputs and outputs.
        run: the stage itself.
        description: first line of ``--help``.
        arguments: the command line; ``sys.argv`` where it is None.
        task_of: of a stage with several tasks, which one a call with the common settings asks for. The task's section,
            ``<section>-<task>``, goes before ``section``, or another one does that ``--section`` names.

    Returns:
        0 done, 1 failed, 2 wrong usage or configuration, 75 failed for a passing reason.
    """
    parser = _parser(section, config_class, paths, description, task_of is not None)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if given.debug else logging.WARNING, force=True, stream=sys.stderr)
    try:
        call = _call(section, config_class, paths, given, task_of)
        outputs = [place for path in paths if path.replaces and (place := call.paths[path.name.replace("-", "_")])]
        with measured(outputs, given.params.stem if given.params else "", getattr(call.config, "device", None)):
            run(call)
        return DONE
    except M3PError as error:
        if given.debug:
            traceback.print_exc()
        print(f"m3p {section}: {visible(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"m3p {section}: interrupted; finished shards are kept, run the same command again.", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 — the outermost frame: whatever it is becomes a message and an exit code
        if given.debug:
            traceback.print_exc()
        print(f"m3p {section}: {type(error).__name__}: {visible(str(error))}", file=sys.stderr)
        print("Run it with --debug for the traceback.", file=sys.stderr)
        return FAILED


def _parser(
    section: str, config_class: type, paths: Sequence[PathOption], description: str, has_tasks: bool
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    for path in paths:
        parser.add_argument(f"--{path.name}", type=Path, required=path.required, metavar="PATH", help=path.help)
    parser.add_argument("--params", type=Path, metavar="FILE", help=f"profile whose section {section!r} holds settings")
    if has_tasks:
        help_text = f"section of the profile that goes before {section!r} (default: {section}-TASK)"
        parser.add_argument("--section", metavar="NAME", help=help_text)
    parser.add_argument("--seed", type=int, help="seed of every draw; the profile's, or 0")
    parser.add_argument("--workers", type=int, help="processes; all cores, or M3P_WORKERS; changes no byte")
    parser.add_argument("--debug", action="store_true", help="log more, and show tracebacks")
    hints = typing.get_type_hints(config_class)
    group = parser.add_argument_group("settings")
    for field in dataclasses.fields(config_class):
        _add_setting(group, field, hints[field.name])
    return parser


def _add_setting(group: Any, field: dataclasses.Field[Any], kind: Any) -> None:
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    unit = field.metadata.get("unit")
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    help_text = f"{field.metadata.get('help', '')}{f' [{unit}]' if unit else ''} (default: {shown})".replace("%", "%%")
    if typing.get_origin(kind) in (Union, types.UnionType):
        (kind,) = [argument for argument in typing.get_args(kind) if argument is not type(None)]
    name = "--" + key_of(field.name).replace("_", "-")
    missing = argparse.SUPPRESS  # so that a setting that was not given does not hide the profile's
    if kind is bool:
        group.add_argument(name, action=argparse.BooleanOptionalAction, default=missing, help=help_text)
    elif typing.get_origin(kind) is tuple:
        (item, *_) = typing.get_args(kind)

        def split(text: str, item: Any = item) -> list[Any]:
            return [item(part.strip()) for part in text.split(",") if part.strip()]

        group.add_argument(name, type=split, default=missing, metavar="A,B,…", help=help_text)
    elif typing.get_origin(kind) is dict or dataclasses.is_dataclass(kind):
        group.add_argument(name, type=json.loads, default=missing, metavar="JSON", help=help_text)
    else:
        group.add_argument(name, type=kind, default=missing, metavar=kind.__name__.upper(), help=help_text)


def _call(
    section: str,
    config_class: type[C],
    paths: Sequence[PathOption],
    given: argparse.Namespace,
    task_of: Callable[[Call[C]], str] | None,
) -> Call[C]:
    profile = read_yaml(given.params) if given.params else {}
    config = _config(config_class, profile, [section], given)
    seed = given.seed if given.seed is not None else profile.get("seed", 0)
    if type(seed) is not int:
        raise UsageError(f"{given.params}: seed is {seed!r}.", "a whole number.")
    workers = workers_of(given.workers)
    named = {path.name.replace("-", "_"): path for path in paths}
    places = {name: getattr(given, name) for name in named}
    _check_outputs({path: places[name] for name, path in named.items()}, given.params)
    call = Call(config, places, seed, workers)
    if task_of is None or not (given.params or given.section):
        return call
    own = _named(profile, section, given) if given.section else f"{section}-{task_of(call)}"
    return dataclasses.replace(call, config=_config(config_class, profile, [section, own], given))


def _config(config_class: type[C], profile: Mapping[str, Any], sections: Sequence[str], given: argparse.Namespace) -> C:
    """The settings of the profile's sections, the last one first, behind those that are given by hand."""
    where = str(given.params or "command line")
    keys = [key_of(field.name) for field in dataclasses.fields(config_class)]  # type: ignore[arg-type]
    by_hand = {key: getattr(given, key) for key in keys if hasattr(given, key)}
    values = stated(config_class, profile, sections, where) | by_hand
    return load_config(config_class, values, f"{where}: {sections[0]}")


def _named(profile: Mapping[str, Any], section: str, given: argparse.Namespace) -> str:
    """The section that ``--section`` names; a misspelt one would otherwise pass for one that states nothing."""
    if not given.params:
        raise UsageError("--section is given without --params.", "a profile that has the section.")
    there = [str(name) for name in profile if str(name).startswith(f"{section}-")]
    if given.section not in there:
        raise UsageError(
            f"{given.params} has no section {given.section!r} that goes before {section!r}.",
            f"one of {', '.join(there)}." if there else f"a section {section}-….",
        )
    return str(given.section)


def total_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_of(given: int | None) -> int:
    """The number of processes: as given, else M3P_WORKERS, else all cores that this process may use.

    Raises:
        UsageError: where it is none.
    """
    text = str(given) if given is not None else os.environ.get("M3P_WORKERS", "")
    if not text:
        return total_cores()
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"{'--workers' if given is not None else 'M3P_WORKERS'} is {text}.", "1 or more.")
    return int(text)


def _check_outputs(places: Mapping[PathOption, Path | None], params: Path | None) -> None:
    for path, place in places.items():
        if place and path.replaces is not None:
            others = [other for option, other in places.items() if other and option != path]
            check_output(place, path.replaces, [*others, *([params] if params else [])])
