"""Spreads independent elements of work over Beam workers, on this machine or wherever Beam runs.

Every element leaves its result in files, so nothing is shuffled and nothing is collected. Beam itself runs in a
process of its own (``pipelines.beam_driver``), for three reasons: what it and its workers print goes to a log file
instead of the terminal; a lost worker, for which Beam waits for ever, ends that process instead; and when this
process is killed, nothing is left behind that still writes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
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


def run_elements(
    work: Work,
    elements: Sequence[int],
    workers: int,
    errors_folder: Path,
    count_done: Callable[[], int],
    progress: Progress,
) -> None:
    """Runs ``work.do`` for every element, on ``workers`` processes.

    Args:
        work: what to do; pickled and sent to the workers.
        elements: numbers of the elements.
        workers: processes on this machine.
        errors_folder: where a worker leaves the error that a user should see, and Beam its log.
        count_done: how many items are done so far, asked now and then for the progress bar.
        progress: the bar.

    Raises:
        M3PError: the one that a worker raised; or that one failed, with the last lines of the log.
        PassingError: where a worker was lost.
    """
    for leftover in errors_folder.glob("error-*.json"):
        leftover.unlink()
    payload = cloudpickle.dumps((work, list(elements), min(workers, len(elements)), errors_folder))
    with (errors_folder / _LOG).open("wb") as log:
        driver = subprocess.Popen(
            [sys.executable, "-m", "pipelines.beam_driver"], stdin=subprocess.PIPE, stdout=log, stderr=log,
            env=_environment(), start_new_session=True,
        )  # fmt: skip
    try:
        code = _wait(driver, payload, lambda: progress.update(max(0, count_done() - progress.done)))
    finally:
        _end(driver)
    if code != 0:
        raise _error_of_worker(errors_folder, code)


def _environment() -> dict[str, str]:
    """The workers find the modules that this process finds, and reach each other past any proxy."""
    no_proxy = ",".join(filter(None, [os.environ.get("no_proxy"), "localhost,127.0.0.1"]))
    return os.environ | {
        "no_proxy": no_proxy,
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
    }


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
