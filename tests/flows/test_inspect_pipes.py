"""A named pipe in the place of a file is told by its name; nobody waits for what comes through it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHARD = "part-00001-of-00003.parquet"
# In a process of its own, which can be ended where it waits for ever.
COMMANDS = """
import json, sys
from flows.cli import run_command
for given in json.load(sys.stdin):
    print(f"{run_command(given)}", file=sys.stderr)
"""


def said_of(commands: list[list[str]]) -> list[tuple[int, str]]:
    """Exit code and message of commands that all fail with one line or more."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS], input=json.dumps(commands), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found, message = [], ""
    for line in done.stderr.splitlines():
        if line.isdecimal():
            found.append((int(line), message))
            message = ""
        else:
            message += line + "\n"
    return found


def with_pipe(whole: Path, to: Path, name: str) -> Path:
    shutil.copytree(whole, to)
    path = to / name
    path.unlink()
    os.mkfifo(path)
    return to


@pytest.fixture
def pipes(whole, tmp_path):
    return lambda name: with_pipe(whole, tmp_path / name.replace("/", "+"), name)


def test_verification_names_a_pipe_and_waits_for_none(pipes):
    expected = {
        f"captions/{SHARD}": ("captions", "not_parquet"),
        f"captions/_rejects/{SHARD}": ("captions", "not_parquet"),
        "captions/_README.md": ("captions", "card"),
        "images/_manifest.json": ("captions", "manifest_unreadable"),
        f"images/{SHARD}": ("captions", "foreign_key"),
        "images/_files/03.png": ("images", "picture"),
        "captions/_manifest.json": ("captions", "unfinished"),
    }
    roots = {name: pipes(name) for name in expected}
    found = said_of([["inspect", str(roots[name] / folder), "--verify"] for name, (folder, _) in expected.items()])
    for (name, (_, breach)), (code, message) in zip(expected.items(), found, strict=True):
        assert code == 1
        assert message.startswith(f"m3p: {breach}: ") and f"{roots[name] / name} is a named pipe." in message, message


def test_inspection_and_comparison_name_it_too(pipes, whole):
    root = pipes(f"captions/{SHARD}")
    folder, path = str(root / "captions"), str(root / "captions" / SHARD)
    for code, message in said_of(
        [
            ["inspect", folder],
            ["inspect", path],
            ["inspect", path, "--verify"],
            ["diff", str(whole / "captions"), folder],
        ]
    ):
        assert code == 1
        assert path in message and "is a named pipe" in message, message
