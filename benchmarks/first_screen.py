"""How long `m3p inspect` takes to its first screen, and `--verify` to its verdict, over a folder of many shards.

    python benchmarks/first_screen.py --shards 2000 --rows 50

Writes captions, each in the shard of its picture, and runs the command as a user does, start of Python included.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from parts.datasets import write_dataset

from contract.hashing import shard_of
from contract.schemas import CAPTIONS

REPOSITORY = Path(__file__).parents[1]
COMMAND = "import sys; from flows.cli import run_command; sys.exit(run_command(sys.argv[1:]))"


def batches(shards: int, rows: int) -> Iterator[pa.RecordBatch]:
    """A shard's captions at a time, five a picture."""
    images: list[list[str]] = [[] for _ in range(shards)]
    for number in range(shards * rows // 5):
        name = f"picture-{number:08d}"
        images[shard_of(name, shards)].append(name)
    for names in images:
        yield pa.RecordBatch.from_pylist(
            [
                {"caption_id": f"{name}#{number}", "image_id": name, "lang": ("en", "de")[number % 2],
                 "text": f"Caption {number} of {name} says what is to be seen.", "split": "train"}
                for name in sorted(names) for number in range(5)
            ],
            schema=CAPTIONS.arrow,
        )  # fmt: skip


def seconds(*given: object) -> float:
    """Of one run of the command."""
    start = time.perf_counter()
    command = [sys.executable, "-c", COMMAND, "inspect", *map(str, given)]
    subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=2000, help="files (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=50, help="captions a file, on average (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="runs, of which the fastest counts (default: %(default)s)"
    )
    given = parser.parse_args()
    with TemporaryDirectory() as root:
        folder = Path(root) / "captions"
        pictures = given.shards * given.rows // 5
        languages = {"en": {"train": 3 * pictures}, "de": {"train": 2 * pictures}}
        rows = batches(given.shards, given.rows)
        write_dataset(folder, CAPTIONS, given.shards, rows, {"languages": languages})
        bytes_ = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{given.shards:,} shards, {given.shards * given.rows:,} captions, {bytes_ / 1e6:,.0f} MB")
        for name, options in (("first screen", ()), ("page", ("--html", Path(root) / "page.html")),
                              ("all rows counted", ("--full",)), ("verified", ("--verify",))):  # fmt: skip
            print(f"{name}: {min(seconds(folder, *options) for _ in range(given.rounds)):.2f} s")


if __name__ == "__main__":
    main()
