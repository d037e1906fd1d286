"""The flow `reproduce`: DVC's graph, its stages side by side, each as one Prefect task.

The graph and whether a stage must run come from DVC; when it runs, next to which, and whether it is tried again is
decided here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any

from prefect import State as PrefectState
from prefect import Task, flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run, task_run
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner

from contract.command import workers_of
from contract.errors import M3PError
from flows import artifacts
from flows.environment import stage_environment
from flows.graph import Graph, Stage
from flows.plan import Plan, State, make_plan, prepare
from flows.stage_run import StagePassingError, StageProcesses, run_stage

SIDE_BY_SIDE = 2  # stages at once: the heavy ones are few, and each holds a model or a detector in memory
RETRY_SECONDS = [2, 10, 60]


class ReproductionFailedError(M3PError):
    """At least one stage failed, so that the target was not reached."""


def _failed_in_passing(_task: Task[Any, Any], _run: TaskRun, state: PrefectState[Any]) -> bool:
    """Whether another try may help: a lock, a lost worker; never wrong input."""
    return isinstance(state.data, StagePassingError)


@task(
    task_run_name="{address}",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=_failed_in_passing,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def bring_up_to_date(
    address: str, stage: Stage, state: State, environment: dict[str, str], processes: StageProcesses
) -> PrefectState[Any]:
    """Runs one stage if it must run, and leaves a table of what it wrote.

    Raises:
        StageFailedError: with the stage's message and its last lines; StagePassingError is tried again.
    """
    logger = get_run_logger(stage=address)
    if state is State.UP_TO_DATE:
        logger.info("up to date")
        return Completed(name="UpToDate", message="up to date")
    try:
        ran = run_stage(address, environment, processes, logger.info)
    except StagePassingError:
        logger.warning(f"try {task_run.run_count or 1} failed for a reason that may pass")
        raise
    artifacts.leave_stage(stage)
    logger.info("done" if ran else "up to date")
    return Completed(name="Completed" if ran else "UpToDate", message="done" if ran else "up to date")


def _flow_run_name() -> str:
    now = dt.datetime.now(dt.UTC)
    return f"reproduce-{flow_run.parameters['profile']}-{now:%Y%m%d-%H%M%S}"


@flow(name="reproduce", flow_run_name=_flow_run_name, task_runner=ThreadPoolTaskRunner(max_workers=64))
def reproduce(profile: str, target: str | None = None, workers: int | None = None) -> None:
    """Brings a profile's report, or one stage and what it needs, up to date.

    Args:
        profile: the profile's name, as in ``profiles/``.
        target: a stage's name or DVC address; the report where it is None.
        workers: processor cores to use; M3P_WORKERS or all of them where it is None.

    Raises:
        UsageError: for a wrong profile or target, before anything runs.
        InputError: where inputs are missing, before anything runs.
        ReproductionFailedError: where a stage failed; the others that do not need it have run.
    """
    logger = get_run_logger(stage="")
    plan = make_plan(profile, target)
    for said in prepare(plan):
        logger.info(said)
    waiting = sum(state is not State.UP_TO_DATE for state in plan.states.values())
    logger.info(f"{len(plan.graph)} stages: {len(plan.graph) - waiting} up to date, {waiting} to look at or to run")
    failures = _run_graph(plan, workers_of(workers))
    artifacts.leave_summary(profile, plan.graph)
    if failures:
        raise ReproductionFailedError("\n".join(failures))


def _run_graph(plan: Plan, cores: int) -> list[str]:
    """Runs every stage once those that it needs are done; returns a message a stage that failed."""
    futures: dict[str, PrefectFuture[Any]] = {}
    finished: SimpleQueue[tuple[str, PrefectFuture[Any]]] = SimpleQueue()
    done: set[str] = set()
    failures: dict[str, str] = {}
    running: set[str] = set()
    processes = StageProcesses()
    slots = max(1, min(SIDE_BY_SIDE, cores))
    order = sorted(plan.graph, key=_ahead(plan.graph).__getitem__, reverse=True)
    try:
        while True:
            ready = [one for one in order if one not in futures and done.issuperset(plan.graph[one].needs)]
            starting = ready[: slots - len(running)]
            running.update(starting)
            environment = stage_environment(max(1, cores // max(1, len(running))), max(1, cores // slots))
            for address in starting:
                futures[address] = _submit(plan, address, environment, processes, futures)
                futures[address].add_done_callback(lambda future, address=address: finished.put((address, future)))
            if not running:
                break
            address, future = finished.get()
            running.discard(address)
            future.wait()  # its callback comes a moment before its state is known
            if future.state.is_completed():
                done.add(address)
            else:
                failures[address] = _reason(address, future)
        _mark_not_run(plan, futures, processes)
    finally:
        processes.stop()
    skipped = [address for address in plan.graph if address not in done and address not in failures]
    return [*failures.values(), *([f"Not run, because they need it: {', '.join(skipped)}."] if skipped else [])]


def _ahead(graph: Graph) -> dict[str, int]:
    """How many stages stand one after another from each stage to the end: the longest way is begun first."""
    ahead = dict.fromkeys(graph, 0)
    for address in reversed(graph):
        for needed in graph[address].needs:
            ahead[needed] = max(ahead[needed], ahead[address] + 1)
    return ahead


def _submit(
    plan: Plan,
    address: str,
    environment: dict[str, str],
    processes: StageProcesses,
    futures: dict[str, PrefectFuture[Any]],
) -> PrefectFuture[Any]:
    stage = plan.graph[address]
    named = bring_up_to_date.with_options(name=stage.name, tags={stage.name, plan.profile.name})
    before: Iterable[PrefectFuture[Any]] = [futures[needed] for needed in stage.needs]
    return named.submit(address, stage, plan.states[address], environment, processes, wait_for=before)


def _mark_not_run(plan: Plan, futures: dict[str, PrefectFuture[Any]], processes: StageProcesses) -> None:
    """Shows the stages after a failed one as not ready; Prefect refuses them because of what they wait for."""
    for address in plan.graph:
        if address not in futures:
            futures[address] = _submit(plan, address, {}, processes, futures)
            futures[address].wait()


def _reason(address: str, future: PrefectFuture[Any]) -> str:
    error = future.result(raise_on_failure=False)
    if isinstance(error, M3PError):
        return str(error)
    return f"Stage {address} ended as {future.state.name}: {future.state.message}"
