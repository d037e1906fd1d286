"""The benchmarks still run, on little; what they measure is read by people."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("script", "given", "said"),
    [
        ("triples.py", ("--rows", "3000", "--pictures", "300", "--workers", "1"), "triples, the same from both"),
        ("reading.py", ("--pictures", "60", "--rounds", "1"), "times the published layout"),
        (
            "regions.py",
            ("--architecture", "fasterrcnn_mobilenet_v3_large_320_fpn", "--pictures", "8", "--rounds", "1"),
            "beside the fastest loop",
        ),
    ],
)
def test_a_benchmark_runs(script, given, said):
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, str(REPOSITORY / "benchmarks" / script), *given]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert said in done.stdout
