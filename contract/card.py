"""A dataset's card: what it is, for people and for the Hugging Face hub, written from manifest and schema alone.

The card is called ``_README.md``. Readers of Parquet folders pass over names with a leading underscore; over a
README.md pyarrow, pandas and Spark stumble. In a repository of the hub it becomes README.md (docs/data.md).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from contract.manifest import Manifest
from contract.rejects import REASONS
from contract.schemas import SCHEMAS, DatasetSchema, description_of, unit_of

CARD = "_README.md"
_ABOUT = {
    "images": "Pictures by their files: split, size, sha256, license, near-duplicates. The pixels are no column.",
    "captions": "Captions of pictures, in one or more languages.",
    "regions": "Regions that a detector found in pictures: boxes, features, classes, scores.",
    "triples": "Queries of a search log, each with a picture that belongs to it and the title of the picture's page.",
    "lexicon": "Dictionary translations of English words and phrases.",
    "codeswitch": "English captions in which words are replaced by translations, and what was replaced by what.",
    "corpus": "Sentences by language.",
    "pairs": "Pairs of a query and a picture that a relevance model looks at.",
    "matching": "How well a checkpoint finds that a query and a picture belong together.",
}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
          (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"))  # fmt: skip
_LANGUAGE = re.compile(r"[a-z]{2,3}(?=-|$)")
_MOST_STATISTICS = 20_000  # characters; a detector's 1,600 classes need a quarter


def write_finished(manifest: Manifest, folder: Path) -> None:
    """Writes a dataset's card and, last of all, its manifest."""
    (folder / CARD).write_text(card_of(manifest), encoding="utf-8")
    manifest.write(folder)


def card_of(manifest: Manifest) -> str:
    """The card, the same for the same manifest.

    Args:
        manifest: of a dataset in SCHEMAS.
    """
    schema = SCHEMAS[manifest.dataset]
    head = yaml.safe_dump(_front_matter(manifest, schema), sort_keys=False, allow_unicode=True, width=120)
    parts = [f"---\n{head}---\n\n# {manifest.dataset}\n\n{_ABOUT[manifest.dataset]}", _made(manifest), _columns(schema),
             _rejects(manifest), _statistics(manifest), _reading(manifest, schema)]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(manifest: Manifest, schema: DatasetSchema) -> dict[str, Any]:
    size = sum(shard.bytes for shard in manifest.shards)
    languages = _languages(manifest.statistics)
    return ({"language": languages} if languages else {}) | {
        "tags": ["m3p", manifest.dataset],
        "size_categories": [next((name for most, name in _SIZES if manifest.rows_out < most), "n>1B")],
        # All files make one split of the hub's: each holds rows of train, val and test, which the column split tells.
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "part-*.parquet"}]}],
        "dataset_info": {
            "features": [{"name": field.name} | _feature(field.type) for field in schema.arrow],
            "splits": [{"name": "train", "num_bytes": size, "num_examples": manifest.rows_out}],
            "download_size": size, "dataset_size": size,
        },
    }  # fmt: skip


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """A type in the words of the hub's library."""
    if pa.types.is_struct(kind):
        return {"struct": [{"name": field.name} | _feature(field.type) for field in kind]}
    if pa.types.is_list(kind):
        inner = _feature(kind.value_type)
        return {"list": inner["struct"] if "struct" in inner else inner["dtype"]}
    return {"dtype": "float32" if pa.types.is_float32(kind) else str(kind)}


def _languages(statistics: dict[str, Any]) -> list[str]:
    """Codes of the languages by which a stage counted, without region or script."""
    coverage = statistics.get("coverage")
    covered = coverage.get("languages") if isinstance(coverage, dict) else None
    groups = (statistics.get("languages"), statistics.get("triples"), covered)
    names = {str(name) for group in groups if isinstance(group, dict) for name in group}
    return sorted({found[0] for name in names if (found := _LANGUAGE.match(name))})


def _made(manifest: Manifest) -> str:
    lines = [
        f"Made by the stage `{manifest.stage}` with seed {manifest.seed}, version {manifest.version} of the schema: "
        f"{manifest.rows_in:,} rows in, {manifest.rows_out:,} out, {sum(manifest.rejected.values()):,} rejected, "
        f"{len(manifest.shards)} shards.",
    ]
    if manifest.inputs:
        lines += ["", "| input | sha256 |", "|---|---|"]
        lines += [f"| {_cell(name)} | `{_cell(sha256)}` |" for name, sha256 in sorted(manifest.inputs.items())]
    return "\n".join(["## How it was made", "", *lines, "", _fenced(manifest.parameters)])


def _columns(schema: DatasetSchema) -> str:
    rows = [
        f"| `{field.name}`{'?' if field.nullable else ''} | {_cell(_type(field.type))} | {_cell(unit_of(field))} "
        f"| {_cell(description_of(field))} |"
        for field in schema.arrow
    ]
    key = ", ".join(f"`{name}`" for name in schema.key)
    about = f"Rows are sorted by {key} and lie in the shard that a stable hash of `{schema.shard_key}` chooses."
    return "\n".join(
        ["## Columns", "", "| column | type | unit | description |", "|---|---|---|---|", *rows, "", about]
    )


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    if pa.types.is_struct(kind):
        return f"struct of {', '.join(f'{field.name} {field.type}' for field in kind)}"
    return str(kind)


def _rejects(manifest: Manifest) -> str:
    if not manifest.rejected:
        return ""
    counts = sorted(manifest.rejected.items(), key=lambda item: (-item[1], item[0]))
    rows = [f"| {_cell(reason)} | {count:,} | {_cell(REASONS.get(reason, ''))} |" for reason, count in counts]
    return "\n".join(["## Rejected rows", "", "| reason | rows | meaning |", "|---|---|---|", *rows])


def _statistics(manifest: Manifest) -> str:
    if not manifest.statistics:
        return ""
    text = _fenced(manifest.statistics)
    if len(text) > _MOST_STATISTICS:
        text = "They stand in `_manifest.json`, being long."
    return f"## Statistics\n\n{text}"


def _reading(manifest: Manifest, schema: DatasetSchema) -> str:
    vectors = [name for name in schema.vectors if name != "boxes"]
    lines = ["```python", "import pyarrow.parquet as pq", "", f'rows = pq.read_table("{manifest.dataset}")', "```"]
    if vectors:
        lines += ["", 'Vectors are bytes: `numpy.frombuffer(row["features"], "<f2").reshape(-1, row["feature_dim"])`.']
    return "\n".join(["## Reading it", "", *lines])


def _fenced(values: dict[str, Any]) -> str:
    """JSON in a fence that nothing within ends."""
    read = json.loads(json.dumps(values))  # as whoever reads the manifest has it: names are text, and sorted as such
    text = json.dumps(read, indent=2, sort_keys=True, ensure_ascii=False)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}json\n{text}\n{fence}"


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")
