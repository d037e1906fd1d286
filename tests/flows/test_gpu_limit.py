"""Two runs at once on one machine, which share a real server: their GPU stages never meet."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from project import events, make_project
from server import Server, prefect_server, unclean

from flows.gpu import limit_name
from flows.graph import Stage
from flows.reproduce import startable

ON_GPU = {"ingest", "evaluate"}  # as the tiny project's dvc.yaml says


def stage(name: str, gpu: bool) -> Stage:
    return Stage(name, (), (), (), (), "train", gpu)


@pytest.mark.parametrize(
    ("ready", "running", "gpu_slots", "starting"),
    [
        (["g1", "g2", "c1"], [], 1, ["g1", "c1"]),
        (["g1", "g2", "c1"], [], 2, ["g1", "g2"]),
        (["g1", "c1", "c2"], ["g2"], 1, ["c1"]),
        (["g1"], ["g2"], 1, []),
        (["g1"], ["c1"], 1, ["g1"]),
        (["g1", "c1"], ["c2", "g2"], 2, []),
    ],
)
def test_in_one_run_no_two_gpu_stages_are_started_side_by_side(ready, running, gpu_slots, starting):
    graph = {name: stage(name, name.startswith("g")) for name in ("g1", "g2", "c1", "c2")}
    assert startable(graph, ready, set(running), 2, gpu_slots) == starting


def spans(project: Path) -> list[tuple[float, float, str]]:
    """Begin and end of every step on the GPU, and what it made."""
    ends = {(words[0], words[1]): float(words[2]) for words in events(project, "end")}
    return [
        (float(words[4]), ends[words[0], words[1]], words[1])
        for words in events(project, "begin")
        if words[0] in ON_GPU
    ]


def start(project: Path, server: Server) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [Path(sys.executable).with_name("m3p"), "run", "--profile", "demo"], cwd=project, env=server.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_gpu_stages_of_two_runs_never_meet(tmp_path, record_property):
    projects = [make_project(tmp_path / name) for name in ("one", "other")]
    for project in projects:
        for step in ON_GPU:
            (project / "steer" / f"{step}.slow").touch()  # two seconds each
    with prefect_server(tmp_path / "home") as server:
        # As a run that finds a GPU would have made it.
        server.prefect("global-concurrency-limit", "create", limit_name(), "--limit", "1")
        runs = [start(project, server) for project in projects]
        said = [run.communicate(timeout=300)[0] for run in runs]
        assert [run.returncode for run in runs] == [0, 0], "\n".join(said)
    assert any("waits until another stage leaves the GPU" in text for text in said)
    assert not any("ERROR" in text or unclean(text) for text in said), "\n".join(said)

    found = [spans(project) for project in projects]
    assert [len(one) for one in found] == [3, 3]
    assert min(one[-1][1] for one in found) > max(one[0][0] for one in found), "the runs were under way together"
    both = sorted(found[0] + found[1])
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(both)]
    assert min(gaps) >= 0, both
    record_property("spans_s", [(round(a - both[0][0], 1), round(b - both[0][0], 1)) for a, b, _ in both])
