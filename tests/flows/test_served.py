"""A real Prefect server on a free loopback port with the served deployments, over a tiny real DVC repository."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from project import begun, events, m3p, make_project
from server import Server, free_port, process, unclean, wait_until

CORES = len(os.sched_getaffinity(0))

TASKS = {"scenes@demo", "ingest@demo", "corpus@demo", "evaluate@demo-mct", "evaluate@demo-plain", "report@demo"}


class Served(Server):
    """The project and the API of its server."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder / ".prefect", port)
        self.folder = folder

    def told(self) -> dict[str, str]:
        """What a command is told to reach the server."""
        return {"PREFECT_API_URL": self.url, "PREFECT_HOME": str(self.home)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "prefect", "deployment", "run", *arguments]
        return subprocess.run(
            command, env=os.environ | self.told(), capture_output=True, text=True, timeout=300, check=False
        )

    def deployed(self) -> bool:
        try:
            return self.healthy() and len(self.ask("deployments")) == 3
        except httpx.HTTPError:
            return False

    def last_run(self) -> dict[str, Any]:
        begun_ones = {"state": {"type": {"not_any_": ["SCHEDULED"]}}}
        return self.ask("flow_runs", flow_runs=begun_ones, sort="START_TIME_DESC", limit=1)[0]

    def task_runs(self, flow_run: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """By name. The server learns of them by events, of which a busy one hears after the flow run has ended."""
        deadline = time.monotonic() + 120
        while True:
            found = self.ask("task_runs", flow_runs={"id": {"any_": [flow_run["id"]]}})
            by_name = {task_run["name"]: task_run for task_run in found}
            ended = [
                run["state"]["type"] in ("COMPLETED", "FAILED") or run["state"]["name"] == "NotReady" for run in found
            ]
            if (set(by_name) >= TASKS and all(ended)) or time.monotonic() > deadline:
                return by_name
            time.sleep(1)

    def logs(self, flow_run: dict[str, Any]) -> str:
        found = self.ask("logs", logs={"flow_run_id": {"any_": [flow_run["id"]]}}, limit=200)
        return "\n".join(line["message"] for line in found)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = make_project(tmp_path_factory.mktemp("served") / "project")
    repository = Path(__file__).parents[2]
    text = (repository / "prefect.yaml").read_text()
    scheduled = "    tags: [paper]\n    schedules:\n      - cron: '0 3 1 * *'\n        timezone: Europe/Berlin\n"
    assert "    tags: [paper]\n" in text
    (folder / "prefect.yaml").write_text(text.replace("    tags: [paper]\n", scheduled))
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    environment["PREFECT_API_URL"] = "http://127.0.0.1:9/api"  # exported once, of a server that is no more
    one = Served(folder, port)
    command = [sys.executable, "-m", "flows.serve", "--port", str(port)]
    with process(command, folder, environment, folder / "serve.log") as started:
        wait_until(one.deployed, started, folder / "serve.log")
        yield one
        started.terminate()
        assert started.wait(60) == 0
        assert not one.healthy()


def hash_of(project: Path, path: str) -> str:
    """By which DVC knows what a stage made."""
    stages = yaml.safe_load((project / "dvc.lock").read_text())["stages"].values()
    return next(out["md5"] for stage in stages for out in stage["outs"] if out["path"] == path)


def change(project: Path, *steps: str) -> None:
    """Makes steps due again."""
    for step in steps:
        path = project / "versions" / step
        path.write_text(str(int(path.read_text()) + 1))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_deployment_runs_to_its_end_with_retry_and_artifacts(served):
    (served.folder / "steer" / "ingest.passing").touch()  # fails once, for a reason that passes
    for step in ("ingest", "corpus"):
        (served.folder / "steer" / f"{step}.slow").touch()
    result = served.run("reproduce/demo", "--watch")
    assert result.returncode == 0, result.stdout + result.stderr + (served.folder / "serve.log").read_text()

    flow_run = served.last_run()
    assert re.fullmatch(r"reproduce-demo-\d{8}-\d{6}", flow_run["name"])
    assert flow_run["state"]["type"] == "COMPLETED"
    assert "demo" in flow_run["tags"]

    task_runs = served.task_runs(flow_run)
    assert set(task_runs) == TASKS
    assert {task_run["state"]["type"] for task_run in task_runs.values()} == {"COMPLETED"}
    assert task_runs["ingest@demo"]["run_count"] == 2
    assert task_runs["corpus@demo"]["run_count"] == 1
    assert set(task_runs["ingest@demo"]["tags"]) >= {"ingest", "demo", "gpu"}

    order = begun(served.folder)
    assert order[0] == "data/demo/raw"
    assert order[-1] == "reports/demo"
    assert order.index("data/demo/images") < order.index("data/demo/metrics/mct.json")

    assert "ingest: at work" in served.logs(flow_run)
    artifacts = {artifact["key"]: artifact for artifact in served.ask("artifacts")}
    assert {"ingest-demo-rows", "corpus-demo-rows", "demo-rows", "demo-metrics", "demo-report"} <= set(artifacts)
    stages = {"scenes-demo", "ingest-demo", "corpus-demo", "evaluate-demo-mct", "evaluate-demo-plain", "report-demo"}
    assert {f"{stage}-{kind}" for stage in stages for kind in ("outputs", "link")} <= set(artifacts)
    assert hash_of(served.folder, "data/demo/images") in artifacts["ingest-demo-outputs"]["data"]
    assert (served.folder / "data" / "demo" / "images").as_uri() in artifacts["ingest-demo-link"]["data"]
    assert "caption_empty 2" in artifacts["demo-rows"]["data"]
    assert "mR.de" in artifacts["demo-metrics"]["data"]
    assert "reports/demo/index.html" in artifacts["demo-report"]["data"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(CORES < 2, reason="one core: stages run one after another")
def test_independent_stages_run_side_by_side_each_with_its_share(served):
    change(served.folder, "ingest", "corpus")
    (served.folder / "events.log").unlink(missing_ok=True)
    steer = served.folder / "steer"
    (steer / "ingest.meets").write_text("corpus")
    (steer / "corpus.meets").write_text("ingest")
    result = m3p(served.folder, "run", "--profile", "demo", **served.told())
    for step in ("ingest", "corpus"):
        (steer / f"{step}.meets").unlink()
    assert result.returncode == 0, result.stderr
    begin = {words[0]: words for words in events(served.folder, "begin")}
    end = {words[0]: float(words[2]) for words in events(served.folder, "end")}
    assert float(begin["corpus"][4]) < end["ingest"]
    assert float(begin["ingest"][4]) < end["corpus"]
    assert begin["ingest"][2] == str(CORES // 2)
    assert begin["report"][2] == str(CORES)
    assert "scenes" not in begin  # unchanged


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_wrong_input_is_not_tried_again_and_its_message_is_the_state(served):
    change(served.folder, "ingest", "corpus")
    (served.folder / "steer" / "ingest.input").touch()
    (served.folder / "events.log").unlink(missing_ok=True)
    result = m3p(served.folder, "run", "--profile", "demo", **served.told())
    (served.folder / "steer" / "ingest.input").unlink()
    assert result.returncode == 1
    assert "row 7 of captions.tsv has 3 columns" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert begun(served.folder).count("data/demo/images") == 1  # one try
    assert "data/demo/corpus" in begun(served.folder)  # which does not need the failed one
    assert "reports/demo" not in begun(served.folder)

    flow_run = served.last_run()
    assert flow_run["state"]["type"] == "FAILED"
    states = {name: task_run["state"] for name, task_run in served.task_runs(flow_run).items()}
    assert states["ingest@demo"]["type"] == "FAILED"
    assert "row 7 of captions.tsv has 3 columns" in states["ingest@demo"]["message"]
    assert "Expected: 2 columns." in states["ingest@demo"]["message"]
    assert "ingest: at work" in states["ingest@demo"]["message"]  # its last lines
    assert states["report@demo"]["name"] == "NotReady"
    assert states["corpus@demo"]["type"] == "COMPLETED"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_schedule_of_prefect_yaml_makes_runs(served):
    (paper,) = (one for one in served.ask("deployments") if one["name"] == "paper")
    (schedule,) = paper["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 3 1 * *", "Europe/Berlin")
    due, deadline = [], time.monotonic() + 120
    while not due and time.monotonic() < deadline:  # the server looks for them now and then
        due = served.ask("flow_runs", deployments={"id": {"any_": [paper["id"]]}})
        time.sleep(1)
    assert due, "a server whose SQLAlchemy is too new makes none"
    assert {run["state"]["type"] for run in due} == {"SCHEDULED"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_deployment_that_fails_says_so_without_a_traceback(served):
    change(served.folder, "ingest")
    (served.folder / "steer" / "ingest.input").touch()
    result = served.run("reproduce/demo", "--watch", "--param", "target=ingest")
    (served.folder / "steer" / "ingest.input").unlink()
    assert result.returncode == 1
    flow_run = served.last_run()
    assert flow_run["state"]["type"] == "FAILED"
    assert "row 7 of captions.tsv has 3 columns" in flow_run["state"]["message"]
    assert {"demo", "ingest"} <= set(flow_run["tags"])
    for said in (result.stdout + result.stderr, (served.folder / "serve.log").read_text(), served.logs(flow_run)):
        assert not unclean(said), said
