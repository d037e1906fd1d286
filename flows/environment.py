"""What the tools around a run are told through the environment."""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from contract.errors import PassingError, UsageError

PREFECT_HOME = Path(".prefect")
_ANSWER_SECONDS = 5
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")  # name and password within an address
_SERVER_START_SECONDS = 180  # the default of 20 s is missed now and then on a loaded machine


def enter_project() -> Path:
    """Goes to the project's folder: the nearest one above that holds dvc.yaml and profiles/.

    Raises:
        UsageError: where there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dvc.yaml").is_file() and (folder / "profiles").is_dir():
            os.chdir(folder)
            return folder
    raise UsageError(
        f"{here} lies in no project.", "a folder with dvc.yaml and profiles/, or one below it.", "cd into your clone."
    )


def prepare_prefect() -> None:
    """Sets Prefect up for this project; must come before the first import of Prefect.

    Prefect's data lie in ``.prefect/`` here, so that a user's own settings stay as they are, unless the user names
    a server or another home. No usage data are sent.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", str(_SERVER_START_SECONDS))
    os.environ.setdefault("PREFECT_CLI_PROMPT", "false")
    # In files, so that a server that is started again knows which slots of a limit are held, and when they are free.
    os.environ.setdefault(
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE", "prefect.server.concurrency.lease_storage.filesystem"
    )
    if "PREFECT_API_URL" not in os.environ:
        os.environ.setdefault("PREFECT_HOME", str(PREFECT_HOME.resolve()))
        os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")


def open_url(url: str) -> bytes:
    """What lies at an address; loopback is never reached through a proxy.

    Raises:
        OSError: where nothing answers within a few seconds, or with an error.
        ValueError: where it is no address.
    """
    at_home = urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if at_home else []))
    with opener.open(url, timeout=_ANSWER_SECONDS) as answer:
        return bytes(answer.read())


def require_server(url: str) -> str:
    """Checks that a Prefect server answers; returns its version.

    Raises:
        PassingError: where it does not.
    """
    try:
        return str(json.loads(open_url(f"{url.rstrip('/')}/admin/version")))
    except (OSError, ValueError) as error:
        raise PassingError(
            f"The Prefect server {without_secrets(url)} does not answer.", "one at PREFECT_API_URL.",
            "start it with `make serve`, or unset PREFECT_API_URL.",
        ) from error  # fmt: skip


def without_secrets(text: str) -> str:
    """A text without the names and passwords within its addresses."""
    return _SECRET.sub("", text)


def stage_environment(workers: int, threads: int) -> dict[str, str]:
    """The environment of a stage's process: this Python first, its share of the cores, output as it comes.

    Args:
        workers: processes that the stage may start; changes nothing in its result.
        threads: threads of one process's matrix library; the same in every run on one machine, because the order of
            floating-point sums may depend on it.
    """
    scripts = str(Path(sys.executable).parent)
    return os.environ | {
        "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "ignore"),
        "DVC_NO_ANALYTICS": "1",
        "M3P_WORKERS": str(workers),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads)),
    }
