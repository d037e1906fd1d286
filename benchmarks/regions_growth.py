"""Time and memory of the stage `regions` for a number of pictures and for ten times as many.

    python benchmarks/regions_growth.py --pictures 2000

Pictures are those of benchmarks/regions.py; the detector is the small one, so that reading and writing weigh most.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
from parts.measured import measured
from regions import BATCH, CLASSES, make_images

from contract.detector import DetectorSpec, build, write_detector


def stage(images: Path, detector: Path, out: Path, workers: int) -> tuple[float, float]:
    """Seconds, and the peak of memory in MB."""
    return measured(
        "pipelines.regions", "--images", images, "--detector", detector, "--out", out, "--workers", workers,
        "--batch-size", BATCH, "--least", 1, "--features", "both",
    )  # fmt: skip


def main() -> None:
    """Prints both runs and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        root = Path(name)
        torch.manual_seed(0)
        spec = DetectorSpec("small", CLASSES, 224, 400, 256)
        write_detector(root / "detector", spec, build(spec))
        few, many = (
            stage(make_images(root / str(count), count), root / "detector", root / f"regions-{count}", given.workers)
            for count in (given.pictures, 10 * given.pictures)
        )
        for count, (seconds, megabytes) in ((given.pictures, few), (10 * given.pictures, many)):
            print(f"{count:,} pictures: {seconds:.1f} s, {megabytes:,.0f} MB at most")
        print(f"ten times the pictures: {many[0] / few[0]:.2f} times the time, {many[1] / few[1]:.3f} times the memory")


if __name__ == "__main__":
    main()
