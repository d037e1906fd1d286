"""Progress for everything that takes more than two seconds: items, rate, time left."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TextIO, TypeVar

from tqdm import tqdm

T = TypeVar("T")
QUIET_SECONDS = float(os.environ.get("M3P_PROGRESS_SECONDS", 60))  # a line so often where the output is no terminal


class Progress:
    """A bar in a terminal, one line a minute elsewhere, and a closing line if it took over two seconds.

    Args:
        label: what is being done.
        total: how many items there are, where that is known.
        unit: what an item is called.
        stream: where it is shown; standard error by default.
        already: how many were done before, which count for how far it is but not for the rate.
    """

    def __init__(
        self, label: str, total: int | None, unit: str = "items", stream: TextIO | None = None, already: int = 0
    ) -> None:
        self._label, self._total, self._unit = label, total, unit
        self._stream = stream or sys.stderr
        self._start = self._last_line = time.monotonic()
        self._bar = None
        if self._stream.isatty():
            self._bar = tqdm(total=total, desc=label, unit=f" {unit}", file=self._stream, delay=2.0, initial=already)
        self.done = self._already = already

    def update(self, count: int = 1, note: str = "") -> None:
        """Says that ``count`` more items are done; ``note`` is shown beside them."""
        self.done += count
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(count)
        elif time.monotonic() - self._last_line >= QUIET_SECONDS:
            self._line(note)

    def _line(self, note: str = "") -> None:
        elapsed = time.monotonic() - self._start
        meter = tqdm.format_meter(
            self.done,
            self._total or 0,
            elapsed,
            prefix=self._label,
            unit=f" {self._unit}",
            ncols=0,
            initial=self._already,
        )
        print(f"{meter} {note}".rstrip(), file=self._stream, flush=True)
        self._last_line = time.monotonic()

    def close(self) -> None:
        """Ends the bar, or prints the closing line."""
        if self._bar is not None:
            self._bar.close()
        elif time.monotonic() - self._start > 2:
            self._line()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def progress(items: Iterable[T], label: str, total: int | None = None, unit: str = "items") -> Iterator[T]:
    """Passes the items on and shows how far they are."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    with Progress(label, total, unit) as bar:
        for item in items:
            yield item
            bar.update()
