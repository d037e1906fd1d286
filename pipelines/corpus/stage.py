"""The stage ``corpus``: plain text by language in, clean and unique sentences with smoothed languages out."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial

from contract.command import Call, PathOption, run_stage
from contract.manifest import dataset_of
from pipelines.corpus.settings import Config

__all__ = ["Config", "main", "run"]

_PATHS = (
    PathOption("text", "folder of <lang>.txt or <lang>.txt.gz, one sentence a line; it may be empty"),
    PathOption("out", "where the dataset goes", replaces=dataset_of("corpus")),
)
_CODE = ("contract.files", "contract.lines", "contract.text", "pipelines.corpus", "pipelines.sharded")


def run(call: Call[Config]) -> None:
    """Reads the text piece by piece, then writes one of each sentence.

    Raises:
        InputError: where the folder is missing, or a file's name gives no language.
    """
    from contract.config import as_parameters
    from contract.files import identities
    from contract.hashing import fingerprint_of_code
    from contract.workfolder import WorkFolder
    from pipelines.corpus.pieces import pieces_of
    from pipelines.corpus.sentences import SentencesProcess, plan_budget, summarise
    from pipelines.corpus.spill import SPILL, SpillProcess
    from pipelines.sharded import Job, run_sharded, run_shards

    config, text, out = call.config, call.path("text"), call.path("out")
    pieces = pieces_of(text, config.languages, config.piece_megabytes << 20)
    if not pieces:
        print(f"corpus: {text} holds no text; the dataset will be empty, and pre-training goes without plain text.")
    work = WorkFolder(out.parent / "corpus-spill", {
        "code": fingerprint_of_code(_CODE), "parameters": as_parameters(config), "text": identities(text),
    })  # fmt: skip
    records = run_shards("corpus: reading", SPILL, len(pieces), work, SpillProcess(text, config), call.workers)
    tables = tuple(work.files / record.shard.path for record in records)
    seal = work.path / "spill.json"
    seal.write_text(json.dumps([asdict(record.shard) for record in records]))
    run_sharded(
        Job("corpus", "corpus", out, config.shards, config, call.seed, {"text": seal}, _CODE),
        SentencesProcess(tables, config, call.seed, plan_budget(tables, config)), call.workers,
        sum(record.rows_in for record in records), partial(summarise, alpha=config.alpha),
    )  # fmt: skip
    work.discard()


def main() -> int:
    """The command line."""
    return run_stage("corpus", Config, _PATHS, run, "Plain text by language, as the dataset corpus.")
