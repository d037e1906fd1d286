"""A real Prefect server on a free loopback port: alone for runs of several clones, or asked by those of one project."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

START_SECONDS = 180


class Server:
    """A server, and what a shell is told to reach it."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.url = home, f"http://127.0.0.1:{port}/api"
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def environment(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        return own | {
            "PREFECT_API_URL": self.url, "PREFECT_HOME": str(self.home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1", "PREFECT_CLI_PROMPT": "false",
        }  # fmt: skip

    def prefect(self, *arguments: str, cwd: Path | None = None) -> str:
        """What a command of Prefect's prints; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments], cwd=cwd or self.home, env=self.environment(),
            capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, what: str, **query: Any) -> list[dict[str, Any]]:
        answer = self._client.post(f"/{what}/filter", json=query)
        answer.raise_for_status()
        return answer.json()

    def healthy(self) -> bool:
        try:
            return self._client.get("/health").status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def prefect_server(home: Path) -> Iterator[Server]:
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    one = Server(home, port)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with process(command, home, one.environment(), home / "server.log") as started:
        wait_until(one.healthy, started, home / "server.log")
        yield one


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(ready: Callable[[], bool], started: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        assert started.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.5)


@contextmanager
def process(
    command: list[str], cwd: Path, environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """A process that is ended at the end."""
    with log.open("wb") as output:
        started = subprocess.Popen(command, cwd=cwd, env=environment, stdout=output, stderr=output)
        try:
            yield started
        finally:
            started.terminate()
            try:
                started.wait(30)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def unclean(said: str) -> list[str]:
    """The lines that no user should see: tracebacks, warnings of libraries, deprecations; a stage may warn."""
    bad = re.compile(r"Traceback \(most recent|Warning: |DeprecationWarning|deprecated|WARNING +\| (?!Task run)")
    return [line for line in said.splitlines() if bad.search(line)]
