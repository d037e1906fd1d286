"""What the stages took of the machine: time, memory and device, each as it last ran here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reports.page.numbers import finite
from reports.page.results.settings import SETTINGS, setting_name
from reports.page.sources import Nothing, Sources


@dataclass(frozen=True)
class Taken:
    """What one stage took, or several of one name together; None where it is not known.

    Attributes:
        stage: its name, with its setting in words where it is one of several.
        settings: how many of one name these are.
        seconds: from beginning to end, one after the other.
        processors: seconds of all processors.
        memory: bytes held at one time, with all workers; of several stages the most that one of them held.
        device_memory: the same on a GPU.
        device: what networks ran on; several are joined.
    """

    stage: str
    settings: int
    seconds: float | None
    processors: float | None
    memory: float | None
    device_memory: float | None
    device: str

    def bar(self, longest: float) -> float | None:
        """How long it took, in percent of the longest."""
        return None if self.seconds is None else round(100 * self.seconds / (longest or 1), 2)


@dataclass(frozen=True)
class Resources:
    """Every stage, and every setting of each by itself, the longest first.

    Attributes:
        stages: those of one name together.
        each: every one by itself.
        together: the sum over all.
        largest: the one that held most memory.
        has_gpu: whether any held memory of a GPU.
    """

    stages: list[Taken]
    each: list[Taken]
    together: Taken
    largest: Taken
    has_gpu: bool


def resources(sources: Sources) -> Resources | Nothing:
    """Reads what the stages left."""
    measured = sources.measured()
    if not measured:
        return Nothing("No stage has left what it took: none was run by DVC on this machine.")
    each = {record: _one(record, values) for record, values in measured.items()}
    named: dict[str, list[Taken]] = {}
    for record, one in each.items():
        named.setdefault(record.partition("@")[0], []).append(one)
    several = list(each.values())
    return Resources(
        _longest_first(_together(name, of_name) for name, of_name in named.items()),
        _longest_first(several),
        _together("together", several),
        max(several, key=lambda one: one.memory or 0),
        any(one.device_memory for one in several),
    )


def _one(record: str, values: dict[str, Any]) -> Taken:
    name, _, setting = record.partition("@")
    said = setting_name(setting) if setting in SETTINGS else setting
    return Taken(
        f"{name}, {said}" if setting else name, 1,
        finite(values.get("seconds")), finite(values.get("processor_seconds")),
        finite(values.get("peak_memory_bytes")), finite(values.get("device_memory_bytes")),
        str(values.get("device") or ""),
    )  # fmt: skip


def _together(name: str, several: list[Taken]) -> Taken:
    def known(attribute: str) -> list[float]:
        return [value for one in several if (value := getattr(one, attribute)) is not None]

    seconds, processors = known("seconds"), known("processors")
    return Taken(
        name, len(several), math.fsum(seconds) if seconds else None, math.fsum(processors) if processors else None,
        max(known("memory"), default=None), max(known("device_memory"), default=None),
        ", ".join(sorted({one.device for one in several if one.device})),
    )  # fmt: skip


def _longest_first(several: Iterable[Taken]) -> list[Taken]:
    return sorted(several, key=lambda one: (-(one.seconds or 0), one.stage))
