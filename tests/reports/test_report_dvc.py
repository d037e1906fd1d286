"""The report as a stage of a real DVC repository: `dvc metrics show` and `dvc plots show` over what it wrote."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fake_metrics import SETTINGS
from fake_run import LANGUAGES, make_run

REPOSITORY = Path(__file__).parents[2]
DVC_YAML = """\
stages:
  report:
    foreach: [demo]
    do:
      cmd: python -m reports --data data/${item} --out reports/${item}
      deps:
        - data/${item}/metrics
      outs:
        - reports/${item}/index.html
        - reports/${item}/tables.md
      metrics:
        - reports/${item}/metrics
      plots:
        - reports/${item}/tables.csv:
            template: settings
            title: Results by setting, ${item}
            x: language
            y: value
"""


def dvc(folder, *arguments):
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    answer = subprocess.run(
        [Path(sys.executable).with_name("dvc"), *arguments], cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": found, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    make_run(folder)
    (folder / "dvc.yaml").write_text(DVC_YAML)
    shutil.copytree(REPOSITORY / ".dvc" / "plots", folder / ".dvc" / "plots")
    (folder / ".dvc" / "config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    dvc(folder, "repro")
    return folder


def test_metrics_show_has_a_row_a_setting_and_a_column_a_language(project):
    shown = json.loads(dvc(project, "metrics", "show", "--json"))[""]["data"]
    named = {Path(path).name: values["data"] for path, values in shown.items()}
    assert {f"retrieval-mR-{setting}.json" for setting in SETTINGS} <= set(named)
    assert {"mild-query-mR-all.json", "mild-query-context-mR-all.json"} <= set(named)
    assert named["captioning-CIDEr-all.json"] == {lang: 19.5 + place for place, lang in enumerate(LANGUAGES)}
    assert len(named) == 4 * 6 + 1 + 2
    head = dvc(project, "metrics", "show").splitlines()[0].split()
    assert head[0] == "Path" and set(LANGUAGES) < set(head) and len(head) < 30


def test_plots_show_draws_every_task_by_setting(project, tmp_path):
    dvc(project, "plots", "show", "--out", str(tmp_path / "plots"))
    page = (tmp_path / "plots" / "index.html").read_text()
    spec = json.loads(page.split("var spec = ")[1].split(";\n")[0])
    assert "<DVC_METRIC" not in json.dumps(spec), "nothing of the template is left open"
    assert spec["title"]["text"] == "Results by setting, demo"
    drawn = [one for one in spec["data"]["values"] if one["main"] == "1" and one["source"] == "ours" and one["value"]]
    assert {one["setting"] for one in drawn} > {"no fine-tune", "on en", "on each", "on all"}
    assert {(one["task"], one["measure"]) for one in drawn} >= {("entailment", "accuracy"), ("headlines", "BLEU-4")}


def test_a_changed_metric_changes_the_report(project):
    assert "up to date" in dvc(project, "repro")
    metrics = project / "data" / "demo" / "metrics"
    (metrics / "translation-each.json").unlink()
    dvc(project, "repro")
    shown = json.loads(dvc(project, "metrics", "show", "--json"))[""]["data"]
    assert len(shown) == 4 * 6 + 2 and not [path for path in shown if path.endswith("translation-BLEU-4-each.json")]
