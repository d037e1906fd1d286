"""Running one stage: ``dvc repro -s`` as a process of its own, its output passed on line by line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from contract.errors import PASSING_FAILURE, M3PError

_LAST_LINES = 50
_STOP_SECONDS = 10
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # as Python and as a shell say it
_EXIT = re.compile(r"failed to run: .*, exited with (-?\d+)")
_LOCKED = re.compile(r"Unable to acquire lock|is busy, it is being blocked by")
_UNCHANGED = re.compile(r"^Stage '.*' (didn't change, skipping|is cached - skipping run)")
_HINTS = re.compile(
    r"^(To track the changes with git, run:|To enable auto staging, run:|\s+(git add|dvc config core\.autostage)\b"
    r"|WARNING: '.*' is empty\.|Use `dvc push` to send your updates|Updating lock file|Generating lock file)"
)


class StageFailedError(M3PError):
    """A stage failed, and would fail again."""


class StagePassingError(StageFailedError):
    """A stage failed for a reason that may have passed by the next try."""

    exit_code = PASSING_FAILURE


class StageProcesses:
    """The processes of the stages that run now, so that they end with the flow."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def require_open(self) -> None:
        """Checks that the run goes on.

        Raises:
            StageFailedError: where it is being stopped.
        """
        if self._closed:
            raise StageFailedError("The run is being stopped.")

    @contextmanager
    def start(self, command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
        """Starts a process in a group of its own."""
        with self._lock:
            self.require_open()
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
            self._running.add(process)
        try:
            with process:
                yield process
        finally:
            with self._lock:
                self._running.discard(process)

    def stop(self) -> None:
        """Interrupts whatever runs, as Ctrl-C would, and kills what does not end; nothing more is started."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            _signal_group(process, signal.SIGINT)
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
            _signal_group(process, signal.SIGKILL)  # the group may outlive its first process


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def run_stage(address: str, environment: dict[str, str], processes: StageProcesses, say: Callable[[str], None]) -> bool:
    """Brings a stage up to date.

    Args:
        address: DVC's name for it.
        environment: of its process.
        processes: where the process is kept while it runs.
        say: is given every line of output as it comes.

    Returns:
        Whether it ran; False where DVC found it up to date.

    Raises:
        StageFailedError: with the stage's own message and its last lines.
        StagePassingError: the same, where another try may help.
    """
    command = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", "--single-item", address]
    last: deque[str] = deque(maxlen=_LAST_LINES)
    ran = True
    with processes.start(command, environment) as process:
        assert process.stdout is not None
        for line in _lines(process.stdout):
            if _UNCHANGED.match(line):
                ran = False
            last.append(line)
            say(line)
    if process.returncode != 0:
        raise _failure(address, list(last))
    return ran


def _lines(output: Iterator[str]) -> Iterator[str]:
    for raw in output:
        line = raw.rstrip().rsplit("\r", 1)[-1]  # of a bar that redraws itself, its last form
        if line and not _HINTS.match(line):
            yield line


def _failure(address: str, lines: list[str]) -> StageFailedError:
    text = "\n".join(lines)
    exits = [int(code) for code in _EXIT.findall(text)]
    code = exits[-1] if exits else None
    passing = code == PASSING_FAILURE or code in _KILLED or (code is None and _LOCKED.search(text) is not None)
    kind = StagePassingError if passing else StageFailedError
    killed = f"its process was killed (exit code {code})." if code in _KILLED else ""
    reason = _own_message(lines) or killed or (lines[-1] if lines else "it said nothing.")
    return kind(f"Stage {address} failed: {reason}\nIts last lines:\n{text}")


def _own_message(lines: list[str]) -> str:
    """What the stage itself says went wrong: its last ``m3p …:`` line and the lines that belong to it."""
    starts = [number for number, line in enumerate(lines) if re.match(r"m3p [\w-]+: ", line)]
    if not starts:
        return ""
    message = [lines[starts[-1]]]
    for line in lines[starts[-1] + 1 :]:
        if not line.startswith(("Expected: ", "To do: ", "Run it with --debug")):
            break
        message.append(line)
    return "\n".join(message)
