"""`m3p run`: the flow in this process, with a Prefect server that lives as long as it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from contract.errors import InputError, M3PError
from flows import remote
from flows.environment import enter_project, prepare_prefect, require_server
from flows.graph import Graph, report_page
from flows.halves import check_half, fetch
from flows.plan import describe, list_the_profile, make_plan, require_inputs
from flows.shown import counted

_TERMINAL_PROGRESS_SECONDS = "10"


def show_plan(profile: str, target: str | None, half: str | None) -> None:
    """Prints what a run would do."""
    enter_project()
    check_half(half)
    for line in describe(make_plan(profile, target, half)):
        print(line)


def run_here(profile: str, target: str | None, workers: int | None, half: str | None, debug: bool) -> None:
    """Brings a profile, or half of it, up to date, or says that it is.

    Raises:
        M3PError: what made it fail.
    """
    enter_project()
    check_half(half)
    plan = make_plan(profile, target, half)
    page = report_page(plan.graph)
    if half is None and plan.listed and plan.up_to_date:
        print(_up_to_date(plan.graph, profile))
    else:
        require_inputs(plan)
        if sys.stderr.isatty():
            os.environ.setdefault("M3P_PROGRESS_SECONDS", _TERMINAL_PROGRESS_SECONDS)
        if half is not None:
            remote.require_answer()  # before a server is started
        _run_flow(profile, target, workers, half, debug)
        part = f"{half} half of the profile" if half else "profile"
        print(f"The {part} {profile} is up to date: {counted(len(plan.graph), 'stage')}.")
    if page is not None:
        print(f"Report: {page}")


def _up_to_date(graph: Graph, profile: str) -> str:
    if len(graph) == 1:
        return f"The stage {next(iter(graph))} is up to date."
    return f"All {len(graph)} stages of the profile {profile} are up to date."


def pull_here(profile: str, half: str) -> None:
    """Brings all that a half made elsewhere into this clone, without a run.

    Raises:
        M3PError: what made it fail.
    """
    enter_project()
    check_half(half)
    plan = make_plan(profile, half=half)
    remote.require_answer()
    for said in list_the_profile(plan):
        print(said)
    fetch(profile, half, plan.graph, plan.graph, print)


def _run_flow(profile: str, target: str | None, workers: int | None, half: str | None, debug: bool) -> None:
    prepare_prefect()
    if url := os.environ.get("PREFECT_API_URL"):
        require_server(url)
    elif not debug:
        os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "CRITICAL")  # the run's own server: no tracebacks of it
    from httpx import HTTPError

    from flows.console import show_stages_only
    from flows.reproduce import reproduce

    show_stages_only(debug)
    try:
        reproduce(profile, target, workers, half)
    except HTTPError as error:
        raise _server_failure(error) from error


def _server_failure(error: Exception) -> M3PError:
    """What to do where Prefect's server failed in the middle of a run; more often than not its disk is full."""
    home = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))
    free = shutil.disk_usage(home).free if home.is_dir() else 0
    return InputError(
        f"Prefect's server failed: {str(error).split(' - ')[0]}.",
        f"room for its database; {free / 1e6:,.0f} MB are free in {home}.",
        "make room, or mend that server; run the same command again, what is finished is kept.",
    )
