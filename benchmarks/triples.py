"""The stage `triples` over a generated click log, beside the same steps in a plain pandas script, and ten times less.

    python benchmarks/triples.py --rows 5000000 --pictures 200000

Both get the same relevance model, so that neither trains one, and must come to the same triples.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from parts.click_log import write_world
from parts.measured import measured

from contract.dataset import Dataset
from pipelines.triples.pair_features import FEATURES

ROOT = Path(__file__).parent.parent
UNLIMITED = '{"train": {}}'


def stage(world: Path, model: Path, out: Path, workers: int) -> tuple[float, float]:
    """Seconds, and the peak of memory in MB."""
    folders = ("log", "images", "captions", "regions", "detector", "lexicon")
    paths = [part for name in folders for part in (f"--{name}", world / name)]
    return measured(
        "pipelines.triples", *paths, "--out", out, "--relevance-model", model, "--quotas", UNLIMITED,
        "--no-sensitive-images", "--workers", workers,
    )  # fmt: skip


def make_world(root: Path, pictures: int, rows: int) -> Path:
    write_world(root, pictures, rows)
    subprocess.run(
        [sys.executable, "-m", "pipelines.lexicon", "--dictionaries", ROOT / "dictionaries", "--out", root / "lexicon"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return root


def write_model(path: Path) -> Path:
    """A relevance model for which named classes speak, and a little the number of words."""
    weights = {"named_mean": 4.0, "words": 0.1}
    model = {
        "features": FEATURES, "means": [0.0] * len(FEATURES), "scales": [1.0] * len(FEATURES),
        "weights": [weights.get(name, 0.0) for name in FEATURES], "intercept": -1.0,
    }  # fmt: skip
    path.write_text(json.dumps(model))
    return path


def check_equal(ours: Path, theirs: Path) -> int:
    columns = ["image_id", "query_id", "lang", "query", "context", "relevance", "rank", "clicks", "split"]
    left, right = (
        table[columns].sort_values(["image_id", "query_id"], ignore_index=True)
        for table in (Dataset(ours, "triples").table().to_pandas(), pd.read_parquet(theirs))
    )
    pd.testing.assert_frame_equal(left, right, check_dtype=False)
    return len(left)


def main() -> None:
    """Prints speeds, memory, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--pictures", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        root = Path(name)
        model = write_model(root / "model.json")
        (root / "all").mkdir()
        (root / "tenth").mkdir()
        large = make_world(root / "all", given.pictures, given.rows)
        small = make_world(root / "tenth", given.pictures, given.rows // 10)
        for _ in range(given.rounds):
            few, _ = stage(small, model, root / "few", given.workers)
            seconds, memory = stage(large, model, root / "ours", given.workers)
            plain, plain_memory = measured(
                str(ROOT / "benchmarks" / "parts" / "triples_in_pandas.py"), large, model, root / "theirs.parquet"
            )
            triples = check_equal(root / "ours", root / "theirs.parquet")
            print(f"{given.rows:,} rows, {given.pictures:,} pictures: {triples:,} triples, the same from both")
            print(
                f"stage, {given.workers} workers: {seconds:.1f} s, {given.rows / seconds:,.0f} rows/s, {memory:,.0f} MB"
            )
            print(f"pandas, one process: {plain:.1f} s, {given.rows / plain:,.0f} rows/s, {plain_memory:,.0f} MB")
            print(f"stage beside pandas: {plain / seconds:.2f} times as fast")
            print(f"ten times the rows: {seconds / few:.2f} times the time", flush=True)


if __name__ == "__main__":
    main()
