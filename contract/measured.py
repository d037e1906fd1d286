"""What a stage takes of the machine: time, memory and device, written beside the data and never into them.

No output of a stage holds any of it, so that the same input keeps giving the same bytes, and DVC knows nothing of it,
so that no stage is ever out of date because of it. ``<data folder>/.measured/<stage>.json`` is of the stage's last run
that ended well; a run by hand, without DVC, leaves none.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

FOLDER = ".measured"
_STAGE = "DVC_STAGE"  # what DVC calls the stage that it runs: regions@demo, finetune-retrieval@demo-en
_PAUSE = 0.5  # seconds between two looks at the processes
_SHARE = 50  # of the time a look may take one part in so many
_STATUS = Path("/proc/self/status")  # of this process, on Linux


@contextmanager
def measured(outputs: Iterable[Path], profile: str, device: str | None) -> Iterator[None]:
    """Measures what is done within it and, where that ends well and is a stage of DVC's, leaves the record.

    Args:
        outputs: what the stage writes.
        profile: the name of its profile; empty where it has none.
        device: its setting of that name; None where it has none.
    """
    path = _record_path(outputs, profile)
    if path is None:
        yield
        return
    meter = _Meter()
    try:
        yield
    finally:
        meter.end()
    _write(path, meter.taken() | _device(device))


def _record_path(outputs: Iterable[Path], profile: str) -> Path | None:
    """A file in the profile's data folder, which is the nearest folder of that name around an output.

    None where DVC does not run this process, or where it writes outside such a folder, as the report does.
    """
    name, _, instance = os.environ.get(_STAGE, "").rpartition(":")[2].partition("@")
    folder = next((around for out in outputs for around in out.parents if profile and around.name == profile), None)
    if not name or folder is None:
        return None
    setting = instance.removeprefix(profile).removeprefix("-")
    return folder / FOLDER / f"{name}{f'@{setting}' if setting else ''}.json"


def _write(path: Path, taken: dict[str, Any]) -> None:
    """A stage that has done its work does not fail because this cannot be written."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(taken, indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)


class _Meter:
    """Watches this process and all that it starts, on a thread of its own."""

    def __init__(self) -> None:
        import psutil  # type: ignore[import-untyped]

        self._process, self._gone = psutil.Process(), psutil.Error
        self._peak = 0
        self._processors: dict[tuple[int, float], float] = {}  # seconds of each process, by its number and its start
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="measured", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            start = time.monotonic()
            self._look()
            pause = max(_PAUSE, _SHARE * (time.monotonic() - start))

    def _look(self) -> None:
        memory = 0
        for process in [self._process, *self._process.children(recursive=True)]:
            with suppress(self._gone):
                times = process.cpu_times()
                self._processors[process.pid, process.create_time()] = times.user + times.system
                memory += _memory(process)
        self._peak = max(self._peak, memory)

    def end(self) -> None:
        """Looks once more, and no more."""
        self._ended.set()
        self._thread.join()
        self._look()

    def taken(self) -> dict[str, Any]:
        """Seconds since this process began, seconds of all processors, and the most memory in bytes at one time."""
        times = os.times()
        # What ended between two looks is in the system's sum alone; what nobody waited for is in ours alone.
        processors = max(times.user + times.system + times.children_user + times.children_system,
                         sum(self._processors.values()))  # fmt: skip
        return {
            "seconds": round(time.time() - self._process.create_time(), 2),
            "processor_seconds": round(processors, 2),
            "peak_memory_bytes": max(self._peak, _own_peak()),
        }


def _memory(process: Any) -> int:
    """Bytes that a process holds; pages that several share are divided among them where the system tells (Linux)."""
    full = process.memory_full_info()
    return int(getattr(full, "pss", full.rss))


def _own_peak() -> int:
    """The most bytes that this process ever held, also between two looks; 0 where the system does not tell."""
    found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text()) if _STATUS.is_file() else None
    return 1024 * int(found[1]) if found else 0


def _device(setting: str | None) -> dict[str, Any]:
    """The device and, of a GPU, the most bytes that torch held there in this process."""
    torch = sys.modules.get("torch")
    if setting in (None, "cpu") or torch is None or not torch.cuda.is_available():
        return {"device": "cpu"}
    return {"device": torch.cuda.get_device_name(), "device_memory_bytes": torch.cuda.max_memory_reserved() or None}
