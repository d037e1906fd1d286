"""The benchmarks still run, on little; what they measure is read by people."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def run(script, *given):
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, str(REPOSITORY / "benchmarks" / script), *map(str, given)]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


def test_code_switching_beside_the_published_loop(tmp_path):
    (tmp_path / "en-de.txt.gz").write_bytes(gzip.compress(b"dog hund\nman mann\nman mensch\nhotel hotel\n"))
    captions = tmp_path / "captions.gz"
    captions.write_bytes(gzip.compress(b"a man and his dog\na dog\n" * 30))
    done = run("codeswitch.py", "--captions", captions, "--dictionaries", tmp_path, "--rounds", 1)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "1 variant(s), stage beside loop, without its start" in done.stdout


@pytest.mark.parametrize(
    ("script", "given", "said"),
    [
        ("triples.py", ("--rows", "3000", "--pictures", "300", "--workers", "1"), "triples, the same from both"),
        ("texts.py", ("--sentences", "500"), "later starts"),
        ("first_screen.py", ("--shards", "20", "--rows", "10", "--rounds", "1"), "verified: "),
        ("reading.py", ("--pictures", "60", "--rounds", "1"), "times the published layout"),
        (
            "pretraining.py",
            ("--layers", "1", "--width", "32", "--batch", "2", "--batches", "1", "--rounds", "1"),
            "all four, as often each",
        ),
        (
            "regions.py",
            ("--architecture", "fasterrcnn_mobilenet_v3_large_320_fpn", "--pictures", "8", "--rounds", "1"),
            "beside the fastest loop",
        ),
        (
            "retrieval.py",
            ("--captions", "6", "--pictures", "8", "--beside", "2", "--rounds", "2", "--width", "32", "--heads", "2"),
            "6 captions × 8 pictures",
        ),
        (
            "captioning.py",
            ("--pictures", "3", "--beam", "2", "--length", "4", "--rounds", "1", "--width", "32", "--heads", "2"),
            "3 captions are the same",
        ),
    ],
)
def test_a_benchmark_runs(script, given, said):
    done = run(script, *given)
    assert done.returncode == 0, done.stderr[-2000:]
    assert said in done.stdout
