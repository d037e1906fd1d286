"""Spreads work over Beam workers, on this machine or wherever Beam runs.

Independent elements leave their results in files, so that nothing is shuffled and nothing is collected. Where rows
must meet, elements are read into blocks of rows, a block a key, and each key is done once Beam has grouped its
blocks: whole record batches are shuffled, never a row. Beam itself runs in a process of its own
(``pipelines.beam_driver``), for three reasons: what it and its workers print goes to a log file instead of the
terminal; a lost worker, for which Beam waits for ever, ends that process instead; and when this process is killed,
nothing is left behind that still writes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cloudpickle  # type: ignore[import-untyped]

from contract import errors
from contract.errors import PASSING_FAILURE, M3PError, PassingError
from contract.progress import Progress

_POLL_SECONDS = 0.5
_LOG = "beam.log"
_LOG_LINES = 15


class Work(Protocol):
    """Something picklable that does one element at a time, in whichever process."""

    def setup(self) -> None:
        """Loads what is needed once a process: a detector, a lexicon."""

    def do(self, element: int) -> None:
        """Does one element and leaves its result in files."""


class Shuffle(Protocol):
    """Something picklable whose elements hold rows of many keys, each of which is done with all of its rows."""

    def setup(self) -> None:
        """Loads what is needed once a process."""

    def spread(self, element: int) -> Iterator[tuple[int, bytes]]:
        """Reads one element into blocks, each with the key that it belongs to."""

    def gather(self, key: int, blocks: Sequence[bytes]) -> None:
        """Does one key with all of its blocks, which come in any order, and leaves its result in files."""


@dataclass(frozen=True)
class Plan:
    """Elements to do; pickled and sent to the workers.

    Attributes:
        work: what to do.
        elements: their numbers.
        workers: processes on this machine.
        errors_folder: where a worker leaves the error that a user should see, and Beam its log.
    """

    work: Work
    elements: Sequence[int]
    workers: int
    errors_folder: Path


@dataclass(frozen=True)
class ShufflePlan:
    """Elements to read and keys to do, likewise.

    Attributes:
        work: what to do.
        elements: their numbers.
        keys: all keys, also those that no block goes to.
        workers: as in Plan.
        errors_folder: as in Plan.
    """

    work: Shuffle
    elements: Sequence[int]
    keys: Sequence[int]
    workers: int
    errors_folder: Path


def run_elements(
    work: Work, elements: Sequence[int], workers: int, errors_folder: Path, count_done: Callable[[], int],
    progress: Progress, environment: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Runs ``work.do`` for every element, on ``workers`` processes.

    Args:
        work: what to do.
        elements: numbers of the elements.
        workers: processes on this machine.
        errors_folder: where a worker leaves the error that a user should see, and Beam its log.
        count_done: how many items are done so far, asked now and then for the progress bar.
        progress: the bar.
        environment: variables of the workers' processes, where the user has not set them otherwise.

    Raises:
        M3PError: the one that a worker raised; or that one failed, with the last lines of the log.
        PassingError: where a worker was lost.
    """
    plan = Plan(work, list(elements), min(workers, len(elements)), errors_folder)
    run_plan(plan, count_done, progress, environment)


def run_here(plan: Plan | ShufflePlan, count_done: Callable[[], int], progress: Progress) -> None:
    """Carries a plan out in this process, without Beam; otherwise as ``run_plan``."""
    plan.work.setup()
    if isinstance(plan, Plan):
        for element in plan.elements:
            plan.work.do(element)
            progress.update(max(0, count_done() - progress.done))
        return
    blocks: dict[int, list[bytes]] = {key: [] for key in plan.keys}
    for element in plan.elements:
        for key, block in plan.work.spread(element):
            blocks[key].append(block)
    for key in plan.keys:
        plan.work.gather(key, blocks.pop(key))
        progress.update(max(0, count_done() - progress.done))


def run_plan(
    plan: Plan | ShufflePlan, count_done: Callable[[], int], progress: Progress,
    environment: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Carries a plan out on Beam's workers, and waits for it.

    Args:
        plan: what to do.
        count_done: how many items are done so far, asked now and then for the progress bar.
        progress: the bar.
        environment: variables of the workers' processes, where the user has not set them otherwise.

    Raises:
        M3PError: the one that a worker raised; or that one failed, with the last lines of the log.
        PassingError: where a worker was lost.
    """
    for leftover in plan.errors_folder.glob("error-*.json"):
        leftover.unlink()
    payload = cloudpickle.dumps(plan)
    with (plan.errors_folder / _LOG).open("wb") as log:
        driver = subprocess.Popen(
            [sys.executable, "-m", "pipelines.beam_driver"], stdin=subprocess.PIPE, stdout=log, stderr=log,
            env=_environment(environment or {}), start_new_session=True,
        )  # fmt: skip
    try:
        code = _wait(driver, payload, lambda: progress.update(max(0, count_done() - progress.done)))
    finally:
        _end(driver)
    if code != 0:
        raise _error_of_worker(plan.errors_folder, code)


def _environment(wanted: Mapping[str, str]) -> dict[str, str]:
    """The workers find the modules that this process finds, and reach each other past any proxy."""
    no_proxy = ",".join(filter(None, [os.environ.get("no_proxy"), "localhost,127.0.0.1"]))
    modules = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return dict(wanted) | os.environ | {"no_proxy": no_proxy, "PYTHONPATH": modules}


def _wait(driver: subprocess.Popen[bytes], payload: bytes, look: Callable[[], None]) -> int:
    assert driver.stdin is not None
    with suppress(BrokenPipeError):  # it died at once; its exit code says more
        driver.stdin.write(payload)
        driver.stdin.flush()  # and the pipe stays open: its end tells the driver that this process is gone
    while True:
        try:
            code = driver.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            look()
            continue
        look()
        return code


def _end(driver: subprocess.Popen[bytes]) -> None:
    """Ends the driver with all its workers; where it has ended well, there are none."""
    with suppress(ProcessLookupError):
        os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    with suppress(BrokenPipeError):
        assert driver.stdin is not None
        driver.stdin.close()


def leave_error(folder: Path, element: int, error: M3PError) -> None:
    """Writes down a worker's error for its parent, since Beam hands over only a traceback's text."""
    values = {"kind": type(error).__name__, "what": error.what, "expected": error.expected, "remedy": error.remedy}
    (folder / f"error-{element:05d}.json").write_text(json.dumps(values))


def _error_of_worker(folder: Path, code: int) -> M3PError:
    for path in sorted(folder.glob("error-*.json")):
        values: dict[str, Any] = json.loads(path.read_text())
        kind: type[M3PError] = getattr(errors, values.pop("kind"), errors.InputError)
        return kind(**values)
    if code in (PASSING_FAILURE, -signal.SIGKILL):
        return PassingError("A Beam worker was lost.", "workers that live to the end.", "run the same command again.")
    lines = (folder / _LOG).read_text(errors="replace").splitlines()
    shown = [line for line in lines if line.strip() and not line.startswith(("INFO:", "WARNING:"))][-_LOG_LINES:]
    return M3PError("\n".join([f"A worker failed. The last lines of {folder / _LOG}:", *shown]))
