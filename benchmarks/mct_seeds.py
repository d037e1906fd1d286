"""What MCT brings: pre-training with and without it, everything else equal, from several seeds.

    for stage in regions codeswitch tokenizer; do m3p run --profile multi30k --target $stage; done
    python benchmarks/mct_seeds.py --profile multi30k --seeds 1 2 3

Takes the datasets that a profile has made, pre-trains the understanding network twice a seed, and evaluates retrieval
without fine-tuning, by language. No picture meets a caption of another language than English in training. Another
profile's settings are tried on them with `--params`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WAYS = ("with MCT", "without")


def recall(data: Path, profile: Path, way: str, seed: int, folder: Path) -> dict[str, float]:
    """Mean recall by language of one training, in a folder of its own."""
    out = folder / f"{way}-{seed}"
    sources = ["tokenizer", "corpus", "captions", "regions", *(["codeswitch"] if way == WAYS[0] else [])]
    given = [part for name in sources for part in (f"--{name}", str(data / name))]
    settings = ["--params", str(profile)]
    _run("model.pretrain", "understanding", *given, "--out", str(out), "--seed", str(seed), *settings)
    datasets = ["--captions", str(data / "captions"), "--regions", str(data / "regions")]
    metrics = out.with_name(f"{out.name}.json")
    _run("model.evaluate", "--checkpoint", str(out), *datasets, "--out", str(metrics), *settings)
    by_language = json.loads(metrics.read_text())["protocols"]["unique"]
    return {lang: figures["mR"] for lang, figures in by_language.items()}


def _run(module: str, *given: str) -> None:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-m", module, *given], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


def main() -> None:
    """Prints a line a training, and by language mean and spread of each way and of their difference."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profile", default="demo")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--together", type=int, default=2, help="trainings at a time, one core each")
    parser.add_argument("--params", type=Path, metavar="FILE", help="settings; the profile's where not given")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where checkpoints and metrics stay")
    given = parser.parse_args()
    data, profile = Path("data") / given.profile, given.params or Path("profiles") / f"{given.profile}.yaml"
    if not (data / "codeswitch").exists():
        print(f"{data} is not made yet: m3p run --profile {given.profile} --target codeswitch, regions and tokenizer.")
        return
    found: dict[tuple[str, int], dict[str, float]] = {}
    runs = [(way, seed) for seed in given.seeds for way in WAYS]
    with tempfile.TemporaryDirectory(prefix="m3p-mct-") as name, ThreadPoolExecutor(given.together) as threads:
        folder = given.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        recalls = threads.map(lambda run: recall(data, profile, *run, folder), runs)
        for run, one in zip(runs, recalls, strict=True):
            found[run] = one
            print(f"seed {run[1]}, {run[0]}: " + ", ".join(f"{lang} {value:.1f}" for lang, value in one.items()))
            sys.stdout.flush()
    for lang in sorted(found[runs[0]]):
        columns = {way: [found[way, seed][lang] for seed in given.seeds] for way in WAYS}
        apart = [one - other for one, other in zip(*columns.values(), strict=True)]
        shown = [f"{way} {_with_spread(values)}" for way, values in (*columns.items(), ("difference", apart))]
        print(f"{lang}: {', '.join(shown)}")


def _with_spread(values: list[float]) -> str:
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


if __name__ == "__main__":
    main()
