"""Trainings as processes of their own that a test watches, signals and starts again."""

import multiprocessing
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

from model.pretrain import main

_SERVER = multiprocessing.get_context("forkserver")  # imports torch once, for all processes
_SERVER.set_forkserver_preload(["model.pretrain", "torch._dynamo"])  # which AdamW loads


def _run(arguments: list[str], output: Path, largest_file: int | None) -> None:
    sys.stdout.flush()
    with output.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    sys.argv = ["pretrain", *arguments]
    sys.exit(main())


class Trainings:
    """One training, in as many processes as it takes.

    Args:
        line: the command line, as ``test_pretrain.command`` makes it.
        output: where what it says is gathered.
    """

    def __init__(self, line: list[str], output: Path) -> None:
        self._arguments, self._output = line[3:], output
        self._out = Path(line[line.index("--out") + 1])

    @property
    def said(self) -> str:
        return self._output.read_text() if self._output.exists() else ""

    @property
    def work(self) -> Path | None:
        return next(self._out.parent.glob(f".work/{self._out.name}-*"), None)

    @property
    def states(self) -> list[int]:
        """The steps of the saved states."""
        return sorted(int(path.name.split("-")[1]) for path in self.work.glob("state-*[0-9]")) if self.work else []

    def run(
        self, number: signal.Signals = signal.SIGKILL, after: float = float("inf"), largest_file: int | None = None
    ) -> int:
        """Runs it to its end, or sends it a signal once it has written the losses of a step; returns the exit code."""
        begun = time.time_ns()
        process: BaseProcess = _SERVER.Process(target=_run, args=(self._arguments, self._output, largest_file))
        process.start()
        deadline = time.monotonic() + 120
        while process.is_alive() and time.monotonic() < deadline:
            if after < float("inf") and self._written(begun) >= after:
                os.kill(process.pid, number)
                after = float("inf")
            time.sleep(0.001)
        assert not process.is_alive(), f"it hangs: {self.said}"
        process.join()
        return process.exitcode

    def _written(self, since: int) -> int:
        """Steps whose losses stand in the work folder, once a process that began then has written there."""
        with suppress(FileNotFoundError):  # the folder goes when the training ends
            for log in self._out.parent.glob(f".work/{self._out.name}-*/losses.jsonl"):
                if log.stat().st_mtime_ns > since:
                    return log.read_bytes().count(b"\n")
        return 0
