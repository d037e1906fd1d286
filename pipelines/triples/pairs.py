"""The command that writes the pairs which step 4 will look at, for a pre-trained checkpoint to score.

python -m pipelines.triples.pairs --log data/P/raw/log --images data/P/images --captions data/P/captions
    --regions data/P/regions --detector data/P/detector --lexicon data/P/lexicon --out data/P/pairs
    --params profiles/P.yaml
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from contract.command import Call, run_stage
from contract.manifest import dataset_of
from contract.schemas import PAIRS
from pipelines.sharded import Tally
from pipelines.triples.arrow_files import read_table
from pipelines.triples.candidates import CANDIDATES_FILE, EXAMPLES_FILE
from pipelines.triples.stage import PATHS, Config


class PairsProcess:
    """The pairs of one shard: those that passed steps 1 to 3, and those that the relevance model learns from.

    Args:
        folders: the second pass's, by shard.
    """

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders

    def setup(self) -> None:
        """Nothing is needed."""

    def shard(self, index: int, tally: Tally) -> Iterator[pa.RecordBatch]:
        """Yields them once each, in their order."""
        names = PAIRS.arrow.names
        tables = [read_table(self._folders[index] / name).select(names) for name in (CANDIDATES_FILE, EXAMPLES_FILE)]
        pairs = pa.concat_tables(tables).group_by(names).aggregate([])
        pairs = pairs.sort_by([(name, "ascending") for name in PAIRS.key]).select(names).cast(PAIRS.arrow)
        tally.rows_in += len(pairs)
        yield from pairs.to_batches()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: the stage's own options; returns the exit code."""
    out = replace(PATHS[-1], help="where the dataset of pairs is written", replaces=dataset_of("pairs"))
    about = "The pairs of queries and pictures that step 4 looks at, for model.match to score."
    return run_stage("triples", Config, (*PATHS[:-1], out), _run, about, arguments)


def _run(call: Call[Config]) -> None:
    from pipelines.triples.job import TriplesJob

    TriplesJob(call).write_pairs()


if __name__ == "__main__":
    sys.exit(main())
