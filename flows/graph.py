"""The graph of stages, read from DVC. Nothing here knows what a stage is, only its name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from shutil import copy
from typing import Any

from contract.errors import PassingError, UsageError

PARAMETERS = Path("params.yaml")
LOCK = Path("dvc.lock")


@dataclass(frozen=True)
class Stage:
    """One stage of the graph.

    Attributes:
        address: DVC's name for it: ``regions@demo``.
        needs: addresses of the stages whose outputs it reads.
        reads: files and folders that it depends on, relative to the project.
        writes: files and folders that it makes.
        sections: keys of its profile that it depends on.
        half: the part of a run that it belongs to, ``data`` or ``train``, as its ``meta`` in dvc.yaml says.
        gpu: whether it computes on a GPU where there is one, as its ``meta`` says.
    """

    address: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sections: tuple[str, ...]
    half: str = ""
    gpu: bool = False

    @property
    def name(self) -> str:
        """The address without profile and setting: ``regions``."""
        return self.address.split("@")[0]


Graph = dict[str, Stage]  # by address, every stage after those that it needs


def listed_profiles() -> list[str]:
    """The profiles that ``params.yaml`` lists, which are those that the graph holds."""
    from contract.config import read_yaml

    return list(read_yaml(PARAMETERS).get("profiles") or [])


@contextmanager
def open_repo(root: Path = Path()) -> Iterator[Any]:
    """The DVC repository.

    Raises:
        UsageError: where DVC finds none, or cannot read dvc.yaml.
        PassingError: where another process holds its lock.
    """
    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.lock import LockError
    from dvc.repo import Repo

    try:
        with Repo(str(root), _wait_for_lock=True) as repo:
            yield repo
    except NotDvcRepoError as error:
        raise UsageError("This folder is no DVC repository.", "a .dvc folder.", "run `make setup`.") from error
    except LockError as error:
        raise PassingError(
            "Another run, or DVC itself, is at work here.", "one at a time.", "wait for it to end; run it again."
        ) from error
    except DvcException as error:
        raise UsageError(f"DVC says: {error}", "a dvc.yaml that DVC can read.") from error


def read_graph() -> Graph:
    """The whole graph of the profiles that are listed.

    Raises:
        UsageError: where DVC cannot read it.
    """
    with open_repo() as repo:
        return _graph_of(repo)


def read_graph_as_if_listed(profile: str, drawn: bool) -> Graph:
    """The graph as it would be with a further profile listed; writes nothing into the project.

    Args:
        profile: the profile to add.
        drawn: whether its raw material is drawn.
    """
    with tempfile.TemporaryDirectory(prefix="m3p-graph-") as name:
        folder = Path(name)
        for file in (Path("dvc.yaml"), PARAMETERS):
            copy(file, folder / file)
        list_profile(profile, drawn, folder / PARAMETERS)
        (folder / ".dvc").mkdir()
        (folder / ".dvc" / "config").write_text("[core]\n    no_scm = true\n")
        with open_repo(folder) as repo:
            return _graph_of(repo)


def list_profile(profile: str, drawn: bool, parameters: Path = PARAMETERS) -> bool:
    """Adds a profile to ``params.yaml``, keeping comments; returns whether anything was added.

    Raises:
        UsageError: where the file cannot be read.
    """
    from dvc.utils.serialize import ParseError, modify_yaml

    changed = False
    try:
        with modify_yaml(str(parameters)) as values:
            for key in ("profiles", "drawn_profiles") if drawn else ("profiles",):
                names = values.setdefault(key, [])
                if profile not in names:
                    names.append(profile)
                    changed = True
    except ParseError as error:
        raise UsageError(f"{parameters} is not valid YAML: {error}") from error
    return changed


def _graph_of(repo: Any) -> Graph:
    import networkx  # type: ignore[import-untyped]
    from dvc.stage import PipelineStage

    graph = repo.index.graph  # an edge leads from a stage to one that it needs
    ours = graph.subgraph([stage for stage in graph if isinstance(stage, PipelineStage)])  # not data under `dvc add`
    root = Path(repo.root_dir)
    return {
        stage.name: Stage(
            stage.name,
            tuple(sorted(needed.name for needed in ours.successors(stage))),
            tuple(sorted(_relative(dependency, root) for dependency in stage.deps)),
            tuple(sorted(_relative(output, root) for output in stage.outs)),
            tuple(sorted(key for dependency in stage.deps for key in getattr(dependency, "params", ()))),
            str((stage.meta or {}).get("half", "")),
            bool((stage.meta or {}).get("gpu", False)),
        )
        for stage in networkx.lexicographical_topological_sort(ours.reverse(), key=lambda stage: stage.name)
    }


def _relative(item: Any, root: Path) -> str:
    path = Path(item.fs_path)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def select(graph: Graph, profile: str, target: str | None) -> Graph:
    """The part of the graph that a target needs, in order.

    Args:
        graph: the whole graph.
        profile: whose stages.
        target: a stage's name (``regions``), a DVC address (``evaluate-retrieval@demo-en``), or None for the report.

    Raises:
        UsageError: where there is no such stage.
    """
    wanted = target or "report"
    own = _addresses_of(graph, profile)
    needed = {address for address in own if wanted in (address, graph[address].name)}
    if not needed:
        names = ", ".join(sorted({graph[address].name for address in own}))
        raise UsageError(f"The profile {profile!r} has no stage {wanted!r}.", f"one of {names}.")
    for address in reversed(graph):
        if address in needed:
            needed.update(graph[address].needs)
    return {address: stage for address, stage in graph.items() if address in needed}


def only_half(graph: Graph, half: str | None) -> Graph:
    """The stages of one half, which no longer wait for those of the other; all of them where it is None."""
    chosen = {address: stage for address, stage in graph.items() if half in (None, stage.half)}
    return {
        address: replace(stage, needs=tuple(needed for needed in stage.needs if needed in chosen))
        for address, stage in chosen.items()
    }


def made_elsewhere(graph: Graph, whole: Graph, further: Iterable[str] = ()) -> dict[str, str]:
    """By path, what a part of a graph reads and a stage outside that part makes, and which stage that is.

    Args:
        graph: the part.
        whole: the graph that it is a part of.
        further: paths that it reads without saying so.
    """
    makers = {PurePosixPath(path): stage.address for stage in whole.values() for path in stage.writes}
    found = {}
    for path in sorted({*further, *(path for stage in graph.values() for path in stage.reads)}):
        for made, address in makers.items():
            if address not in graph and PurePosixPath(path).is_relative_to(made):
                found[path] = address
    return found


def _addresses_of(graph: Graph, profile: str) -> list[str]:
    def belongs(address: str, name: str) -> bool:
        suffix = address.partition("@")[2]  # a matrix joins its items with hyphens: evaluate-retrieval@demo-en
        return suffix == name or suffix.startswith(f"{name}-")

    longer = [name for name in listed_profiles() if name.startswith(f"{profile}-")]
    return [
        address for address in graph if belongs(address, profile) and not any(belongs(address, one) for one in longer)
    ]


def changed_stages(addresses: Iterable[str]) -> set[str]:
    """Those stages whose code, parameters, inputs or outputs are not as when they last ran."""
    from dvc.stage import PipelineStage

    wanted = set(addresses)
    with open_repo() as repo, repo.lock:  # `repo.status` of several stages would read dvc.lock once for each of them
        ours = [stage for stage in repo.index.stages if isinstance(stage, PipelineStage) and stage.name in wanted]
        return {address for stage in ours for address in stage.status()}


def outside_inputs(graph: Graph, whole: Graph) -> dict[str, list[str]]:
    """By path, the stages of a graph that read it, for everything that no stage of the whole graph makes."""
    made = {PurePosixPath(path) for stage in whole.values() for path in stage.writes}
    readers: dict[str, list[str]] = {}
    for stage in graph.values():
        for path in stage.reads:
            readers.setdefault(path, []).append(stage.address)
    return {path: found for path, found in readers.items() if made.isdisjoint(_with_parents(path))}


def _with_parents(path: str) -> Iterator[PurePosixPath]:
    yield PurePosixPath(path)
    yield from PurePosixPath(path).parents


def lock_entries() -> dict[str, Any]:
    """By stage, what ``dvc.lock`` says of its last run; empty where nothing has run."""
    from dvc.utils.serialize import load_yaml  # DVC's YAML is 1.2, in which 12e34 is a number, as a hash may look

    return dict(load_yaml(str(LOCK)).get("stages") or {}) if LOCK.exists() else {}


def outputs_in_lock() -> dict[str, dict[str, Any]]:
    """By path, size, number of files and hash of everything that stages made, as ``dvc.lock`` says."""
    return {output["path"]: output for entry in lock_entries().values() for output in entry.get("outs", ())}


def report_page(graph: Graph) -> Path | None:
    """Where the report lies, if the graph makes one."""
    written = [Path(path) for stage in graph.values() if stage.name == "report" for path in stage.writes]
    return next((path for path in written if path.name == "index.html"), None)
