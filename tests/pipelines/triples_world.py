"""A small world for the stage ``triples``: pictures, regions, a detector's classes, a lexicon, and a search log."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from contract.dataset import Dataset
from contract.hashing import shard_of
from contract.manifest import Manifest
from contract.schemas import SCHEMAS
from contract.shards import REJECTS_FOLDER, ShardWriter, shard_name
from pipelines.triples.stage import main

SHARDS = 4
NOUNS = ("house", "tree", "car", "boat", "fish", "kite")
NAMES = {
    "de": ("Haus", "Baum", "Auto", "Boot", "Fisch", "Drachen"),
    "fr": ("maison", "arbre", "voiture", "bateau", "poisson", "cerf-volant"),
    "pt": ("casa", "árvore", "carro", "barco", "peixe", "pipa"),
    "es": ("casa", "árbol", "coche", "barco", "pez", "cometa"),
    "it": ("casa", "albero", "macchina", "barca", "pesce", "aquilone"),
    "ja": ("家", "木", "車", "ボート", "魚", "凧"),
    "zh": ("房子", "树", "汽车", "船", "鱼", "风筝"),
}
PHRASES = {
    "en": "a picture of {} beside {}", "de": "ein Bild von {} neben einem {}", "fr": "une photo de {} avec un {}",
    "pt": "uma foto de {} ao lado de {}", "es": "una foto de {} junto a {}", "it": "una foto di {} accanto a {}",
    "ja": "{}の隣にある{}の写真", "zh": "{}旁边的{}的照片",
}  # fmt: skip


def write_dataset(
    out: Path, name: str, rows: list[dict[str, Any]], parameters: dict[str, Any] | None = None, shards: int = SHARDS
) -> None:
    schema = SCHEMAS[name]
    rows = sorted(rows, key=lambda row: tuple(row[column] for column in schema.key))
    written, rejects = [], []
    for index in range(shards):
        part = shard_name(index, shards)
        with ShardWriter(out, part, schema) as writer:
            writer.write(row for row in rows if shard_of(row[schema.shard_key], shards) == index)
        with ShardWriter(out, f"{REJECTS_FOLDER}/{part}", SCHEMAS["rejects"]) as rejected:
            pass
        written.append(writer.shard())
        rejects.append(rejected.shard())
    Manifest(
        name, schema.version, "test", parameters or {}, 0, {}, written, rejects, len(rows), len(rows), {}
    ).write(out)  # fmt: skip


@dataclass
class World:
    """The folders of one profile, and what its pictures show."""

    root: Path
    shown: dict[str, tuple[int, int]]

    def log(self, rows: list[dict[str, Any]] | str | bytes, name: str = "clicks.jsonl") -> None:
        if isinstance(rows, list):
            rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (self.root / "log" / name).write_bytes(rows if isinstance(rows, bytes) else rows.encode())

    def arguments(self, *settings: str, out: str = "triples") -> list[str]:
        paths = ("log", "images", "captions", "regions", "detector", "lexicon")
        places = [part for name in paths for part in (f"--{name}", str(self.root / name))]
        return [*places, "--out", str(self.root / out), "--seed", "7", *settings]

    def run(self, *settings: str, out: str = "triples") -> Dataset:
        assert main(self.arguments("--workers", "1", *settings, out=out)) == 0
        return Dataset(self.root / out, "triples")

    def query(self, image_id: str, lang: str = "en") -> str:
        names = NAMES.get(lang, NOUNS)
        return PHRASES[lang].format(*(names[noun] for noun in self.shown[image_id]))

    def clicks(self, image_id: str, lang: str = "en", **changes: Any) -> dict[str, Any]:
        return {"query": self.query(image_id, lang or "en"), "image_id": image_id, "clicks": 3, "lang": lang} | changes


def make_world(root: Path, pictures: int = 60) -> World:
    draw = random.Random(3)
    images, regions, captions, shown = [], [], [], {}
    (root / "pictures").mkdir(parents=True)
    (root / "log").mkdir()
    for number in range(pictures):
        image_id, (width, height) = f"picture-{number:03d}", (400, 320)
        first, second = draw.sample(range(len(NOUNS)), 2)
        shown[image_id] = (first, second)
        blurred = number % 5 == 4
        _draw(draw, width, height, blurred).save(root / "pictures" / f"{image_id}.jpg")
        split = ("test", "val")[number % 10] if number % 10 < 2 else "train"
        images.append(
            {"image_id": image_id, "split": split, "uri": f"{image_id}.jpg", "width": width, "height": height,
             "sha256": "0" * 64, "license": None, "source": "test", "duplicate_group": None}
        )  # fmt: skip
        regions.append(_regions(image_id, (first, second), width, height, draw.uniform(0.2, 0.5) if blurred else 0.9))
        captions.append(
            {"caption_id": f"{image_id}#0", "image_id": image_id, "lang": "en", "split": split,
             "text": f"There is a {NOUNS[first]} near the {NOUNS[second]}."}
        )  # fmt: skip
    write_dataset(root / "images", "images", images, {"picture_root": str(root / "pictures")})
    write_dataset(root / "regions", "regions", regions)
    write_dataset(root / "captions", "captions", captions)
    entries = [
        {"source": noun, "lang": lang, "targets": [names[number]], "origins": ["test"], "scores": None}
        for lang, names in NAMES.items()
        for number, noun in enumerate(NOUNS)
    ]
    write_dataset(root / "lexicon", "lexicon", entries)
    (root / "detector").mkdir()
    (root / "detector" / "detector.json").write_text(json.dumps({"class_names": NOUNS}))
    return World(root, shown)


def _draw(draw: random.Random, width: int, height: int, blurred: bool) -> Image.Image:
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y, colour = draw.randrange(width), draw.randrange(height), tuple(draw.randrange(256) for _ in range(3))
        pen.rectangle((x, y, x + 30, y + 20), fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(6)) if blurred else picture


def _regions(image_id: str, nouns: tuple[int, int], width: int, height: int, score: float) -> dict[str, Any]:
    boxes = np.array([[10, 10, 200, 200], [150, 100, 390, 300]], "<f4")
    return {
        "image_id": image_id, "num_regions": 2, "feature_dim": 4, "features": np.zeros((2, 4), "<f2").tobytes(),
        "boxes": boxes.tobytes(), "width": width, "height": height, "object_ids": list(nouns),
        "object_scores": [score, score * 0.9], "attribute_ids": None, "attribute_scores": None, "detector": "test",
    }  # fmt: skip
