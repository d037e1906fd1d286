"""Spreads independent elements of work over Beam workers, on this machine or wherever Beam runs.

Every element leaves its result in files, so nothing is shuffled and nothing is collected.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from contract import errors
from contract.errors import M3PError, PassingError
from contract.progress import Progress

RUNNER_VARIABLE = "M3P_BEAM_OPTIONS"  # further Beam options: another runner, its address, …
_POLL_SECONDS = 0.5


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
        errors_folder: where a worker leaves the error that a user should see.
        count_done: how many items are done so far, asked now and then for the progress bar.
        progress: the bar.

    Raises:
        M3PError: the one that a worker raised.
        PassingError: where a worker was lost.
    """
    for leftover in errors_folder.glob("error-*.json"):
        leftover.unlink()
    finished = threading.Event()
    watcher = threading.Thread(target=_watch, args=(finished, count_done, progress), daemon=True)
    watcher.start()
    try:
        _run_pipeline(work, elements, workers, errors_folder)
    except Exception as error:
        raise _error_of_worker(errors_folder, error) from error
    finally:
        finished.set()
        watcher.join()


def _watch(finished: threading.Event, count_done: Callable[[], int], progress: Progress) -> None:
    while True:
        stopping = finished.wait(_POLL_SECONDS)
        progress.update(max(0, count_done() - progress.done))
        if stopping:
            return


def _run_pipeline(work: Work, elements: Sequence[int], workers: int, errors_folder: Path) -> None:
    os.environ["no_proxy"] = ",".join(filter(None, [os.environ.get("no_proxy"), "localhost,127.0.0.1"]))
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipelines.beam_work import DoWork

    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    workers = min(workers, len(elements))
    mode = "multi_processing" if workers > 1 else "in_memory"
    # The runner is always named: DirectRunner would first try to download another one.
    options = ["--runner=FnApiRunner", f"--direct_running_mode={mode}", f"--direct_num_workers={workers}"]
    options += os.environ.get(RUNNER_VARIABLE, "").split()
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        _ = (
            pipeline
            | "Elements" >> beam.Create(list(elements))
            | "Spread" >> beam.Reshuffle()
            | "Do" >> beam.ParDo(DoWork(work, str(errors_folder)))
        )


def leave_error(folder: Path, element: int, error: M3PError) -> None:
    """Writes down a worker's error for its parent, since Beam hands over only a traceback's text."""
    values = {"kind": type(error).__name__, "what": error.what, "expected": error.expected, "remedy": error.remedy}
    (folder / f"error-{element:05d}.json").write_text(json.dumps(values))


def _error_of_worker(folder: Path, error: Exception) -> Exception:
    for path in sorted(folder.glob("error-*.json")):
        values: dict[str, Any] = json.loads(path.read_text())
        kind: type[M3PError] = getattr(errors, values.pop("kind"), errors.InputError)
        return kind(**values)
    text = str(error)
    if any(sign in text for sign in ("StatusCode.UNAVAILABLE", "StatusCode.CANCELLED", "Socket closed", "Broken pipe")):
        return PassingError("A Beam worker was lost.", "workers that live to the end.", "run the same command again.")
    return error
