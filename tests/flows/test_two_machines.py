"""Data made on one machine, training on another: two git clones, a worker each, one server, a DVC remote between them.

The demo in miniature. Both machines are this one; what tells them apart is the clone, the work pool and the worker.
"""

import json
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from server import Server, prefect_server, process, unclean
from storage import KEYS, SECRET, client_of, dvc, s3_server
from test_demo_served import shrink

REPOSITORY = Path(__file__).parents[2]
DATA = {"scenes", "ingest", "detector", "regions", "lexicon", "codeswitch", "triples", "corpus", "tokenizer"}


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def keep_one_setting(graph: Path) -> None:
    """Leaves of the four settings in which each task is learnt the one that takes no fine-tuning, to save minutes."""
    others = re.compile(r"^ +- (\S+-)?(en|each|all)(\.json)?$")
    lines = graph.read_text().splitlines()
    graph.write_text("\n".join(line for line in lines if not others.match(line)) + "\n")


def make_origin(folder: Path) -> Path:
    """What both machines clone: the project in miniature, its remote named in the configuration that is under git."""
    git(folder, "clone", "--quiet", str(REPOSITORY), "origin")
    origin = folder / "origin"
    shrink(origin / "profiles" / "demo.yaml")
    keep_one_setting(origin / "dvc.yaml")
    dvc(origin, "remote", "add", "--default", "store", "s3://m3p/store")
    git(origin, "commit", "--quiet", "--all", "--message", "in miniature, with a remote")
    return origin


class Machine:
    """A clone, the environment that its owner's shell has, and the log of its worker."""

    def __init__(self, folder: Path, name: str, origin: Path, server: Server, storage: str) -> None:
        git(folder, "clone", "--quiet", str(origin), name)
        self.name, self.clone, self.log = name, folder / name, folder / f"{name}.log"
        dvc(self.clone, "remote", "modify", "--local", "store", "endpointurl", storage)
        self.environment = server.environment() | KEYS
        self.environment |= {"M3P_PROJECT": str(self.clone), "PYTHONPATH": str(self.clone)}
        self.environment |= {"PREFECT_HOME": str(folder / f"{name}-home")}

    def worker(self, folder: Path) -> Any:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--type", "process", "--pool", self.name]
        return process(command, folder, self.environment, self.log)

    def m3p(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [Path(sys.executable).with_name("m3p"), *arguments]
        return subprocess.run(
            command, cwd=self.clone, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )

    def manifest(self, dataset: str) -> dict[str, Any]:
        return json.loads((self.clone / "data" / "demo" / dataset / "_manifest.json").read_text())


def run_of(server: Server, half: str) -> dict[str, Any]:
    (run,) = (run for run in server.ask("flow_runs") if half in run["tags"])
    return run


def tasks_of(server: Server, run: dict[str, Any]) -> dict[str, str]:
    """The run's tasks by name, with how each ended."""
    found = server.ask("task_runs", flow_runs={"id": {"any_": [run["id"]]}}, limit=200)
    return {one["name"]: one["state"]["type"] for one in found}


def files_with(text: str, *folders: Path) -> list[Path]:
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if text.encode() in path.read_bytes()]


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_data_are_made_on_one_machine_and_the_other_trains_on_them(tmp_path, record_property):
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this is no git clone, so there is nothing to clone")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with ExitStack() as alive:
        storage = alive.enter_context(s3_server("m3p"))
        server = alive.enter_context(prefect_server(tmp_path / "home"))
        origin = make_origin(tmp_path)
        maker, trainer = (Machine(tmp_path, name, origin, server, storage) for name in ("data", "train"))
        deployed = maker.m3p("deploy")
        assert deployed.returncode == 0 and not unclean(deployed.stdout + deployed.stderr), deployed.stderr
        for machine in (maker, trainer):
            alive.enter_context(machine.worker(elsewhere))

        for half in ("data", "train"):
            said = server.prefect("deployment", "run", f"reproduce/{half}", "--watch")
            assert not unclean(said), said
            run = run_of(server, half)
            assert run["state"]["type"] == "COMPLETED", (tmp_path / f"{half}.log").read_text()[-4000:]
            assert run["work_pool_name"] == half
            record_property(f"{half}_s", round(run["total_run_time"]))
        kinds = {one["key"]: one["type"] for one in server.ask("artifacts", limit=200)}
        brought = maker.m3p("pull", "--profile", "demo")
        data, train = run_of(server, "data"), run_of(server, "train")
        tasks = {half: tasks_of(server, run_of(server, half)) for half in ("data", "train")}
        stored = client_of(storage).list_objects_v2(Bucket="m3p", Prefix="store/m3p/")["Contents"]

    assert set(tasks["data"]) == {f"{name}@demo" for name in DATA} | {"look at the remote", "push data"}
    assert {"look at the remote", "pull data", "pretrain-mct@demo", "report@demo", "push train"} <= set(tasks["train"])
    assert not DATA & {name.split("@")[0] for name in tasks["train"]}
    assert {state for of in tasks.values() for state in of.values()} == {"COMPLETED"}
    commit = git(origin, "rev-parse", "--short=7", "HEAD").strip()
    for half, run in (("data", data), ("train", train)):
        assert run["name"].startswith(f"reproduce-demo-{half}-")
        assert {"demo", half, f"commit-{commit}"} <= set(run["tags"])

    for stage in ("ingest-demo", "regions-demo", "pretrain-mct-demo"):
        assert (kinds[f"{stage}-outputs"], kinds[f"{stage}-picture"]) == ("table", "image")
    assert kinds["demo-data-pulled"] == kinds["demo-train-pushed"] == "table"
    for dataset in ("images", "captions", "regions", "codeswitch", "triples", "corpus"):
        assert trainer.manifest(dataset) == maker.manifest(dataset)
    assert not (trainer.clone / "data" / "demo" / "raw" / "dictionaries").exists(), "no stage of this half reads them"
    assert [one["Key"] for one in stored] == ["store/m3p/demo/data.json", "store/m3p/demo/train.json"]

    assert brought.returncode == 0, brought.stderr
    page = Path("reports", "demo", "index.html")
    assert (maker.clone / page).read_bytes() == (trainer.clone / page).read_bytes()
    assert "data:image/jpeg" in (trainer.clone / page).read_text(), "with the pictures that only the other drew"

    assert not files_with(SECRET, tmp_path)
    logs = "\n".join(machine.log.read_text() for machine in (maker, trainer))
    assert not unclean(logs), unclean(logs)
    assert git(maker.clone, "status", "--porcelain", "--", ".dvc") == "", "where it answers is not under git"
