"""What a run says in the terminal: the stages' own lines, and nothing of Prefect's."""

from __future__ import annotations

import logging
import sys

from contract.errors import M3PError


class _StageLines(logging.Handler):
    """Prints the lines that stages say, each after its stage's name."""

    def emit(self, record: logging.LogRecord) -> None:
        stage = getattr(record, "stage", None)
        if stage is not None:
            print(f"{stage} | {record.getMessage()}" if stage else record.getMessage(), flush=True)


class _NoTraceback(logging.Filter):
    """Leaves out the traceback of an error whose message is all that a user needs."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, M3PError):
            record.exc_info = record.exc_text = None
            record.msg, record.args = f"{type(error).__name__}: {error}", ()
        return True


def leave_out_tracebacks() -> None:
    """Keeps the tracebacks of this project's own errors out of Prefect's log, where a run ends with one."""
    for name in ("prefect.flow_runs", "prefect.task_runs", "prefect.engine"):
        logger = logging.getLogger(name)
        if not any(isinstance(one, _NoTraceback) for one in logger.filters):
            logger.addFilter(_NoTraceback())


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
