"""The DoFns of this project. Apart from the runner, so that nothing else loads Beam."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import apache_beam as beam
from apache_beam.utils.shared import Shared

from contract.errors import M3PError
from pipelines.beam_runner import Shuffle, Work, leave_error

_W = TypeVar("_W", Work, Shuffle)


class _Ready(Generic[_W]):
    """A work that has been set up; Shared keeps one a process, by weak reference."""

    def __init__(self, work: _W) -> None:
        work.setup()
        self.work: _W = work


class _OfWork(beam.DoFn, Generic[_W]):
    """A DoFn of a work that is set up once a process, also where several DoFns are of the same work.

    Args:
        work: the work.
        errors_folder: where the error that a user should see is left.
        shared: its place in a process.
    """

    def __init__(self, work: _W, errors_folder: Path, shared: Shared) -> None:
        self._work: _W = work
        self._errors_folder, self._shared = errors_folder, shared

    @contextmanager
    def _ready(self, number: int) -> Iterator[_W]:
        try:
            yield self._shared.acquire(lambda: _Ready(self._work)).work
        except M3PError as error:
            leave_error(self._errors_folder, number, error)
            raise


class DoWork(_OfWork[Work]):
    """Does an element; nothing is passed on."""

    def process(self, element: int) -> None:
        """Does it."""
        with self._ready(element) as work:
            work.do(element)


class Spread(_OfWork[Shuffle]):
    """Reads an element, and passes on blocks of it by their keys."""

    def process(self, element: int) -> Iterator[tuple[int, bytes]]:
        """Reads it."""
        with self._ready(element) as work:
            yield from work.spread(element)


class Gather(_OfWork[Shuffle]):
    """Does a key with all of its blocks; nothing is passed on."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> None:
        """Does it."""
        key, blocks = element
        with self._ready(key) as work:
            work.gather(key, [block for block in blocks if block])
