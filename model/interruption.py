"""Signals that end a training between two steps, after its state is saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from contract.errors import M3PError

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StoppedError(M3PError):
    """A signal ended a training whose state is saved: the same command goes on from there.

    Its exit code is 143 after SIGTERM and 130 after SIGINT, as a shell says it of a process that the signal ended.

    Args:
        training: what was stopped.
        done: how far it came.
        asked_by: the signal.
    """

    def __init__(self, training: str, done: str, asked_by: signal.Signals) -> None:
        super().__init__(f"{training} was stopped by {asked_by.name} {done}; the same command goes on from there.")
        self.exit_code = 128 + asked_by


class Stop:
    """Whether somebody asked to stop.

    Attributes:
        asked_by: the signal; None where nobody did.
    """

    asked_by: signal.Signals | None = None


@contextmanager
def asked_to_stop() -> Iterator[Stop]:
    """Within the block SIGTERM and SIGINT are noted rather than obeyed. A second signal of a kind ends the process.

    Only the main thread is told of signals: in another one nothing changes.
    """
    stop = Stop()

    def note(number: int, frame: FrameType | None) -> None:
        stop.asked_by = signal.Signals(number)
        signal.signal(number, before[stop.asked_by])

    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in _SIGNALS} if main else {}
    for number in before:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
