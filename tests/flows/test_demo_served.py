"""The whole demo through a server, on a clone of this repository; the longest test, left out with M3P_SKIP_DEMO=1."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.skipif(bool(os.environ.get("M3P_SKIP_DEMO")), reason="M3P_SKIP_DEMO is set")
def test_the_demo_completes_as_a_deployment(tmp_path):
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this is no git clone, so there is nothing to clone")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "PYTHONPATH"))}
    environment |= {"PYTHONPATH": str(clone)}  # the clone's code, not that of the installed project
    log = (tmp_path / "serve.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "flows.serve", "--port", str(port)], cwd=clone, env=environment, stdout=log, stderr=log
    )
    try:
        wait_for_deployments(url, server)
        watched = subprocess.run(
            [sys.executable, "-m", "prefect", "deployment", "run", "reproduce/demo", "--watch"],
            cwd=clone, env=environment | {"PREFECT_API_URL": url, "PREFECT_HOME": str(clone / ".prefect")},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert watched.returncode == 0, (tmp_path / "serve.log").read_text()[-4000:]
    finally:
        server.terminate()
        server.wait(60)
        log.close()
    assert (clone / "reports" / "demo" / "index.html").is_file()


def wait_for_deployments(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            if len(httpx.post(f"{url}/deployments/filter", json={}, trust_env=False).json()) == 3:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise AssertionError("the deployments did not come up")
