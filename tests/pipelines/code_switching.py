"""What the tests of lexicon and code-switching share: small datasets, written as the stages would find them."""

import gzip
import json
from pathlib import Path

import pyarrow as pa

from contract.codeswitching import Lexicon
from contract.hashing import shard_of
from contract.manifest import Manifest
from contract.schemas import SCHEMAS
from contract.shards import ShardWriter, shard_name
from pipelines.codeswitch.stage import main as codeswitch
from pipelines.lexicon.stage import main as lexicon

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


def table_of(entries) -> pa.Table:
    """A lexicon's table from {(source, lang): targets}."""
    rows = [{"source": s, "lang": lang, "targets": t} for (s, lang), t in sorted(entries.items())]
    return pa.Table.from_pylist(rows, pa.schema([SCHEMAS["lexicon"].arrow.field(n) for n in ("source", "lang", "targets")]))


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
        {"source": source, "lang": lang, "targets": sorted(targets), "origins": ["test.txt"]}
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


def run_lexicon(folder: Path, out: Path, *options: str) -> int:
    """The stage ``lexicon`` in this process."""
    return lexicon(["--dictionaries", str(folder), "--out", str(out), "--workers", "1", *options])


def run_codeswitch(captions: Path, lexicon_folder: Path, out: Path, *options: str) -> int:
    """The stage ``codeswitch`` in this process."""
    paths = ["--captions", str(captions), "--lexicon", str(lexicon_folder), "--out", str(out)]
    return codeswitch([*paths, "--workers", "1", *options])


def hashes(folder: Path) -> dict[str, str]:
    """The sha256 of every file of a dataset, as its manifest states them."""
    manifest = json.loads((folder / "_manifest.json").read_text())
    return {shard["path"]: shard["sha256"] for shard in manifest["shards"] + manifest["rejects"]}
