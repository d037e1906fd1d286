"""What the tests of lexicon and code-switching share: small datasets, written as the stages would find them."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa

from contract.codeswitching.lexicon import Lexicon
from contract.dataset import Dataset
from contract.hashing import shard_of
from contract.manifest import Manifest
from contract.rejects import Reject
from contract.schemas import REJECTS, SCHEMAS
from contract.shards import ShardWriter, shard_name
from contract.workfolder import merge_statistics
from pipelines.codeswitch.stage import CodeswitchShards
from pipelines.codeswitch.stage import Config as CodeswitchConfig
from pipelines.codeswitch.stage import main as codeswitch
from pipelines.lexicon.stage import Config as LexiconConfig
from pipelines.lexicon.stage import main as lexicon
from pipelines.lexicon.stage import prepare
from pipelines.sharded import Tally

ENTRIES = {
    ("a", "de"): ["ein", "eine"],
    ("boy", "de"): ["junge"],
    ("boy", "fr"): ["garçon"],
    ("dog", "de"): ["hund"],
    ("dog", "fr"): ["chien", "chienne"],
    ("dog", "ru"): ["собака"],
    ("dogs", "ru"): ["собаки"],
    ("hot dog", "de"): ["würstchen"],
    ("run", "fr"): ["courir"],
    ("t-shirt", "de"): ["leibchen"],
}


def table_of(entries, scores=None) -> pa.Table:
    """A lexicon's table from {(source, lang): targets}, and scores likewise."""
    rows = [
        {"source": key[0], "lang": key[1], "targets": targets, "scores": (scores or {}).get(key)}
        for key, targets in sorted(entries.items())
    ]
    columns = [SCHEMAS["lexicon"].arrow.field(name) for name in ("source", "lang", "targets", "scores")]
    return pa.Table.from_pylist(rows, pa.schema(columns))


def lexicon_of(entries=None, languages=()) -> Lexicon:
    """A lexicon in memory."""
    return Lexicon(table_of(ENTRIES if entries is None else entries), languages)


def write_dataset(folder: Path, name: str, rows: list[dict], shards: int) -> Path:
    """A finished dataset."""
    schema = SCHEMAS[name]
    parts = [[row for row in rows if shard_of(row[schema.shard_key], shards) == index] for index in range(shards)]
    records = []
    for index, part in enumerate(parts):
        with ShardWriter(folder, shard_name(index, shards), schema) as writer:
            writer.write(sorted(part, key=lambda row: tuple(row[key] for key in schema.key)))
        records.append(writer.shard())
    Manifest(name, schema.version, "test", {}, 0, {}, records, [], len(rows), len(rows), {}).write(folder)
    return folder


def write_captions(folder: Path, texts: list[str], shards: int = 2, lang: str = "en") -> Path:
    """A captions dataset, one caption a picture."""
    rows = [
        {"caption_id": f"c{i}", "image_id": f"i{i}", "lang": lang, "text": text, "split": "train"}
        for i, text in enumerate(texts)
    ]
    return write_dataset(folder, "captions", rows, shards)


def write_lexicon(folder: Path, entries=None) -> Path:
    """A lexicon dataset."""
    entries = ENTRIES if entries is None else entries
    rows = [
        {"source": source, "lang": lang, "targets": sorted(targets), "origins": ["test.txt"], "scores": None}
        for (source, lang), targets in entries.items()
    ]
    return write_dataset(folder, "lexicon", rows, 2)


def dictionaries(folder: Path, **files: bytes | str) -> Path:
    """A folder of dictionary files; ``__`` in a name stands for a dot and ``_`` for a hyphen."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        name = name.replace("__", ".").replace("_", "-")
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return folder


class Made:
    """What a stage's shards yield, made in this process, without Beam around them."""

    def __init__(self, process, shards: int) -> None:
        self.rows, self.rejects, tallies = [], [], []
        process.setup()
        for index in range(shards):
            tally = Tally()
            for item in process.shard(index, tally):
                if isinstance(item, Reject):
                    self.rejects.append(item)
                elif isinstance(item, pa.RecordBatch) and item.schema == REJECTS.arrow:
                    self.rejects += [Reject(**row) for row in item.to_pylist()]
                else:
                    self.rows += item.to_pylist() if isinstance(item, pa.RecordBatch) else [item]
            tallies.append(tally)
        self.rows_in = sum(tally.rows_in for tally in tallies)
        self.statistics = merge_statistics([tally.statistics for tally in tallies])
        self.rejected = dict(sorted(Counter(reject.reason for reject in self.rejects).items()))
        assert self.rows_in == len(self.rows) + len(self.rejects)


def make_lexicon(folder: Path, **settings) -> Made:
    """The shards of the stage ``lexicon``."""
    config = LexiconConfig(**settings)
    return Made(prepare(folder, config), config.shards)


def make_codeswitch(captions: Path, lexicon_folder: Path, seed: int = 7, **settings) -> Made:
    """The shards of the stage ``codeswitch``."""
    process = CodeswitchShards(captions, lexicon_folder, CodeswitchConfig(**settings), seed)
    return Made(process, Dataset(captions, "captions").num_shards)


def run_lexicon(folder: Path, out: Path, *options: str) -> int:
    """The stage ``lexicon`` as a user runs it, Beam and all."""
    return lexicon(["--dictionaries", str(folder), "--out", str(out), "--workers", "1", *options])


def run_codeswitch(captions: Path, lexicon_folder: Path, out: Path, *options: str) -> int:
    """The stage ``codeswitch`` as a user runs it, Beam and all."""
    paths = ["--captions", str(captions), "--lexicon", str(lexicon_folder), "--out", str(out)]
    return codeswitch([*paths, "--workers", "1", *options])


def hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every file of a dataset, as its manifest states them."""
    manifest = json.loads((folder / "_manifest.json").read_text())
    return {shard["path"]: shard["sha256"] for shard in manifest["shards"] + manifest["rejects"]}
