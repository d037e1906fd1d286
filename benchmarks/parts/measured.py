"""Seconds and peak memory of a command with all its processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

import psutil


def measured(module: str, *given: object) -> tuple[float, float]:
    """Runs a Python module or script, and waits for it.

    Args:
        module: a module's dotted name, or a script's path.
        given: its arguments.

    Returns:
        Seconds, and the peak of memory in MB: the sum of the proportional shares (PSS) of its processes, sampled ten
        times a second.
    """
    how: Sequence[str] = [module] if module.endswith(".py") else ["-m", module]
    start, peak = time.perf_counter(), 0
    process = psutil.Popen([sys.executable, *how, *map(str, given)], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(_memory(one) for one in [process, *process.children(recursive=True)]))
        time.sleep(0.1)
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.perf_counter() - start, peak / 1e6


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:  # it has ended meanwhile
        return 0
