"""What a run says in the terminal: the stages' own lines, and nothing of Prefect's."""

from __future__ import annotations

import logging
import sys


class _StageLines(logging.Handler):
    """Prints the lines that stages say, each after its stage's name."""

    def emit(self, record: logging.LogRecord) -> None:
        stage = getattr(record, "stage", None)
        if stage is not None:
            print(f"{stage} | {record.getMessage()}" if stage else record.getMessage(), flush=True)


def show_stages_only(debug: bool) -> None:
    """Takes Prefect's own messages off the terminal, unless they are wanted; they stay in Prefect's log."""
    import prefect.main  # noqa: F401 — sets up Prefect's logging, which is changed below

    root = logging.getLogger()
    if not debug:
        for handler in list(root.handlers):
            root.removeHandler(handler)
        root.addHandler(_StageLines())
        logging.captureWarnings(True)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
