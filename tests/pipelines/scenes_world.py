"""A small embedded world for the tests of the stage ``scenes``, drawn as a user draws it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent.parent
SIZES = {"train": 8, "val": 3, "test": 4}
SEED = 7
SETTINGS = {
    "train-images": 8, "val-images": 3, "test-images": 4, "log-images": 8, "log-rows": 700, "relevance-labels": 20,
    "image-labels": 5, "sentences-english": 60, "sentences": 30, "headlines": 15,
}  # fmt: skip


def draw_world(
    out: Path, workers: int = 1, dictionaries: str = "dictionaries", **changes: Any
) -> subprocess.CompletedProcess[str]:
    settings = SETTINGS | {name.replace("_", "-"): value for name, value in changes.items()}
    given = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    command = [
        sys.executable, "-m", "pipelines.scenes", "--dictionaries", dictionaries, "--out", str(out),
        "--seed", str(SEED), "--workers", str(workers), *given,
    ]  # fmt: skip
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def files_of(raw: Path) -> dict[str, bytes]:
    return {path.relative_to(raw).as_posix(): path.read_bytes() for path in raw.rglob("*") if path.is_file()}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def lines(path: Path) -> list[str]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return content.decode().split("\n")[:-1]
