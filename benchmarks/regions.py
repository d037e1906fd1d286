"""The stage `regions`, files to Parquet, beside the bare detector over decoded pictures in memory.

    python benchmarks/regions.py --pictures 300 --rounds 3

Both see the same pictures in batches of the same size, with the same number of processor cores. The loop runs as a
script would, in one process and in as many as there are cores, and once more with the stage's own settings of the C
library's memory, of which a script knows nothing. The stage starts, reads, decodes, chooses regions and writes; the
loop does nothing but call the network once all is loaded. So the ratio rises with the number of pictures.
Where there is a GPU, the stage is also compared with a loop over one picture at a time, each decoded and its regions
chosen as its turn comes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image

from contract.dataset import Dataset
from contract.detector import DetectorSpec, build, write_detector
from contract.pictures import PictureStore
from pipelines.regions.choice import Choice
from pipelines.regions.finding import find, open_detector
from pipelines.regions.stage import KEPT_MEMORY

BATCH = 8
CHOICE = Choice(1, 100, 0.2, 0.3)
CLASSES = tuple(f"class {number}" for number in range(90))


def draw_pictures(folder: Path, count: int) -> None:
    """Writes JPEG files of a photograph's size and detail, upright and lying."""
    folder.mkdir(parents=True)
    for number in range(count):
        draw = np.random.default_rng(number)
        coarse = Image.fromarray(draw.integers(0, 256, (12, 16, 3), np.uint8))
        size = (640, 480) if number % 3 else (480, 640)
        coarse.resize(size, Image.Resampling.BICUBIC).save(folder / f"{number:05d}.jpg", quality=90)


def make_images(root: Path, count: int) -> Path:
    """The dataset `images` of such pictures."""
    draw_pictures(root / "raw" / "images", count)
    captions = root / "raw" / "captions"
    captions.mkdir()
    (captions / "captions_train.json").write_text('{"images": [], "annotations": []}')
    run("pipelines.ingest", layout="coco", raw=root / "raw", images=root / "images", captions=root / "captions")
    return root / "images"


def run(module: str, **options: object) -> None:
    """Runs a stage's command line."""
    given = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    subprocess.run([sys.executable, "-m", module, *given], check=True, stdout=subprocess.DEVNULL)


def stage_seconds(images: Path, detector: Path, out: Path, cores: int) -> float:
    """Seconds of the whole stage."""
    start = time.perf_counter()
    run("pipelines.regions", images=images, detector=detector, out=out, workers=cores, batch_size=BATCH, least=1)
    return time.perf_counter() - start


@dataclass(frozen=True, order=True)
class Loop:
    """How the detector alone runs."""

    processes: int
    threads: int
    environment: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        kept = " that keep memory" if self.environment else ""
        return f"bare loop in {self.processes} x {self.threads} threads{kept}"


def loop_seconds(images: Path, detector: Path, loop: Loop) -> float:
    """Seconds of the detector alone over decoded pictures, spread over processes that have all loaded before."""
    processes, threads = loop.processes, loop.threads
    context = multiprocessing.get_context("spawn")
    ready, seconds = context.Barrier(processes), context.Queue()
    given = [(images, detector, number, processes, threads, ready, seconds) for number in range(processes)]
    running = [context.Process(target=_loop, args=arguments) for arguments in given]
    with patch.dict(os.environ, loop.environment):
        for process in running:
            process.start()
    slowest = max(seconds.get() for _ in running)
    for process in running:
        process.join()
    return slowest


@torch.inference_mode()
def _loop(
    images: Path, detector: Path, number: int, processes: int, threads: int, ready: Barrier, seconds: Queue[float]
) -> None:
    """One process of the loop, over its share of the pictures sorted by aspect ratio."""
    torch.set_num_threads(threads)
    network, store = open_detector(detector, "box_head", "auto"), PictureStore(images)
    uris = [row["uri"] for row in Dataset(images, "images").rows(["uri"])][number::processes]
    pictures = sorted(
        (np.array(store.read(uri)) for uri in uris), key=lambda picture: picture.shape[0] / picture.shape[1]
    )
    network.propose(pictures[:BATCH])
    ready.wait()
    start = time.perf_counter()
    for first in range(0, len(pictures), BATCH):
        network.propose(pictures[first : first + BATCH])
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    seconds.put(time.perf_counter() - start)


def one_by_one_seconds(images: Path, detector: Path) -> float:
    """Seconds of decoding and detecting one picture after the other, as scripts do it."""
    network, store = open_detector(detector, "box_head", "auto"), PictureStore(images)
    uris = [row["uri"] for row in Dataset(images, "images").rows(["uri"])]
    find(network, [np.array(store.read(uris[0]))], CHOICE)
    start = time.perf_counter()
    for uri in uris:
        find(network, [np.array(store.read(uri))], CHOICE)
    return time.perf_counter() - start


def main() -> None:
    """Prints both speeds and their ratio, the median of several rounds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--cores", type=int, default=cores, help="processes of the stage, threads of the loop")
    parser.add_argument("--architecture", default="fasterrcnn_resnet50_fpn")
    parser.add_argument("--side", type=int, default=320, help="px of a picture's shorter side in the network")
    given = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])  # the stage's processes inherit it
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        root = Path(name)
        images = make_images(root, given.pictures)
        torch.manual_seed(0)
        spec = DetectorSpec(given.architecture, CLASSES, given.side, 2 * given.side)
        write_detector(root / "detector", spec, build(spec))
        script, same, single = [], [], []
        loops = {Loop(1, given.cores)}
        if not torch.cuda.is_available():
            loops |= {Loop(given.cores, 1), Loop(given.cores, 1, tuple(KEPT_MEMORY.items()))}
        for _ in range(given.rounds):
            seconds = {loop: loop_seconds(images, root / "detector", loop) for loop in sorted(loops)}
            stage = stage_seconds(images, root / "detector", root / "regions", given.cores)
            script.append(min(one for loop, one in seconds.items() if not loop.environment) / stage)
            same.append(min(seconds.values()) / stage)
            said = ", ".join(f"{loop} {given.pictures / one:.2f}" for loop, one in seconds.items())
            print(
                f"{given.architecture}, {given.cores} core(s), pictures/s: stage {given.pictures / stage:.2f}, {said}; "
                f"stage beside the fastest script {script[-1]:.3f}, beside the fastest loop {same[-1]:.3f}",
                flush=True,
            )
            if torch.cuda.is_available():
                single.append(one_by_one_seconds(images, root / "detector") / stage)
        print(
            f"medians of {given.rounds}: beside the fastest script {statistics.median(script):.3f}, "
            f"beside the fastest loop {statistics.median(same):.3f}"
        )
        if single:
            print(f"stage beside one picture at a time: {statistics.median(single):.2f} times as fast")


if __name__ == "__main__":
    main()
