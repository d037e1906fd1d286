"""The stage `codeswitch`, files to Parquet, beside the published code's loop over strings in memory.

    python benchmarks/codeswitch.py --captions train.1.en.gz … --dictionaries DIR --rounds 3

The captions are lines of text, the dictionaries MUSE's; without them captions are drawn from the words of the project's
own dictionaries. Pairs of equal words are in the loop's dictionaries and not in the stage's lexicon. The loop is timed
alone, with captions and dictionaries in memory. Of the stage two times are taken: that of the whole command, and that
without its start, which is the same command over a few captions (it starts Python and Beam and loads the lexicon). With
one worker the stage has one processor core; memory is measured in a run of its own.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from parts.datasets import write_dataset
from parts.measured import measured
from parts.published_switching import Words, loop_seconds, read_muse

from contract.hashing import shard_of
from contract.schemas import CAPTIONS

SHARDS, FEW, DRAWN = 4, 40, 145_000
OWN = Path(__file__).parents[1] / "dictionaries"


def write_captions(folder: Path, captions: list[str]) -> None:
    """The dataset `captions`, each caption with a picture of its own."""
    members: list[list[int]] = [[] for _ in range(SHARDS)]
    for number in range(len(captions)):
        members[shard_of(_picture(number), SHARDS)].append(number)

    def batches() -> Iterator[pa.RecordBatch]:
        for of_shard in members:
            columns = {
                "caption_id": [f"{_picture(number)}#0" for number in of_shard],
                "image_id": [_picture(number) for number in of_shard], "lang": ["en"] * len(of_shard),
                "text": [captions[number] for number in of_shard], "split": ["train"] * len(of_shard),
            }  # fmt: skip
            yield pa.RecordBatch.from_pydict(columns, schema=CAPTIONS.arrow)

    write_dataset(folder, CAPTIONS, SHARDS, batches())


def drawn_captions(words: list[str]) -> list[str]:
    """Captions of eleven words, as many as are drawn where none are given."""
    draw = np.random.default_rng(7)
    return [" a ".join(drawn) for drawn in draw.choice(np.array(words, object), (DRAWN, 6)).tolist()]


def _picture(number: int) -> str:
    return f"picture-{number:07d}"


def given_to_stage(captions: Path, lexicon: Path, out: Path, variants: int, workers: int) -> list[str]:
    """The stage's command line, after its module's name."""
    options = {"captions": captions, "lexicon": lexicon, "out": out, "variants": variants, "workers": workers}
    return [str(part) for name, value in options.items() for part in (f"--{name}", value)]


def stage_seconds(*given: Any) -> float:
    """Seconds of the whole command on as many cores as it has workers, which are its last argument."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[: given[-1]])  # its processes inherit it
    start = time.perf_counter()
    command = [sys.executable, "-m", "pipelines.codeswitch", *given_to_stage(*given)]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    finally:
        os.sched_setaffinity(0, cores)
    return time.perf_counter() - start


def main() -> None:
    """Prints variants a second and the ratios, medians of several rounds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--captions", type=Path, nargs="*", default=[], help="files of one caption a line, gzip")
    parser.add_argument("--dictionaries", type=Path, default=OWN, help="folder of MUSE dictionaries")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    captions = [line for path in given.captions for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    words = read_muse(sorted(given.dictionaries.glob("*.txt*")))
    captions = captions or drawn_captions(sorted(words))
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        root = Path(name)
        write_captions(root / "captions", captions)
        write_captions(root / "few", captions[:FEW])
        seconds, memory = measured(
            "pipelines.lexicon", "--dictionaries", given.dictionaries, "--out", root / "lexicon", "--workers", 1
        )
        print(f"{len(captions):,} captions; the lexicon was made in {seconds:.1f} s with {memory:,.0f} MB", flush=True)
        first = stage_seconds(root / "few", root / "lexicon", root / "few-switched", 1, 1)
        print(f"the first run of this copy compiles: {first:.1f} s, which are in no figure below", flush=True)
        for variants in (8, 1):
            rounds = [_round(root, captions, words, variants) for _ in range(given.rounds)]
            for what in rounds[0]:
                print(
                    f"{variants} variant(s), {what}: {statistics.median(one[what] for one in rounds):,.2f}", flush=True
                )


def _round(root: Path, captions: list[str], words: Words, variants: int) -> dict[str, float]:
    number, lexicon = len(captions) * variants, root / "lexicon"
    loop = loop_seconds(captions, words, variants)
    seconds, starts, memory = {}, {}, {}
    for workers in (1, 2):
        seconds[workers] = stage_seconds(root / "captions", lexicon, root / "switched", variants, workers)
        starts[workers] = stage_seconds(root / "few", lexicon, root / "few-switched", variants, workers)
        given = given_to_stage(root / "captions", lexicon, root / "measured", variants, workers)
        _, memory[workers] = measured("pipelines.codeswitch", *given)
        shutil.rmtree(root / "measured")
    work = {workers: seconds[workers] - starts[workers] for workers in seconds}
    return {
        "loop, variants/s": number / loop,
        "stage with 1 worker, variants/s": number / seconds[1],
        "stage with 1 worker without its start, variants/s": number / work[1],
        "stage beside loop, whole command": loop / seconds[1],
        "stage beside loop, without its start": loop / work[1],
        "2 workers beside 1, whole command": seconds[1] / seconds[2],
        "2 workers beside 1, without their starts": work[1] / work[2],
        "peak memory with 1 worker, MB": memory[1],
        "peak memory with 2 workers, MB": memory[2],
    }


if __name__ == "__main__":
    main()
