"""`make serve`: a Prefect server on loopback and the deployments of prefect.yaml, run from this folder.

    python -m flows.serve --port 4200

Ctrl-C ends both. Flow runs that are under way are ended with them.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.errors import DONE, InputError, M3PError, UsageError
from flows.deploy import schedules_of, served_deployments
from flows.environment import enter_project, open_url, prepare_prefect

HOST = "127.0.0.1"
_HEALTHY_SECONDS = 180.0
_STOP_SECONDS = 15.0


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is interrupted; returns the exit code."""
    parser = argparse.ArgumentParser(description="A Prefect server on loopback, and the served deployments.")
    parser.add_argument("--port", type=int, default=4200, help="port of the server (default: 4200)")
    try:
        serve(parser.parse_args(arguments).port)
    except M3PError as error:
        print(f"m3p serve: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        pass
    return DONE


def serve(port: int) -> None:
    """Starts the server, waits until it is healthy, and serves the deployments.

    Raises:
        UsageError: where the port is taken.
        InputError: where the server does not come up.
    """
    enter_project()
    os.environ.pop("PREFECT_API_URL", None)  # of an earlier server, say, exported in this shell
    prepare_prefect()
    url = f"http://{HOST}:{port}/api"
    os.environ["PREFECT_API_URL"] = url
    with _server(port, url):
        _say_how_to_run(port, url)
        _serve_deployments()


@contextmanager
def _server(port: int, url: str) -> Iterator[None]:
    _require_free(port)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    log = Path(os.environ["PREFECT_HOME"], "server.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("ab") as output,
        # In a session of its own, so that Ctrl-C reaches the deployments first, which still talk to it.
        subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True) as server,
    ):
        try:
            _wait_until_healthy(server, url, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"The port {port} cannot be used: {error}.", "a free port.", "give another: `make serve PORT=4201`."
            ) from error


def _wait_until_healthy(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _HEALTHY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            open_url(f"{url}/health")
            return
        except OSError:
            time.sleep(0.5)  # not up yet
    raise InputError("The Prefect server did not come up.", f"an answer at {url}/health.", f"see {log}.")


def _say_how_to_run(port: int, url: str) -> None:
    print(f"Prefect server: http://{HOST}:{port}  (its log: {os.environ['PREFECT_HOME']}/server.log)")
    print("From another shell, in this folder:")
    print(f"  export PREFECT_API_URL={url}")
    for deployment in served_deployments():
        print(f"  .venv/bin/prefect deployment run reproduce/{deployment['name']} --watch")
    print("Ctrl-C ends server and deployments.", flush=True)


def _serve_deployments() -> None:
    from prefect import serve as serve_deployments
    from prefect.types.entrypoint import EntrypointType

    from flows.reproduce import reproduce

    warnings.simplefilter("ignore")  # Prefect leaves a coroutine behind when it is interrupted
    served = [
        reproduce.to_deployment(
            one["name"],
            parameters=one["parameters"],
            tags=one["tags"],
            description=one["description"],
            concurrency_limit=one["concurrency_limit"],
            schedules=schedules_of(one),
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for one in served_deployments()
    ]
    serve_deployments(*served, print_starting_message=False, pause_on_shutdown=False)


if __name__ == "__main__":
    sys.exit(main())
