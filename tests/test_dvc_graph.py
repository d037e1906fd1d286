"""Each stage of dvc.yaml depends on the code that it runs: all of it, and no more."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from contract.profile import SECTIONS, load_profile
from model import finetune

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("contract", "pipelines", "model", "reports")
# What these do shows on the screen or in the time that a stage takes, never in what it writes; the settings that they
# read are parameters, which DVC knows by themselves.
NO_BYTES = {
    "contract/command.py", "contract/errors.py", "contract/measured.py", "contract/outputs.py", "contract/progress.py",
    "contract/sections.py",
    "model/interruption.py", "model/training_log.py",
    "pipelines/beam_driver.py", "pipelines/beam_runner.py", "pipelines/beam_work.py",
}  # fmt: skip
STAGES = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]


def place_of(name: str) -> Path | None:
    """The file of a module, or the folder of a package; None for what is not the project's."""
    place = REPOSITORY.joinpath(*name.split("."))
    if name.split(".")[0] not in PACKAGES or name in PACKAGES:
        return None
    return place.with_suffix(".py") if place.with_suffix(".py").is_file() else place if place.is_dir() else None


def imported_by(file: Path) -> set[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {place for name in names if (place := place_of(name))}


def code_of(module: str) -> set[str]:
    """Every file that a stage's module loads, directly or not; a package of its own counts as a whole."""
    seen: set[Path] = set()
    waiting = [place_of(module) or REPOSITORY / module]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            waiting.extend(imported_by(file))
    files = {file for place in seen for file in (place.rglob("*.py") if place.is_dir() else [place])}
    named = {file.relative_to(REPOSITORY).as_posix() for file in files}
    return named - NO_BYTES - {f"{package}/__init__.py" for package in PACKAGES}  # these hold a docstring alone


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_the_code_that_it_runs(name):
    stage = STAGES[name].get("do", STAGES[name])
    module = re.search(r"python -m ([\w.]+)", stage["cmd"])[1]
    stated = [dep for dep in stage["deps"] if dep.split("/")[0] in PACKAGES]
    assert stated == sorted(stated), "in alphabetical order"

    def covers(dep: str, file: str) -> bool:
        return file == dep or file.startswith(f"{dep}/")

    needed = code_of(module)
    if task := re.search(r"--task (\w+)", stage["cmd"]):  # its module is found by its name
        needed |= code_of(f"model.evaluation.{task[1]}")
        needed |= code_of(f"model.finetuning.{task[1]}") if module == "model.finetune" else set()
    assert not {file for file in needed if not any(covers(dep, file) for dep in stated)}, "missing"
    assert not {dep for dep in stated if not (REPOSITORY / dep).exists()}, "not there"
    python = [dep for dep in stated if any(True for _ in REPOSITORY.glob(f"{dep}/**/*.py")) or dep.endswith(".py")]
    assert not {dep for dep in python if not any(covers(dep, file) for file in needed)}, "more than it runs"


def sections_of(stage: dict) -> list[str]:
    return [key for entry in stage.get("params", []) for keys in entry.values() for key in keys]


@pytest.mark.parametrize("name", [name for name in STAGES if name.startswith(("finetune-", "evaluate-"))])
def test_a_task_depends_on_the_common_settings_and_on_those_that_its_command_reads(name):
    stage = STAGES[name].get("do", STAGES[name])
    common = re.search(r"python -m model\.(\w+)", stage["cmd"])[1]
    named, task = re.search(r"--section (\S+)", stage["cmd"]), re.search(r"--task (\w+)", stage["cmd"])
    assert sections_of(stage) == ["seed", common, named[1] if named else f"{common}-{task[1]}"]


def test_profiles_and_stages_know_the_same_sections(monkeypatch):
    assert {key for stage in STAGES.values() for key in sections_of(stage.get("do", stage))} == {"seed", *SECTIONS}
    monkeypatch.chdir(REPOSITORY)
    for path in Path("profiles").glob("*.yaml"):  # DVC takes no profile that lacks one
        assert set(load_profile(path.stem).sections) >= set(SECTIONS) - {"scenes"}


@pytest.mark.parametrize("name", ["model.pretrain", "model.finetune"])
def test_an_unfinished_training_is_known_by_the_code_that_trains_it(name):
    """By all of it; and an edit elsewhere, of evaluation for instance, does not keep it from going on."""
    contract = {"contract/codeswitching", "contract/text.py"}  # the rest of it reads and writes
    needed = {place for place in code_of(name) if place.startswith("model/")}
    tasks = REPOSITORY.glob("model/finetuning/*.py") if name == "model.finetune" else ()
    for task in tasks:  # found by their names
        needed |= {file for file in code_of(f"model.finetuning.{task.stem}") if file.startswith("model/")}
    needed = {"model/finetuning" if file.startswith("model/finetuning/") else file for file in needed}
    needed |= {place for place in contract if any(file.startswith(place) for file in code_of(name))}
    stated = import_module(name).CODE
    assert {place_of(module).relative_to(REPOSITORY).as_posix() for module in stated} == needed
    assert list(stated) == sorted(stated) and "model.evaluate" not in stated


def path_name(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)


def covered(place: Path, file: str) -> bool:
    return (REPOSITORY / file) == place or place in (REPOSITORY / file).parents


def test_a_choice_on_held_out_texts_depends_on_how_they_are_measured_too():
    """And only such a fine-tuning does: an edit of a metric leaves any other as it is."""
    evaluation = {file for path in REPOSITORY.glob("model/evaluation/*.py") for file in code_of(path_name(path))}
    stated = finetune.CODE + finetune.CHOOSING_CODE

    def is_stated(file: str) -> bool:
        return any((place := place_of(module)) and covered(place, file) for module in stated)

    assert not {file for file in evaluation if file.startswith("model/") and not is_stated(file)}
    assert list(finetune.CHOOSING_CODE) == sorted(finetune.CHOOSING_CODE)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_says_its_half_and_whether_it_computes_on_a_gpu(name):
    stage = STAGES[name].get("do", STAGES[name])
    module = re.search(r"python -m ([\w.]+)", stage["cmd"])[1]
    assert stage["meta"]["half"] in ("data", "train")
    chooses = any(
        "choose_device(" in (REPOSITORY / file).read_text() for file in code_of(module) - {"contract/device.py"}
    )
    assert stage["meta"].get("gpu", False) == chooses


def test_no_stage_of_the_data_half_reads_what_training_makes():
    stages = {name: stage.get("do", stage) for name, stage in STAGES.items()}

    def paths(name: str, *keys: str) -> set[str]:
        found = (one for key in keys for one in stages[name].get(key, ()))
        names = (one if isinstance(one, str) else next(iter(one)) for one in found)
        return {re.sub(r"\$\{item(\.\w+)?\}", "*", path) for path in names}

    data = [name for name, stage in stages.items() if stage["meta"]["half"] == "data"]
    trained = {path for name in set(stages) - set(data) for path in paths(name, "outs", "metrics", "plots")}
    assert not {path for name in data for path in paths(name, "deps")} & trained
