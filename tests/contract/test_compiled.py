"""Compiled code is kept between processes, and never outlives the source of what it calls."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CALLED = """\
from contract.codeswitching.compiled import compiled

@compiled
def called(value):
    return value + {}
"""
CALLER = """\
from contract.codeswitching.called import called
from contract.codeswitching.compiled import compiled

@compiled
def caller(value):
    return 10 * called(value)
"""
CALL = "from contract.codeswitching.caller import caller; print(caller(1), sum(caller.stats.cache_hits.values()))"


@pytest.fixture
def package(tmp_path):
    """A copy of the package with two modules of its own, one of which calls the other's compiled function."""
    shutil.copytree(
        Path(__file__).parents[2] / "contract", tmp_path / "contract", ignore=shutil.ignore_patterns("__pycache__")
    )
    folder = tmp_path / "contract" / "codeswitching"
    (folder / "called.py").write_text(CALLED.format(1))
    (folder / "caller.py").write_text(CALLER)
    return folder


def answer(package, **environment):
    """What the function says, and how often its code was found compiled."""
    result = subprocess.run(
        [sys.executable, "-c", CALL], cwd=package.parents[1], text=True, capture_output=True, check=True,
        env=os.environ | {"PYTHONPATH": str(package.parents[1])} | environment,
    )  # fmt: skip
    return [int(part) for part in result.stdout.split()]


def test_a_second_process_finds_what_the_first_has_compiled(package):
    assert answer(package) == [20, 0]
    assert answer(package) == [20, 1]


def test_a_change_in_another_file_is_compiled_anew(package):
    assert answer(package) == [20, 0]
    (package / "called.py").write_text(CALLED.format(4))
    assert answer(package) == [50, 0]


def test_where_nothing_can_be_written_it_works_all_the_same(package, tmp_path):
    (package / "__pycache__").write_text("a file where a folder would be")
    (tmp_path / "home").write_text("another")
    nowhere = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": "", "PYTHONDONTWRITEBYTECODE": "1"}
    assert answer(package, **nowhere) == [20, 0]
    assert answer(package, **nowhere) == [20, 0]


def test_the_users_cache_stands_in_for_the_source_folder(package, tmp_path):
    (package / "__pycache__").write_text("a file where a folder would be")
    users = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    assert answer(package, **users) == [20, 0]
    assert answer(package, **users) == [20, 1]


def test_a_user_without_a_home_needs_none(package):
    (package / "__pycache__").write_text("a file where a folder would be")
    environment = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_CACHE_HOME")}
    unknown = "import pwd; pwd.getpwuid = {}.__getitem__; "  # as in a container that runs under any number
    result = subprocess.run(
        [sys.executable, "-c", unknown + CALL], cwd=package.parents[1], text=True, capture_output=True, check=False,
        env=environment | {"PYTHONPATH": str(package.parents[1])},
    )  # fmt: skip
    assert result.stdout.split() == ["20", "0"], result.stderr
