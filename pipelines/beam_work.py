"""The one DoFn of this project. Apart from the runner, so that nothing else loads Beam."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
from apache_beam.utils.shared import Shared

from contract.errors import M3PError
from pipelines.beam_runner import Work, leave_error


class _Ready:
    """A work that has been set up; Shared keeps one a process, by weak reference."""

    def __init__(self, work: Work) -> None:
        work.setup()
        self.work = work


class DoWork(beam.DoFn):
    """Does an element with a work that is set up once a process."""

    def __init__(self, work: Work, errors_folder: str) -> None:
        self._work, self._errors_folder, self._shared = work, Path(errors_folder), Shared()

    def process(self, element: int) -> None:
        """Does the element; nothing is passed on."""
        try:
            ready = self._shared.acquire(lambda: _Ready(self._work))
            ready.work.do(element)
        except M3PError as error:
            leave_error(self._errors_folder, element, error)
            raise
