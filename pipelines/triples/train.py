"""The command that trains one of the stage's two models alone, for several logs or for a look at how good it is.

python -m pipelines.triples.train relevance --log data/P/raw/log --images data/P/images --captions data/P/captions
    --regions data/P/regions --detector data/P/detector --lexicon data/P/lexicon --out data/P/relevance.json
    --params profiles/P.yaml
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from contract.command import Call, run_stage
from contract.errors import InputError, UsageError
from contract.outputs import METRICS
from pipelines.triples.stage import PATHS, Config

MODELS = {"relevance": "relevance_labels.jsonl", "reliability": "image_labels.jsonl"}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: a model's name, and then the stage's own options; returns the exit code."""
    name, *given = sys.argv[1:] if arguments is None else arguments or [""]
    asked = name in ("", "-h", "--help")
    out = replace(PATHS[-1], help="JSON file for the model and how good it is", replaces=METRICS)

    def run(call: Call[Config]) -> None:
        if name not in MODELS:
            raise UsageError(f"There is no model {name!r}.", f"{' or '.join(MODELS)} as the first argument.")
        _train(name, call)

    about = f"Trains a model of the stage triples: {' or '.join(MODELS)}, which is the first argument."
    return run_stage("triples", Config, (*PATHS[:-1], out), run, about, ["--help"] if asked else given)


def _train(name: str, call: Call[Config]) -> None:
    from pipelines.triples.job import TriplesJob

    job = TriplesJob(call)
    model, said = job.train_relevance() if name == "relevance" else job.train_reliability()
    if model is None:
        raise InputError(
            f"{call.path('log')} has too few examples of either kind to train {name} ({said}).",
            f"more rows of both labels in {MODELS[name]}.",
        )
    said = {"task": name, **said, "model": model.as_json()}
    call.path("out").write_text(json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
