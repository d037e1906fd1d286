"""The process in which Beam runs; ``pipelines.beam_runner`` starts it and gives it its work over a pipe."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.utils.shared import Shared

from contract.errors import PASSING_FAILURE
from pipelines.beam_runner import Plan, ShufflePlan
from pipelines.beam_work import DoWork, Gather, Spread

RUNNER_VARIABLE = "M3P_BEAM_OPTIONS"  # further Beam options: another runner, its address, …
_WORKER_THREAD = "run_worker"  # Beam's name for the thread that waits for a worker's process


def main() -> None:
    """Reads the plan from standard input, carries it out, and ends with an error where that fails."""
    plan: Plan | ShufflePlan = pickle.load(sys.stdin.buffer)  # noqa: S301 — written by our own parent
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.excepthook = _end_with_worker
    run_pipeline(plan)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the other end is closed, however the parent ended
    os.killpg(0, signal.SIGKILL)


def _end_with_worker(failure: threading.ExceptHookArgs) -> None:
    """Ends the job when a worker's process has: Beam would wait for its answer for ever."""
    threading.__excepthook__(failure)
    if failure.thread is not None and failure.thread.name == _WORKER_THREAD:
        sys.stderr.flush()
        os._exit(PASSING_FAILURE)


def run_pipeline(plan: Plan | ShufflePlan) -> None:
    """Carries a plan out as a Beam pipeline."""
    mode = "multi_processing" if plan.workers > 1 else "in_memory"
    # The runner is always named: DirectRunner would first try to download another one.
    options = ["--runner=FnApiRunner", f"--direct_running_mode={mode}", f"--direct_num_workers={plan.workers}"]
    options += os.environ.get(RUNNER_VARIABLE, "").split()
    shared = Shared()
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        elements = pipeline | "Elements" >> beam.Create(list(plan.elements)) | "Spread out" >> beam.Reshuffle()
        if isinstance(plan, Plan):
            _ = elements | "Do" >> beam.ParDo(DoWork(plan.work, plan.errors_folder, shared))
            return
        keys = pipeline | "Keys" >> beam.Create([(key, b"") for key in plan.keys])  # those that no block goes to, too
        blocks = elements | "Read" >> beam.ParDo(Spread(plan.work, plan.errors_folder, shared))
        grouped = (blocks, keys) | "Together" >> beam.Flatten() | "By key" >> beam.GroupByKey()
        _ = grouped | "Do" >> beam.ParDo(Gather(plan.work, plan.errors_folder, shared))


if __name__ == "__main__":
    main()
