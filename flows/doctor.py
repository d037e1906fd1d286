"""`m3p doctor`: whether this machine has what the project needs, and for whatever is missing, how it is had."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from contract.command import total_cores
from contract.errors import M3PError, UsageError
from flows.environment import enter_project, require_server, without_secrets
from flows.remote import remote_name, require_answer
from flows.shown import counted

_GIB = 1 << 30
_LEAST_MEMORY_GIB, _LEAST_DISK_GIB = 6, 10  # what the demo needs, with the installation
_OPTIONAL = {
    "dvc_s3": ("DVC remotes in S3-compatible storage", "pip install -e '.[s3]'"),
    "nudenet": ("sensitive-image filter of triples", "pip install -e '.[sensitive]'"),
    "spacy": ("named entities in the statistics of triples", "pip install -e '.[entities]'"),
    "tensorboard": ("event files of trainings that are given --log-folder", "pip install -e '.[tensorboard]'"),
    "detectron2": ("detectron2's detectors", "build it from its repository; the README says how"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what was looked at.
        found: what is there.
        remedy: how to get what is missing; empty where all is well.
        needed: whether the project cannot run without it.
    """

    subject: str
    found: str
    remedy: str = ""
    needed: bool = True


def report() -> bool:
    """Prints every finding; returns whether everything that is needed is there.

    Outside a project all that does not belong to one is looked at.
    """
    well = True
    for check in (_python, _packages, _machine, _gpu, _git, _prefect_server, _project, _optional_parts):
        for finding in _carefully(check):
            sign = "ok" if not finding.remedy else ("MISSING" if finding.needed else "absent")
            print(f"{sign:<8}{finding.subject}: {finding.found}")
            if finding.remedy:
                print(f"{'':<8}  to do: {finding.remedy}")
            well = well and (not finding.remedy or not finding.needed)
    return well


def _carefully(check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except (M3PError, OSError, ImportError, RuntimeError) as error:
        yield Finding(
            check.__name__.strip("_"), f"cannot be looked at: {error}", "mend that first, then run this again."
        )


def _python() -> Iterator[Finding]:
    well = (3, 11) <= sys.version_info[:2] < (3, 13)
    yield Finding(
        "Python", platform.python_version(), "" if well else "use Python 3.11: `make setup PYTHON=python3.11`."
    )


def _packages() -> Iterator[Finding]:
    """Every requirement of pyproject.toml against what is installed."""
    from packaging.requirements import Requirement

    wrong = []
    stated = [Requirement(text) for text in requires("m3p") or []]
    needed = [one for one in stated if one.marker is None or one.marker.evaluate({"extra": ""})]
    for requirement in needed:
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is not installed")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} is there, {requirement.specifier} works")
    remedy = "install the versions that work together: `make setup`." if wrong else ""
    well = f"{counted(len(needed), 'package')}, in versions that work together"
    yield Finding("packages", "; ".join(wrong) or well, remedy)


def _machine() -> Iterator[Finding]:
    import psutil  # type: ignore[import-untyped]

    memory, disk = psutil.virtual_memory(), shutil.disk_usage(".")
    yield Finding("processor", counted(total_cores(), "core"))
    yield Finding(
        "memory", f"{memory.available / _GIB:.1f} of {memory.total / _GIB:.1f} GiB free",
        "" if memory.available >= _LEAST_MEMORY_GIB * _GIB else f"the demo takes up to {_LEAST_MEMORY_GIB} GiB.",
        needed=False,
    )  # fmt: skip
    yield Finding(
        "disk", f"{disk.free / _GIB:.1f} GiB free here",
        "" if disk.free >= _LEAST_DISK_GIB * _GIB else f"make room: {_LEAST_DISK_GIB} GiB are wanted.", needed=False,
    )  # fmt: skip


def _gpu() -> Iterator[Finding]:
    import torch

    if not torch.cuda.is_available():
        remedy = "nothing for the demo; the paper's sizes need an NVIDIA GPU and its driver."
        yield Finding("GPU", "none that PyTorch can use; everything runs on the processor", remedy, needed=False)
        return
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        yield Finding(f"GPU {index}", f"{properties.name}, {properties.total_memory / _GIB:.0f} GiB")


def _git() -> Iterator[Finding]:
    found = shutil.which("git")
    yield Finding("git", found or "not there", "" if found else "install git; DVC needs it.")


def _prefect_server() -> Iterator[Finding]:
    url = os.environ.get("PREFECT_API_URL", "")
    if not url:
        remedy = "nothing for `m3p run`; for deployments, `make serve` and export the PREFECT_API_URL that it prints."
        yield Finding("Prefect server", "PREFECT_API_URL is not set", remedy, needed=False)
        return
    own = version("prefect")
    try:
        there = require_server(url)
    except M3PError as error:
        yield Finding("Prefect server", error.what, error.remedy)
        return
    remedy = "" if there == own else f"run Prefect {own} there too: `make setup` in its clone."
    yield Finding("Prefect server", f"{without_secrets(url)} answers, Prefect {there}", remedy)


def _project() -> Iterator[Finding]:
    try:
        enter_project()
    except UsageError as error:
        found = f"{error.what} Profiles and the DVC remote, which belong to one, were not looked at."
        yield Finding("project", found, "run this again in your clone, or in a folder of it.", needed=False)
        return
    yield from _dvc()


def _dvc() -> Iterator[Finding]:
    if not Path(".dvc").is_dir():
        yield Finding("DVC", "this folder is no DVC repository", "run `make setup` in a clone, or `dvc init`.")
        return
    try:
        name = remote_name()
    except UsageError:
        remedy = "nothing on one machine; to share data, `dvc remote add -d NAME s3://BUCKET/PATH` (docs/remotes.md)."
        yield Finding("DVC remote", "no default one", remedy, needed=False)
        return
    try:
        require_answer()
    except M3PError as error:
        yield Finding("DVC remote", error.what, error.remedy)
        return
    yield Finding("DVC remote", f"{name} answers")


def _optional_parts() -> Iterator[Finding]:
    for name, (purpose, remedy) in _OPTIONAL.items():
        there = find_spec(name) is not None
        yield Finding(f"{name} ({purpose})", "installed" if there else "not installed", "" if there else remedy, False)
