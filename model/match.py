"""How well a pre-trained checkpoint finds queries and pictures to match: a feature of MILD's relevance model.

python -m model.match --checkpoint data/P/checkpoints/understanding-mct --pairs data/P/pairs --regions data/P/regions
    --out data/P/matching
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from contract.card import write_finished
from contract.command import Call, PathOption, run_stage
from contract.config import check_choice, check_range, option
from contract.dataset import Dataset
from contract.device import DEVICES, choose_device
from contract.errors import UsageError
from contract.hashing import fingerprint
from contract.manifest import Manifest, dataset_of
from contract.outputs import written_beside
from contract.progress import progress
from contract.schemas import MATCHING, REJECTS
from contract.shards import REJECTS_FOLDER, ShardWriter, shard_name
from model import checkpoint
from model.data import encode, pad
from model.network import UnderstandingNetwork
from model.regions import RegionStore
from model.task_data import read_regions
from model.tokenizer import Tokenizer


@dataclass(frozen=True)
class MatchConfig:
    """The profile's section ``match``."""

    batch_size: int = option(256, "pairs that the network sees at once", "pairs")
    device: str = option("auto", "auto, cpu or cuda")

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, "batch_size", 1)
        check_choice(self, "device", DEVICES)


def match(call: Call[MatchConfig]) -> None:
    """Writes the matching logit of every pair, shard by shard as the pairs lie.

    Raises:
        UsageError: where the checkpoint is of another network than the understanding one.
        InputError: where regions are not what the checkpoint needs.
    """
    loaded = checkpoint.load(call.path("checkpoint"), choose_device(call.config.device))
    if not isinstance(loaded.network, UnderstandingNetwork):
        raise UsageError(f"{call.path('checkpoint')} generates text.", "a checkpoint of the understanding network.")
    pairs, store = Dataset(call.path("pairs"), "pairs"), read_regions(call.path("regions"), loaded.network.config)
    with written_beside(call.path("out")) as out:
        shards, rejects = [], []
        for index in progress(range(pairs.num_shards), "match: shards"):
            rows = pairs.table(shard=index)
            scores = score_pairs(loaded.network, loaded.tokenizer, store, rows.to_pylist(), call.config.batch_size)
            columns = [rows.column("image_id"), rows.column("query_id"), pa.chunked_array([scores])]
            name = shard_name(index, pairs.num_shards)
            with ShardWriter(out, name, MATCHING) as writer:
                for batch in pa.table(columns, schema=MATCHING.arrow).combine_chunks().to_batches():
                    writer.write(batch)
            with ShardWriter(out, f"{REJECTS_FOLDER}/{name}", REJECTS) as rejected:
                pass
            shards.append(writer.shard())
            rejects.append(rejected.shard())
        inputs = {name: fingerprint(call.path(name)) for name in ("checkpoint", "pairs", "regions")}
        total = sum(shard.rows for shard in shards)
        manifest = Manifest(
            "matching", MATCHING.version, "match", {"batch_size": call.config.batch_size}, call.seed, inputs, shards,
            rejects, total, total, {},
        )  # fmt: skip
        write_finished(manifest, out)
    print(f"match: {total:,} pairs on {loaded.network.device}.")


@torch.inference_mode()
def score_pairs(
    network: UnderstandingNetwork,
    tokenizer: Tokenizer,
    store: RegionStore,
    pairs: Sequence[dict[str, Any]],
    batch_size: int,
) -> np.ndarray:
    """Matching logits of pairs, float32 [n]; the least of all for a picture without regions.

    Args:
        network: the checkpoint's.
        tokenizer: the checkpoint's.
        store: the pictures' regions.
        pairs: rows of the dataset ``pairs``.
        batch_size: pairs at once.
    """
    longest = network.config.max_text_length
    texts = {row["query_id"]: row["query"] for row in pairs}
    tokens = {one: encode(tokenizer, text, longest) for one, text in texts.items()}
    scores = np.full(len(pairs), -np.inf, np.float32)
    known = [place for place, row in enumerate(pairs) if row["image_id"] in store.row_of]
    known.sort(key=lambda place: len(tokens[pairs[place]["query_id"]]))  # so that little is padded
    for places in _batches(known, batch_size):
        regions = store.batch([store.row_of[pairs[place]["image_id"]] for place in places])
        text = pad([tokens[pairs[place]["query_id"]] for place in places]).to(network.device)
        scores[places] = network.matching(text, regions.to(network.device)).float().cpu().numpy()
    least = scores[known].min() if known else np.float32(0)
    return np.where(np.isfinite(scores), scores, least)


def _batches(places: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(places), size):
        yield places[start : start + size]


PATHS = (
    PathOption("checkpoint", "folder of a checkpoint of the understanding network"),
    PathOption("pairs", "dataset of pairs, from pipelines.triples.pairs"),
    PathOption("regions", "dataset of regions"),
    PathOption("out", "where the dataset of matching scores goes", replaces=dataset_of("matching")),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return run_stage("match", MatchConfig, PATHS, match, "Scores pairs of queries and pictures.", arguments)


if __name__ == "__main__":
    sys.exit(main())
