"""What a training says while it runs: losses, speed, memory, to the console, as JSON lines and for TensorBoard.

All of it but the losses depends on the machine and the hour, so none of it lies within a stage's output.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from model.training_state import Line, StepLog
from model.training_step import Draw


class Meter:
    """Measures a training between two readings.

    Args:
        device: where the network runs.
        peak_tflops: the processor's rate in 10^12 operations a second; 0 where it is not known.
    """

    def __init__(self, device: torch.device, peak_tflops: float) -> None:
        self._device, self._peak = device, peak_tflops
        self._start()

    def _start(self) -> None:
        self._started, self._waited, self._samples, self._tokens, self._operations = time.monotonic(), 0.0, 0, 0, 0.0

    def count(self, draws: Sequence[Draw], waited: float) -> None:
        """Adds a step: what it draws, and the seconds in which it waited for that."""
        self._waited += waited
        for draw in draws:
            self._samples += draw.work.samples
            self._tokens += draw.work.tokens
            self._operations += draw.work.operations

    def read(self) -> dict[str, float]:
        """Figures since the last reading, without those that are not known. Begins anew."""
        seconds = max(time.monotonic() - self._started, 1e-9)
        figures = {
            "seconds": seconds, "samples_per_second": self._samples / seconds,
            "tokens_per_second": self._tokens / seconds, "share_waiting_for_samples": self._waited / seconds,
            "peak_memory_gb": peak_memory(self._device) / 1e9,
        }  # fmt: skip
        if self._peak:
            figures["mfu"] = self._operations / seconds / (self._peak * 1e12)
        self._start()
        return {name: value for name, value in figures.items() if value or name not in ("tokens_per_second", "mfu")}


def peak_memory(device: torch.device) -> int:
    """The most bytes that were in use: of the GPU by tensors, of the CPU by the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


class TrainingLog:
    """A folder with ``training.jsonl`` and TensorBoard's event files; nothing where no folder is given.

    Args:
        folder: the folder; what it holds of an interrupted training is gone on with.
        done: steps that are done already; lines of later ones are dropped.
    """

    def __init__(self, folder: Path | None, done: int) -> None:
        self._lines: StepLog | None = None
        self._events: Any = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._lines = StepLog(folder / "training.jsonl")
            self._lines.cut(done)
            self._events = _event_writer(folder, done)

    def line(self, losses: Line, speed: Line) -> str:
        """Notes averaged losses and a meter's figures; returns what is shown of them beside the progress bar."""
        named = {name: value for name, value in losses.items() if name not in ("step", "learning_rate")}
        figures = {"learning_rate": losses["learning_rate"]}
        figures |= {f"loss/{name}": value for name, value in named.items()}
        self._write(int(losses["step"]), figures | {f"speed/{name}": value for name, value in speed.items()})
        shown = [f"{speed['samples_per_second']:,.0f} samples/s", *(f"{k} {v:.2f}" for k, v in named.items())]
        return " ".join(shown)

    def validation(self, step: int, metrics: Line) -> None:
        """Notes a validation."""
        self._write(step, {f"validation/{name}": value for name, value in metrics.items()})

    def _write(self, step: int, figures: Line) -> None:
        if self._lines is not None:
            self._lines.add([{"step": step} | figures])
        if self._events is not None:
            for name, value in figures.items():
                self._events.add_scalar(name, value, step)

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._events is not None:
            self._events.close()


def _event_writer(folder: Path, done: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        print(f"{folder} gets no event files for TensorBoard, which is not installed: pip install -e '.[tensorboard]'")
        return None
    return SummaryWriter(folder, purge_step=done + 1)


def in_words(figures: Mapping[str, float]) -> str:
    """A meter's figures for people."""
    words = [f"{figures['samples_per_second']:,.0f} samples/s"]
    if "tokens_per_second" in figures:
        words.append(f"{figures['tokens_per_second']:,.0f} tokens/s")
    if "mfu" in figures:
        words.append(f"MFU {figures['mfu']:.1%}")
    words.append(f"{figures['peak_memory_gb']:.2f} GB at most")
    words.append(f"{figures['share_waiting_for_samples']:.0%} of the time waiting for samples")
    return ", ".join(words)
