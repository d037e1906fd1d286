"""The command as a user meets it, in a tiny project."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from project import files_of, m3p, make_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def test_help_answers_within_a_second():
    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = spent()
    result = subprocess.run([Path(sys.executable).with_name("m3p"), "--help"], capture_output=True, text=True)
    assert spent() - before < 1  # processor time, which other processes do not lengthen much
    assert result.returncode == 0
    assert all(command in result.stdout for command in ("run", "inspect", "search", "caption", "doctor"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], None),
        (["run"], "--profile"),
        (["frobnicate"], "frobnicate"),
        (["run", "--profile", "nowhere"], "nowhere"),
        (["run", "--profile", "../demo"], "../demo"),
        (["run", "--profile", "demo", "--target", "nostage", "--dry-run"], "nostage"),
        (
            ["run", "--profile", "demo", "--target", "corpus", "--target", "report", "--dry-run"],
            "2 times: corpus, report",
        ),
        (["run", "--profile", "demo", "--workers", "0"], "workers"),
        (["inspect", "nothing-here"], "nothing-here"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_2(project, arguments, named):
    result = m3p(project, *arguments)
    assert result.returncode == (2 if named else 0)
    assert "Traceback" not in result.stderr
    if named:
        assert named in result.stderr


def test_outside_a_project(tmp_path):
    result = m3p(tmp_path, "run", "--profile", "demo", "--dry-run")
    assert result.returncode == 2
    assert "dvc.yaml" in result.stderr


def test_a_wrong_profile_is_refused_before_anything_runs(project):
    profile = project / "profiles" / "demo.yaml"
    profile.write_text(profile.read_text().replace("regions: {}", "regions: {max_regionz: 3}"))
    result = m3p(project, "run", "--profile", "demo")
    assert result.returncode == 2
    assert "max_regionz" in result.stderr
    assert "profiles/demo.yaml: regions" in result.stderr
    assert not (project / "data").exists()


def test_debug_shows_the_traceback(project):
    assert "Traceback" in m3p(project, "run", "--profile", "nowhere", "--debug").stderr


def test_dry_run_of_a_drawn_profile_prints_the_graph_in_order_and_writes_nothing(project):
    before = files_of(project)
    result = m3p(project, "run", "--profile", "demo", "--dry-run")
    assert result.returncode == 0, result.stderr
    stages = [line.split()[0] for line in result.stdout.splitlines() if "@demo" in line.split()[0]]
    assert stages[0] == "scenes@demo"
    assert stages[-1] == "report@demo"
    assert {"ingest@demo", "corpus@demo", "evaluate@demo-mct", "evaluate@demo-plain"} == set(stages[1:-1])
    assert "to run" in result.stdout
    assert files_of(project) == before


def test_dry_run_of_an_unlisted_profile_says_what_is_missing_and_where_it_goes(project):
    before = files_of(project)
    result = m3p(project, "run", "--profile", "own", "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "data/own/raw/images" in result.stdout
    assert "missing input" in result.stdout
    assert "data/own/raw/text" in result.stdout
    assert "An empty folder will do" in result.stdout
    assert "@demo" not in result.stdout
    assert files_of(project) == before


def test_a_dry_run_counts_an_empty_folder_and_captions_that_are_not_there_as_missing(project):
    profile = project / "profiles" / "own.yaml"
    profile.write_text(
        profile.read_text().replace("ingest: {}", "ingest: {extra_captions: {ar: flickr8k/ar.caption.txt}}")
    )
    text = (project / "dvc.yaml").read_text()
    (project / "dvc.yaml").write_text(
        text.replace("- data/${item}/raw/images", "- data/${item}/raw/captions\n        - data/${item}/raw/images")
    )
    raw = project / "data" / "own" / "raw"
    (raw / "images").mkdir(parents=True)
    (raw / "captions").mkdir()
    (raw / "captions" / "one.txt").write_text("one")
    shown = m3p(project, "run", "--profile", "own", "--dry-run").stdout
    assert "data/own/raw/images  the pictures" in shown, "it is empty"
    assert "data/own/raw/captions/flickr8k/ar.caption.txt  captions in ar" in shown
    (raw / "images" / "one.jpg").write_bytes(b"one")
    (raw / "captions" / "flickr8k").mkdir()
    (raw / "captions" / "flickr8k" / "ar.caption.txt").write_text("one")
    shown = m3p(project, "run", "--profile", "own", "--dry-run").stdout
    assert "raw/images  " not in shown and "ar.caption.txt" not in shown


def test_a_run_without_its_inputs_says_so_and_changes_nothing(project):
    before = files_of(project)
    result = m3p(project, "run", "--profile", "own")
    assert result.returncode == 1
    assert "data/own/raw/images" in result.stderr
    assert files_of(project) == before


def test_a_file_that_the_profile_names_is_an_input_too(project):
    profile = project / "profiles" / "demo.yaml"
    profile.write_text(profile.read_text().replace("detector: {}", "detector: {weights: given/detector.safetensors}"))
    (project / "dvc.yaml").write_text(
        (project / "dvc.yaml").read_text().replace("            - ingest\n", "            - detector\n")
    )
    result = m3p(project, "run", "--profile", "demo", "--dry-run")
    assert "given/detector.safetensors" in result.stdout
    assert "detector.weights" in result.stdout
    assert "read by ingest@demo" in result.stdout


def test_target_takes_only_what_it_needs(project):
    result = m3p(project, "run", "--profile", "demo", "--target", "corpus", "--dry-run")
    stages = [line.split()[0] for line in result.stdout.splitlines()[1:]]
    assert stages == ["scenes@demo", "corpus@demo"]
    result = m3p(project, "run", "--profile", "demo", "--target", "evaluate", "--dry-run")
    assert "evaluate@demo-mct" in result.stdout
    assert "evaluate@demo-plain" in result.stdout
    assert "corpus" not in result.stdout


def test_a_profile_whose_name_begins_another_ones_keeps_its_own_stages(project):
    (project / "profiles" / "demo-mct.yaml").write_text((project / "profiles" / "demo.yaml").read_text())
    (project / "params.yaml").write_text("profiles:\n  - demo\n  - demo-mct\ndrawn_profiles:\n  - demo\n  - demo-mct\n")
    result = m3p(project, "run", "--profile", "demo", "--target", "evaluate", "--dry-run")
    assert "evaluate@demo-plain" in result.stdout
    assert "evaluate@demo-mct-plain" not in result.stdout
