"""A command whose reader goes away, as `head` does, ends without a word and as other tools do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from project import make_project

from flows.cli import CUT_OFF

FIRST_LINE, NOTHING, ALL = '(read -r line; echo "$line")', "true", "cat"


def piped(folder: Path, command: str, reader: str) -> tuple[str, str, int]:
    """What a reader takes of a command's output, what the command says on standard error, and its exit status."""
    script = f'"$M3P" {command} | {reader}; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"M3P": str(Path(sys.executable).with_name("m3p"))},
    )  # fmt: skip
    return done.stdout, done.stderr, done.returncode


COMMANDS = [
    "inspect captions",
    "inspect captions --json",
    "inspect captions --verify",
    "diff captions captions",
    "--help",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_it_ends_quietly_where_nobody_reads(command, whole):
    assert piped(whole, command, NOTHING) == ("", "", CUT_OFF)


def test_it_ends_quietly_where_nobody_reads_on(whole, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    out, said, code = piped(whole, "inspect captions", FIRST_LINE)
    assert out.startswith("captions 1.0 in captions") and out.count("\n") == 1
    assert (said, code) == ("", CUT_OFF)


def test_a_plan_and_an_error_too(tmp_path):
    project = make_project(tmp_path / "project")
    assert piped(project, "run --profile demo --dry-run", NOTHING) == ("", "", CUT_OFF)
    assert piped(project, "inspect nothing-here 2>&1", NOTHING) == ("", "", CUT_OFF)


def test_a_reader_of_all_of_it_changes_nothing(whole):
    out, said, code = piped(whole, "inspect captions", ALL)
    assert "caption_orphan" in out and (said, code) == ("", 0)
    assert piped(whole, "inspect nothing-here", ALL)[2] == 2
