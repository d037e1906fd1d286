"""What a run would do: which stages, in which state, and which inputs it would miss."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from contract.errors import InputError, UsageError
from contract.profile import RAW_FOLDERS, Profile, load_profile
from flows.graph import (
    Graph,
    changed_stages,
    list_profile,
    listed_profiles,
    made_elsewhere,
    only_half,
    outside_inputs,
    read_graph,
    read_graph_as_if_listed,
    select,
)
from flows.shown import counted


class State(Enum):
    """Whether a stage will run."""

    UP_TO_DATE = "up to date"
    TO_RUN = "to run"
    FOLLOWS = "runs if what it reads changes"
    MISSING_INPUT = "missing input"


@dataclass(frozen=True)
class MissingInput:
    """An input that is not there.

    Attributes:
        path: where it goes.
        what: what belongs there.
        stages: who reads it.
        optional: whether an empty folder will do.
        fetched: whether it comes from the DVC remote when the run begins.
    """

    path: Path
    what: str
    stages: tuple[str, ...]
    optional: bool = False
    fetched: bool = False


@dataclass(frozen=True)
class Plan:
    """A run before it is made.

    Attributes:
        profile: the profile, checked.
        graph: the stages that are needed, in order.
        states: each stage's state.
        missing: inputs that are not there.
        listed: whether ``params.yaml`` lists the profile already.
        fetched: by path, what the other half makes and this one reads, and which stage makes it.
    """

    profile: Profile
    graph: Graph
    states: dict[str, State]
    missing: tuple[MissingInput, ...]
    listed: bool
    fetched: dict[str, str]

    @property
    def up_to_date(self) -> bool:
        """Whether nothing needs to run."""
        return all(state is State.UP_TO_DATE for state in self.states.values())


def make_plan(name: str, target: str | None = None, half: str | None = None) -> Plan:
    """Looks at profile, graph and files, and changes none of them.

    Args:
        name: the profile's.
        target: a stage's name or DVC address; the report where it is None.
        half: ``data`` or ``train`` for the stages of that half alone; both where it is None.

    Raises:
        UsageError: for a wrong profile, graph, target or half.
    """
    profile = load_profile(name)
    listed = name in listed_profiles()
    whole = read_graph() if listed else read_graph_as_if_listed(name, profile.drawn)
    both = select(whole, name, target)
    graph = only_half(both, half)
    if not graph:
        raise UsageError(
            f"{target or 'The report'} needs no stage of the half {half!r}.", "a target of that half, or none."
        )
    # The dataset `images` only says where the pictures lie; the report shows some of them, if they are there.
    shown = [(profile.raw / "images").as_posix() for stage in graph.values() if stage.name == "report"]
    fetched = made_elsewhere(graph, both, shown)
    missing = _missing_inputs(profile, graph, both, fetched)
    changed = changed_stages(graph) if listed else set(graph)
    return Plan(profile, graph, _states(graph, changed, missing), missing, listed, fetched)


def _states(graph: Graph, changed: set[str], missing: tuple[MissingInput, ...]) -> dict[str, State]:
    lacking = {stage for one in missing if not one.optional and not one.fetched for stage in one.stages}
    states: dict[str, State] = {}
    for address, stage in graph.items():
        if address in lacking:
            states[address] = State.MISSING_INPUT
        elif address in changed:
            states[address] = State.TO_RUN
        elif any(states[needed] is not State.UP_TO_DATE for needed in stage.needs):
            states[address] = State.FOLLOWS
        else:
            states[address] = State.UP_TO_DATE
    return states


def _missing_inputs(profile: Profile, graph: Graph, whole: Graph, fetched: dict[str, str]) -> tuple[MissingInput, ...]:
    folders = {(profile.raw / folder.name).as_posix(): folder for folder in RAW_FOLDERS}
    missing = [
        MissingInput(
            Path(path), f"made by {maker}, pulled from the DVC remote when this half begins",
            tuple(address for address, stage in graph.items() if path in stage.reads) or ("report",), fetched=True,
        )
        for path, maker in fetched.items() if not Path(path).exists()
    ]  # fmt: skip
    read_by = outside_inputs(graph, whole)
    for read, readers in read_by.items():
        folder = folders.get(read)
        empty = folder is not None and not folder.may_be_empty and Path(read).is_dir() and not any(Path(read).iterdir())
        if empty or not Path(read).exists():
            what = folder.holds if folder else "part of this project; get it back with git"
            missing.append(MissingInput(Path(read), what, tuple(readers), folder is not None and folder.may_be_empty))
    captions = profile.raw / "captions"
    if captions.as_posix() in read_by and captions.is_dir():
        for path, what in profile.sections["ingest"].missing_captions(captions):
            missing.append(MissingInput(path, what, tuple(read_by[captions.as_posix()])))
    for setting, path, help_text in profile.named_files():
        section = setting.split(".")[0]
        users = tuple(address for address, stage in graph.items() if section in stage.sections)
        if users and not path.exists():
            missing.append(MissingInput(path, f"{help_text} (the profile's {setting})", users))
    return tuple(missing)


def require_inputs(plan: Plan) -> None:
    """Checks that a run has what it needs.

    Raises:
        InputError: names the inputs that are missing and where they go.
    """
    needed = [one for one in plan.missing if not one.optional and not one.fetched]
    if needed:
        raise InputError(
            f"Inputs of the profile {plan.profile.name!r} are missing: {', '.join(str(one.path) for one in needed)}.",
            "; ".join(f"{one.path}: {one.what}" for one in needed) + ".",
            f"put or link them there; `m3p run --profile {plan.profile.name} --dry-run` lists them again.",
        )


def prepare(plan: Plan) -> list[str]:
    """Makes a run possible: lists the profile and makes the empty folders that will do.

    Returns:
        What was done, a sentence each.

    Raises:
        InputError: where inputs are missing; nothing is changed then.
    """
    require_inputs(plan)
    said = []
    for one in plan.missing:
        if not one.optional:
            continue
        one.path.mkdir(parents=True)
        said.append(f"made the empty folder {one.path} ({one.what}); {', '.join(one.stages)} will do without")
    return said + list_the_profile(plan)


def list_the_profile(plan: Plan) -> list[str]:
    """Adds the plan's profile to ``params.yaml``, if need be; says so."""
    if list_profile(plan.profile.name, plan.profile.drawn):
        return [f"added the profile {plan.profile.name} to params.yaml, so that `dvc repro` knows it too"]
    return []


def describe(plan: Plan) -> list[str]:
    """The plan in lines, for people."""
    width = max(map(len, plan.graph))
    lines = [f"{counted(len(plan.graph), 'stage')} of the profile {plan.profile.name}, in order:"]
    for address, stage in plan.graph.items():
        after = f"  after {', '.join(stage.needs)}" if stage.needs else ""
        lines.append(f"  {address:<{width}}  {plan.states[address].value:<13}{after}".rstrip())
    if plan.missing:
        lines.append("Inputs that are not there, and where they go:")
    for one in plan.missing:
        note = " An empty folder will do; `m3p run` makes it." if one.optional else ""
        lines.append(f"  {one.path}  {one.what}; read by {', '.join(one.stages)}.{note}")
    if not plan.listed:
        lines.append(f"params.yaml does not list {plan.profile.name} yet; `m3p run` adds it.")
    return lines
