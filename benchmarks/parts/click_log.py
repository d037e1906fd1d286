"""A click log of any size over pictures that do not exist: only their rows and regions do."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from contract.hashing import shard_of
from contract.schemas import SCHEMAS
from parts.datasets import write_dataset
from pipelines.scenes.language.queries import query
from pipelines.scenes.log.clicks import LANGUAGES
from pipelines.scenes.log.dirt import NOISE, UNTIDY
from pipelines.scenes.scene import (
    BACKGROUNDS,
    COLOURS,
    NOUNS,
    PREDICATES,
    SIZES,
    TEXTURES,
    Relation,
    Scene,
    SceneObject,
)

SHARDS, REGIONS = 16, 4
_QUERIES_A_PICTURE = 5  # that are asked for it again and again
_GROUP_ROWS = 100_000
_DIRTY, _UNSTATED, _TITLED = 0.1, 0.2, 0.8


def write_world(root: Path, pictures: int, rows: int) -> None:
    """Writes log/, images/, captions/, regions/ and detector/; the lexicon is the embedded dictionaries'."""
    scenes = [_scene(number) for number in range(pictures)]
    ids = [scene.scene_id for scene in scenes]
    members: list[list[int]] = [[] for _ in range(SHARDS)]
    for number in sorted(range(pictures), key=ids.__getitem__):
        members[shard_of(ids[number], SHARDS)].append(number)
    for name, batch in (("images", _images), ("regions", _regions)):
        write_dataset(root / name, SCHEMAS[name], SHARDS, (batch([scenes[number] for number in of]) for of in members))
    write_dataset(root / "captions", SCHEMAS["captions"], SHARDS, (_none("captions") for _ in members))
    (root / "detector").mkdir()
    (root / "detector" / "detector.json").write_text(json.dumps({"class_names": NOUNS}))
    _write_log(root / "log", scenes, rows)


def _scene(number: int) -> Scene:
    draw = Random(number)
    things = tuple(
        SceneObject(draw.choice(NOUNS), draw.choice(COLOURS), draw.choice(SIZES), draw.choice(TEXTURES), (0, 0, 1, 1))
        for _ in range(draw.choice((2, 3)))
    )
    width, height = draw.choice(((640, 480), (500, 400), (1024, 683), (200, 150)))
    relation = Relation(0, draw.choice(PREDICATES), 1)
    return Scene(f"picture-{number:07d}", width, height, draw.choice(BACKGROUNDS), things, (relation,))


def _images(scenes: list[Scene]) -> pa.RecordBatch:
    count = len(scenes)
    columns = {
        "image_id": [scene.scene_id for scene in scenes], "split": ["train"] * count,
        "uri": [f"{scene.scene_id}.jpg" for scene in scenes], "width": [scene.width for scene in scenes],
        "height": [scene.height for scene in scenes], "sha256": ["0" * 64] * count, "license": [None] * count,
        "source": ["benchmark"] * count, "duplicate_group": [None] * count,
    }  # fmt: skip
    return pa.RecordBatch.from_pydict(columns, schema=SCHEMAS["images"].arrow)


def _regions(scenes: list[Scene]) -> pa.RecordBatch:
    count, draw = len(scenes), np.random.default_rng(0)
    corners = draw.uniform(0, 0.5, (count, REGIONS, 2))
    share = np.concatenate([corners, corners + draw.uniform(0.1, 0.5, corners.shape)], axis=2)
    sides = np.array([[scene.width, scene.height] * 2 for scene in scenes])
    boxes = (share * sides[:, None]).astype("<f4")
    columns = {
        "image_id": [scene.scene_id for scene in scenes], "num_regions": [REGIONS] * count, "feature_dim": [1] * count,
        "features": [bytes(2 * REGIONS)] * count, "boxes": [one.tobytes() for one in boxes],
        "width": sides[:, 0].astype(np.int32), "height": sides[:, 1].astype(np.int32),
        "object_ids": [[NOUNS.index((scene.objects * REGIONS)[place].noun) for place in range(REGIONS)]
                       for scene in scenes],
        "object_scores": draw.uniform(0.2, 1, (count, REGIONS)).astype(np.float32).tolist(),
        "attribute_ids": [None] * count, "attribute_scores": [None] * count, "detector": ["benchmark"] * count,
    }  # fmt: skip
    return pa.RecordBatch.from_pydict(columns, schema=SCHEMAS["regions"].arrow)


def _none(name: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=SCHEMAS[name].arrow)


def _write_log(folder: Path, scenes: list[Scene], rows: int) -> None:
    """Rows of a picture's own queries, some dirty; popular pictures have more of them."""
    folder.mkdir()
    texts, langs = _queries(scenes)
    titles = [f"{text} - page {number}" for number, text in enumerate(texts[:10_000])]
    draw = np.random.default_rng(1)
    schema = pa.schema({name: pa.string() for name in ("query", "image_id", "lang", "page_title")}).append(
        pa.field("clicks", pa.int64())
    )
    with pq.ParquetWriter(folder / "clicks.parquet", schema) as writer:
        for start in range(0, rows, _GROUP_ROWS):
            count = min(_GROUP_ROWS, rows - start)
            picture = (len(scenes) * draw.random(count) ** 1.5).astype(int)
            asked = picture * _QUERIES_A_PICTURE + draw.integers(0, _QUERIES_A_PICTURE, count)
            stated, titled = draw.random(count) >= _UNSTATED, draw.random(count) < _TITLED
            columns = {
                "query": [texts[number] for number in asked], "image_id": [scenes[one].scene_id for one in picture],
                "lang": [langs[number] if known else None for number, known in zip(asked, stated, strict=True)],
                "page_title": [titles[one % len(titles)] if has else None
                               for one, has in zip(picture, titled, strict=True)],
                "clicks": draw.integers(1, 50, count),
            }  # fmt: skip
            writer.write_table(pa.table(columns, schema=schema))


def _queries(scenes: list[Scene]) -> tuple[list[str], list[str]]:
    """The queries of all pictures, one picture's after the other's, and their languages."""
    texts, langs, draw = [], [], Random(2)
    names, weights = list(LANGUAGES), list(LANGUAGES.values())
    for scene in scenes:
        for lang in draw.choices(names, weights, k=_QUERIES_A_PICTURE):
            text = query(scene, lang, draw).text
            if draw.random() < _DIRTY:
                text = draw.choice(list(UNTIDY.values()))(text, draw)
            elif draw.random() < _DIRTY:
                text = draw.choice(list(NOISE.values()))(text, lang, draw)
            texts.append(text)
            langs.append(lang)
    return texts, langs
