"""The flow `reproduce`: DVC's graph, its stages side by side, each as one Prefect task.

The graph and whether a stage must run come from DVC; when it runs, next to which, and whether it is tried again is
decided here. Half a run begins with a task that pulls from the DVC remote, or ends with one that pushes to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from queue import SimpleQueue
from typing import Any, Literal

from prefect import State as PrefectState
from prefect import Task, flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.futures import PrefectFuture
from prefect.runtime import task_run
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner

from contract.command import workers_of
from contract.errors import M3PError, PassingError
from flows import artifacts, remote
from flows.console import leave_out_tracebacks
from flows.environment import stage_environment
from flows.gpu import GpuLimit, gpu_limit, gpu_slot
from flows.graph import Graph, Stage, only_half, read_graph, select
from flows.halves import DATA, TRAIN, check_half, fetch, share
from flows.labels import label_run, run_name
from flows.plan import Plan, State, list_the_profile, make_plan, prepare
from flows.shown import counted
from flows.stage_run import StagePassingError, StageProcesses, run_stage

SIDE_BY_SIDE = 2  # stages at once: the heavy ones are few, and each holds a model or a detector in memory
RETRY_SECONDS = [2, 10, 60]


class ReproductionFailedError(M3PError):
    """At least one stage failed, so that the target was not reached."""


def _failed_in_passing(_task: Task[Any, Any], _run: TaskRun, state: PrefectState[Any]) -> bool:
    """Whether another try may help: a lock, a lost worker; never wrong input."""
    return isinstance(state.data, StagePassingError | PassingError)


_as_task = partial(
    task,
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=RETRY_SECONDS,
    retry_condition_fn=_failed_in_passing,
    cache_policy=NO_CACHE,
    persist_result=False,
)


@_as_task(task_run_name="{address}")
def bring_up_to_date(
    address: str,
    stage: Stage,
    state: State,
    environment: dict[str, str],
    processes: StageProcesses,
    limit: GpuLimit | None,
) -> PrefectState[Any]:
    """Runs one stage if it must run, and leaves what it wrote as artifacts.

    Raises:
        StageFailedError: with the stage's message and its last lines; StagePassingError is tried again.
    """
    logger = get_run_logger(stage=address)
    if state is State.UP_TO_DATE:
        logger.info("up to date")
        return Completed(name="UpToDate", message="up to date")
    try:
        with gpu_slot(limit if stage.gpu else None, task_run.id, processes, logger.info):
            ran = run_stage(address, environment, processes, logger.info)
    except StagePassingError:
        logger.warning(f"try {task_run.run_count or 1} failed for a reason that may pass")
        raise
    artifacts.leave_stage(stage)
    logger.info("done" if ran else "up to date")
    return Completed(name="Completed" if ran else "UpToDate", message="done" if ran else "up to date")


@_as_task(task_run_name="look at the remote")
def look_at_remote() -> None:
    """Makes sure, before hours of work, that what they make can be pushed.

    Raises:
        M3PError: where there is no remote, or it refuses or does not answer; the latter is tried again.
    """
    get_run_logger(stage="remote").info(f"{remote.require_answer()} answers")


@_as_task(task_run_name="pull {half}")
def pull(profile: str, half: str, graph: Graph, paths: list[str]) -> None:
    """Pulls what a half made on another machine.

    Raises:
        M3PError: as ``fetch`` says; that the remote does not answer is tried again.
    """
    fetch(profile, half, graph, paths, get_run_logger(stage="remote").info)
    artifacts.leave_paths(f"{profile}-{half}-pulled", f"Pulled of the {half} half", paths)


@_as_task(task_run_name="push {half}")
def push(profile: str, half: str, graph: Graph) -> None:
    """Pushes what a half made.

    Raises:
        M3PError: as ``share`` says; that the remote does not answer is tried again.
    """
    share(profile, half, graph, get_run_logger(stage="remote").info)
    paths = [path for stage in graph.values() for path in stage.writes]
    artifacts.leave_paths(f"{profile}-{half}-pushed", f"Pushed of the {half} half", paths)


@flow(name="reproduce", flow_run_name=run_name, task_runner=ThreadPoolTaskRunner(max_workers=64))
def reproduce(
    profile: str,
    target: str | None = None,
    workers: int | None = None,
    half: Literal["data", "train"] | None = None,
) -> None:
    """Brings a profile's report, or one stage and what it needs, up to date.

    Args:
        profile: the profile's name, as in ``profiles/``.
        target: a stage's name or DVC address; the report where it is None.
        workers: processor cores to use; M3P_WORKERS or all of them where it is None.
        half: ``data`` makes the datasets and pushes them to the DVC remote, ``train`` pulls them, does the rest and
            pushes that; both on this machine, and no remote, where it is None. With a target nothing is pushed.

    Raises:
        UsageError: for a wrong profile, target or half, before anything runs.
        InputError: where inputs are missing, before anything runs, or the remote refuses.
        ReproductionFailedError: where a stage failed; the others that do not need it have run.
    """
    leave_out_tracebacks()
    logger = get_run_logger(stage="")
    check_half(half)
    label_run(profile, target, half)
    plan = make_plan(profile, target, half)
    if half is not None:
        look_at_remote()
    if half == TRAIN:
        plan = _with_data(plan, target)
    for said in prepare(plan):
        logger.info(said)
    waiting = sum(state is not State.UP_TO_DATE for state in plan.states.values())
    stages = counted(len(plan.graph), "stage")
    logger.info(f"{stages}: {len(plan.graph) - waiting} up to date, {waiting} to look at or to run")
    done, failures = _run_graph(plan, workers_of(workers), gpu_limit() if _has_gpu_work(plan) else None)
    artifacts.leave_summary(profile, {address: plan.graph[address] for address in plan.graph if address in done})
    if failures:
        raise ReproductionFailedError("\n".join(failures))
    if half is not None and target is None:
        push(profile, half, plan.graph)


def _with_data(plan: Plan, target: str | None) -> Plan:
    """The plan of a training once the data that it needs are here."""
    for said in list_the_profile(plan):
        get_run_logger(stage="").info(said)
    data = only_half(select(read_graph(), plan.profile.name, None), DATA)
    pull(plan.profile.name, DATA, data, sorted(plan.fetched))
    return make_plan(plan.profile.name, target, TRAIN)


def _has_gpu_work(plan: Plan) -> bool:
    return any(plan.graph[address].gpu and state is not State.UP_TO_DATE for address, state in plan.states.items())


def _run_graph(plan: Plan, cores: int, limit: GpuLimit | None) -> tuple[set[str], list[str]]:
    """Runs every stage once those that it needs are done; returns those that are, and a message a stage that failed."""
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
            starting = startable(plan.graph, ready, running, slots, limit.at_once if limit else slots)
            running.update(starting)
            environment = stage_environment(max(1, cores // max(1, len(running))), max(1, cores // slots))
            for address in starting:
                futures[address] = _submit(plan, address, environment, processes, futures, limit)
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
    said = [*failures.values(), *([f"Not run, because they need it: {', '.join(skipped)}."] if skipped else [])]
    return done, said


def startable(graph: Graph, ready: list[str], running: set[str], slots: int, gpu_slots: int) -> list[str]:
    """Those that begin now, of those that are ready: as many as there are slots, and of GPU stages as these have."""
    starting: list[str] = []
    for address in ready:
        on_gpu = sum(graph[one].gpu for one in (*running, *starting))
        if len(running) + len(starting) < slots and not (graph[address].gpu and on_gpu >= gpu_slots):
            starting.append(address)
    return starting


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
    limit: GpuLimit | None = None,
) -> PrefectFuture[Any]:
    stage = plan.graph[address]
    tags = {stage.name, plan.profile.name, *(["gpu"] if stage.gpu else [])}
    named = bring_up_to_date.with_options(name=stage.name, tags=tags)
    before: Iterable[PrefectFuture[Any]] = [futures[needed] for needed in stage.needs]
    return named.submit(address, stage, plan.states[address], environment, processes, limit, wait_for=before)


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
