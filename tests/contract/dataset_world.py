"""Small datasets that keep every contract, written as stages write them, and ways to damage them."""

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from contract.card import write_finished
from contract.hashing import fingerprint, sha256_of_file, sha256_of_json, shard_of, stable_hash
from contract.manifest import Manifest, read_manifest
from contract.rejects import Reject
from contract.schemas import REJECTS, SCHEMAS
from contract.shards import ShardWriter, shard_name

SHARDS, PICTURES = 3, 12
LANGUAGES = ("en", "de", "cs")
Rows = list[dict[str, Any]]


def write_dataset(
    folder: Path, name: str, rows: Rows, rejects: Rows = (), shards: int = SHARDS, inputs: tuple[str, ...] = (),
    statistics: dict[str, Any] | None = None, **parameters: Any,
) -> Path:  # fmt: skip
    """A dataset of these rows, each in the shard of its key, with the datasets beside it as its inputs."""
    schema, written, rejected = SCHEMAS[name], [], []
    for index in range(shards):
        own = [row for row in rows if shard_of(row[schema.shard_key], shards) == index]
        lost = [row for row in rejects if shard_of(row["key"], shards) == index]
        with ShardWriter(folder, shard_name(index, shards), schema) as writer:
            writer.write(sorted(own, key=lambda row: tuple(row[key] for key in schema.key)))
        with ShardWriter(folder, f"_rejects/{shard_name(index, shards)}", REJECTS) as rejects_writer:
            rejects_writer.write(sorted(lost, key=lambda row: tuple(row[key] for key in REJECTS.key)))
        written.append(writer.shard())
        rejected.append(rejects_writer.shard())
    manifest = Manifest(
        dataset=name, version=schema.version, stage=name, parameters=parameters, seed=7,
        inputs={one: fingerprint(folder.parent / one) for one in inputs}, shards=written, rejects=rejected,
        rows_in=len(rows) + len(rejects), rows_out=len(rows),
        rejected=dict(sorted(Counter(row["reason"] for row in rejects).items())), statistics=statistics or {},
    )  # fmt: skip
    write_finished(manifest, folder)
    return folder


def reject(key: str, reason: str, message: str = "found and expected") -> dict[str, str]:
    return dict(vars(Reject(key, "source.tsv", reason, message)))


def split_of(number: int) -> str:
    return ("train", "train", "val", "test")[number % 4]


def image_rows(folder: Path) -> Rows:
    """Pictures that the dataset holds itself."""
    rows = []
    for number in range(PICTURES):
        file = folder / "_files" / f"{number:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 100), (number * 20, 128, 90)).save(file)
        rows.append({
            "image_id": f"picture-{number:02d}", "split": split_of(number), "uri": f"_files/{number:02d}.png",
            "width": 200, "height": 100, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "license": None,
            "source": "test", "duplicate_group": "picture-00" if number in (0, 4) else None,
        })  # fmt: skip
    return rows


def caption_rows(images: Rows) -> Rows:
    texts = {"en": "a red ball on the grass", "de": "ein roter Ball auf der Wiese", "cs": "červený míč na trávě"}
    return [
        {"caption_id": f"{image['image_id']}#{lang}", "image_id": image["image_id"], "lang": lang,
         "text": texts[lang], "split": image["split"]}
        for image in images for lang in LANGUAGES
    ]  # fmt: skip


def switched_rows(captions: Rows) -> Rows:
    return [
        {"caption_id": one["caption_id"], "image_id": one["image_id"], "variant": variant,
         "text": f"a {word} ball on the grass", "source_text": one["text"], "split": one["split"],
         "replacements": [{"start": 2, "end": 5, "source": "red", "target": word, "lang": lang}]}
        for one in captions if one["lang"] == "en"
        for variant, (word, lang) in enumerate((("roter", "de"), ("červený", "cs")))
    ]  # fmt: skip


def region_rows(images: Rows) -> Rows:
    boxes = np.array([[20, 10, 120, 90], [150, 40, 190, 60]], "<f4")
    return [
        {"image_id": image["image_id"], "num_regions": 2, "feature_dim": 4,
         "features": np.full((2, 4), 0.5, "<f2").tobytes(), "boxes": boxes.tobytes(), "width": 200, "height": 100,
         "object_ids": [1, 0], "object_scores": [0.9, 0.5], "attribute_ids": None, "attribute_scores": None,
         "detector": "test"}
        for image in images
    ]  # fmt: skip


def triple_rows(images: Rows) -> Rows:
    queries = ("red ball on the grass today", "ball for the garden and park")
    return [
        {"image_id": image["image_id"], "query_id": f"{stable_hash('en', query):016x}", "lang": "en", "query": query,
         "context": f"All about {query}" if rank == 1 else None, "relevance": 0.95 - 0.2 * rank, "rank": rank,
         "clicks": 3, "split": image["split"]}
        for image in images for rank, query in enumerate(queries, 1)
    ]  # fmt: skip


def lexicon_rows() -> Rows:
    entries = {("ball", "de"): ["Ball", "Kugel"], ("red", "de"): ["rot", "roter"], ("red", "cs"): ["červený"]}
    return [
        {"source": source, "lang": lang, "targets": targets, "origins": ["test.txt"], "scores": None}
        for (source, lang), targets in entries.items()
    ]


def corpus_rows() -> Rows:
    return [
        {"sentence_id": f"{stable_hash(lang, text):016x}", "lang": lang, "text": text, "split": "train"}
        for lang in LANGUAGES for text in (f"One sentence of {lang}.", f"Another one of {lang}.")
    ]  # fmt: skip


def write_world(root: Path) -> Path:
    """One dataset of each kind that stages write, side by side."""
    images = image_rows(root / "images")
    captions, regions = caption_rows(images), region_rows(images)
    splits = dict(Counter(row["split"] for row in images))
    write_dataset(root / "images", "images", images, [reject("broken", "image_unreadable")],
                  statistics={"splits": splits, "sources": {"test": PICTURES}})  # fmt: skip
    languages = dict.fromkeys(LANGUAGES, splits)
    write_dataset(root / "captions", "captions", captions,
                  [reject("lost#0", "caption_orphan"), reject("lost#1", "caption_empty")], inputs=("images",),
                  statistics={"languages": languages}, layout="multi30k")  # fmt: skip
    write_dataset(root / "regions", "regions", regions, inputs=("images",), object_classes=["ball", "cube"],
                  statistics={"regions": 2 * PICTURES, "objects": {"ball": PICTURES, "cube": PICTURES}})  # fmt: skip
    write_dataset(root / "triples", "triples", triple_rows(images), [reject("x/y", "query_noisy")], inputs=("images",),
                  statistics={"triples": {"en": {split: 2 * count for split, count in splits.items()}}})  # fmt: skip
    write_dataset(root / "lexicon", "lexicon", lexicon_rows(),
                  statistics={"languages": {"cs": {"entries": 1, "pairs": 1}, "de": {"entries": 2, "pairs": 4}},
                              "pairs": {"read": 5, "further_targets": 2}})  # fmt: skip
    write_dataset(
        root / "codeswitch", "codeswitch", switched_rows(captions), inputs=("captions", "lexicon"), variants=2
    )
    of_one = {"available": 2, "sentences": 2, "characters": 37, "probability": 0.333333333}
    write_dataset(root / "corpus", "corpus", corpus_rows(),
                  statistics={"splits": {"train": 6}, "languages": dict.fromkeys(LANGUAGES, of_one)})  # fmt: skip
    return root


def first_shard(folder: Path) -> Path:
    """The first shard that holds two rows at least."""
    return next(folder / shard.path for shard in read_manifest(folder).shards if shard.rows > 1)


def restate(folder: Path, **changes: Any) -> None:
    """Writes card and manifest anew so that they state the files as they now are; the manifest is sealed."""
    manifest = read_manifest(folder)

    def stated(shard):
        path = folder / shard.path
        rows = pq.read_metadata(path).num_rows if path.read_bytes()[:4] == b"PAR1" else shard.rows
        return replace(shard, rows=rows, bytes=path.stat().st_size, sha256=sha256_of_file(path))

    shards = [stated(shard) for shard in manifest.shards]
    rejects = [stated(shard) for shard in manifest.rejects]
    out = sum(shard.rows for shard in shards)
    values = {"shards": shards, "rejects": rejects, "rows_out": out}
    values |= {"rows_in": out + sum(changes.get("rejected", manifest.rejected).values())} | changes
    restated = replace(manifest, **values)
    if restated.dataset in SCHEMAS:
        write_finished(restated, folder)
    else:
        restated.write(folder)


def edit_manifest(folder: Path, **changes: Any) -> None:
    """Changes what the manifest says, as an editor would."""
    path = folder / "_manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def reseal(folder: Path, values: dict[str, Any]) -> None:
    """Writes a manifest that says anything at all, with a seal that fits it."""
    said = {name: value for name, value in values.items() if name != "seal"}
    (folder / "_manifest.json").write_text(json.dumps(said | {"seal": sha256_of_json(said)}))


def rewrite(path: Path, change: Any) -> None:
    """Writes a file of Parquet anew with other rows.

    Args:
        path: the file.
        change: from the rows to other rows.
    """
    table = pq.read_table(path)
    write_rows(path, change(table.to_pylist()), table.schema)


def write_rows(path: Path, rows: Rows, schema: pa.Schema) -> None:
    """Writes rows as they are, checked by nobody."""
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def with_schema(path: Path, change: Any) -> None:
    """Writes a file of Parquet anew with another schema.

    Args:
        path: the file.
        change: from the schema to another.
    """
    table = pq.read_table(path)
    write_rows(path, table.to_pylist(), change(table.schema))


def no_utf8(path: Path, column: str) -> None:
    """Has the first text of a column begin with a byte that begins no character."""
    table = pq.read_table(path)
    texts = [text.encode() for text in table.column(column).to_pylist()]
    held = pa.array([b"\xff" + texts[0], *texts[1:]], pa.binary())
    values = pa.Array.from_buffers(pa.string(), len(held), held.buffers())
    place = table.schema.get_field_index(column)
    pq.write_table(table.set_column(place, table.schema.field(place), values), path)


def column_twice(path: Path) -> None:
    """Has the column ``text`` stand there twice."""
    table = pq.read_table(path)
    pq.write_table(table.append_column(table.schema.field("text"), table.column("text")), path)
