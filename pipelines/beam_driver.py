"""The process in which Beam runs; ``pipelines.beam_runner`` starts it and gives it its work over a pipe."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from contract.errors import PASSING_FAILURE
from pipelines.beam_runner import Work
from pipelines.beam_work import DoWork

RUNNER_VARIABLE = "M3P_BEAM_OPTIONS"  # further Beam options: another runner, its address, …
_WORKER_THREAD = "run_worker"  # Beam's name for the thread that waits for a worker's process


def main() -> None:
    """Reads the work from standard input, runs it, and ends with an error where it fails."""
    work, elements, workers, errors_folder = pickle.load(sys.stdin.buffer)  # noqa: S301 — written by our own parent
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.excepthook = _end_with_worker
    run_pipeline(work, elements, workers, errors_folder)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the other end is closed, however the parent ended
    os.killpg(0, signal.SIGKILL)


def _end_with_worker(failure: threading.ExceptHookArgs) -> None:
    """Ends the job when a worker's process has: Beam would wait for its answer for ever."""
    threading.__excepthook__(failure)
    if failure.thread is not None and failure.thread.name == _WORKER_THREAD:
        sys.stderr.flush()
        os._exit(PASSING_FAILURE)


def run_pipeline(work: Work, elements: Sequence[int], workers: int, errors_folder: Path) -> None:
    """Runs the work for every element as a Beam pipeline."""
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


if __name__ == "__main__":
    main()
