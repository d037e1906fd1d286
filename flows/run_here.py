"""`m3p run`: the flow in this process, with a Prefect server that lives as long as it."""

from __future__ import annotations

import os
import sys

from flows.environment import enter_project, prepare_prefect
from flows.graph import report_page
from flows.plan import describe, make_plan, require_inputs

_TERMINAL_PROGRESS_SECONDS = "10"


def show_plan(profile: str, target: str | None) -> None:
    """Prints what a run would do."""
    enter_project()
    for line in describe(make_plan(profile, target)):
        print(line)


def run_here(profile: str, target: str | None, workers: int | None, debug: bool) -> None:
    """Brings a profile up to date, or says that it is.

    Raises:
        M3PError: what made it fail.
    """
    enter_project()
    plan = make_plan(profile, target)
    page = report_page(plan.graph)
    if plan.listed and plan.up_to_date:
        print(f"All {len(plan.graph)} stages of the profile {profile} are up to date.")
    else:
        require_inputs(plan)
        if sys.stderr.isatty():
            os.environ.setdefault("M3P_PROGRESS_SECONDS", _TERMINAL_PROGRESS_SECONDS)
        _run_flow(profile, target, workers, debug)
        print(f"The profile {profile} is up to date: {len(plan.graph)} stages.")
    if page is not None:
        print(f"Report: {page}")


def _run_flow(profile: str, target: str | None, workers: int | None, debug: bool) -> None:
    prepare_prefect()
    from prefect import tags

    from flows.console import show_stages_only
    from flows.reproduce import reproduce

    show_stages_only(debug)
    with tags(profile):
        reproduce(profile, target, workers)
