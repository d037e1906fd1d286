"""A small complete data folder, as a profile's run leaves it: real Parquet, real manifests, hostile texts in it."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fake_metrics import EVIL, EVIL_ATTRIBUTE, make_metrics
from PIL import Image, ImageDraw

from contract.hashing import shard_of
from contract.manifest import Manifest
from contract.schemas import REJECTS, SCHEMAS
from contract.shards import REJECTS_FOLDER, ShardWriter, shard_name

LANGUAGES = ("en", "cs", "de", "es", "fr", "it", "ja", "pt", "zh")
PICTURES = [f"scene-{number:03d}" for number in range(24)] + [EVIL, EVIL_ATTRIBUTE]
SHARDS = 2
CLASSES = ["ball", "house", EVIL, "tree"]
TASKS = ("xMLM", "MMLM", "MRM", "VLM", "MC-MLM", "MC-MRM", "MC-VLM")


@dataclass(frozen=True)
class FakeRun:
    """Where its data lie, and where its report belongs."""

    data: Path
    out: Path


def make_run(root: Path, profile: str = "demo") -> FakeRun:
    """Writes a whole run below ``root``."""
    run = FakeRun(root / "data" / profile, root / "reports" / profile)
    make_images(run.data)
    make_captions(run.data)
    make_regions(run.data)
    make_triples(run.data)
    make_lexicon(run.data)
    make_codeswitch(run.data)
    make_corpus(run.data)
    make_checkpoints(run.data)
    make_metrics(run.data / "metrics", LANGUAGES, [EVIL, *PICTURES[:5]], TEXTS)
    measure(run.data, "ingest", 12.5, 20.25, 300e6)
    return run


def split_of(image_id):
    return ("train", "val", "test")[shard_of(image_id, 3)]


def write_dataset(data, name, rows, rejects=(), statistics=None, parameters=None):
    """Writes a dataset as a stage does: sharded, sorted, with rejects and a manifest."""
    schema, folder = SCHEMAS[name], data / name
    shards, reject_shards = [], []
    for index in range(SHARDS):
        own = [row for row in rows if shard_of(row[schema.shard_key], SHARDS) == index]
        own.sort(key=lambda row: tuple(row[column] for column in schema.key))
        with ShardWriter(folder, shard_name(index, SHARDS), schema) as writer:
            writer.write(own)
        shards.append(writer.shard())
        gone = sorted(
            (row for row in rejects if shard_of(row["key"], SHARDS) == index), key=lambda row: sorted(row.items())
        )
        gone.sort(key=lambda row: (row["key"], row["reason"], row["source"], row["message"]))
        with ShardWriter(folder, f"{REJECTS_FOLDER}/{shard_name(index, SHARDS)}", REJECTS) as writer:
            writer.write(gone)
        reject_shards.append(writer.shard())
    stage = {"images": "ingest", "captions": "ingest"}.get(name, name)
    Manifest(
        name,
        schema.version,
        stage,
        parameters or {},
        7,
        {},
        shards,
        reject_shards,
        len(rows) + len(rejects),
        len(rows),
        dict(Counter(row["reason"] for row in rejects)),
        statistics or {},
    ).write(folder)


def reject(key, reason, message):
    return {"key": key, "source": "raw", "reason": reason, "message": message}


def draw(number):
    image = Image.new("RGB", (400, 300), (150 + number * 3, 205, 235 - number * 4))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 210, 400, 300), fill=(110, 160 + number, 90))
    pen.ellipse((60 + number * 4, 120, 150 + number * 4, 210), fill=(205, 60 + number * 5, 50))
    pen.polygon(((240, 210), (330, 210), (285, 110)), fill=(70, 60, 130))
    return image


def make_images(data):
    rows = []
    for number, image_id in enumerate(PICTURES):
        path = data / "images" / "_files" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(number).save(path)
        rows.append(
            {
                "image_id": image_id,
                "split": split_of(image_id),
                "uri": f"_files/{number}.jpg",
                "width": 400,
                "height": 300,
                "sha256": "0" * 64,
                "license": None,
                "source": "scenes",
                "duplicate_group": None,
            }
        )
    write_dataset(data, "images", rows, [reject("broken.jpg", "image_unreadable", f"cannot be decoded: {EVIL}")])


TEXTS = {
    "en": "a big red ball lies before a small house",
    "de": "ein großer roter Ball liegt vor einem kleinen Haus",
    "fr": "un grand ballon rouge est devant une petite maison",
    "cs": "velký červený míč leží před malým domem",
    "es": "una gran pelota roja está delante de una casa",
    "it": "una grande palla rossa davanti a una casa",
    "pt": "uma grande bola vermelha diante de uma casa",
    "ja": "大きな赤いボールが小さな家の前にある",
    "zh": "一个大红球在小房子前面",
}


def make_captions(data):
    rows = [
        {
            "caption_id": f"{image_id}#{lang}",
            "image_id": image_id,
            "lang": lang,
            "split": split_of(image_id),
            "text": EVIL if image_id == EVIL else TEXTS[lang],
        }
        for image_id in PICTURES
        for lang in LANGUAGES
    ]
    write_dataset(
        data, "captions", rows, [reject("x#en", "caption_empty", "no text"), reject("y#en", "caption_orphan", "y")]
    )


def make_regions(data):
    rows = []
    for number, image_id in enumerate(PICTURES):
        x = 60 + number * 4
        boxes = np.array([(x, 120, x + 90, 210), (240, 110, 330, 210), (0, 210, 400, 300)], "<f4")
        rows.append(
            {
                "image_id": image_id,
                "num_regions": 3,
                "feature_dim": 4,
                "features": np.ones((3, 4), "<f2").tobytes(),
                "boxes": boxes.tobytes(),
                "width": 400,
                "height": 300,
                "object_ids": [0, 2, 3],
                "object_scores": [0.98, 0.91, 0.4],
                "attribute_ids": None,
                "attribute_scores": None,
                "detector": "mobilenet@0123456789ab",
            }
        )
    write_dataset(
        data, "regions", rows, [reject("scene-999", "no_regions", "0 found")], parameters={"object_classes": CLASSES}
    )
    (data / "detector").mkdir()
    (data / "detector" / "detector.json").write_text(json.dumps({"classes": CLASSES}))


def make_triples(data):
    rows = []
    for image_id in PICTURES:
        for rank, lang in enumerate(("en", "de", "ja"), 1):
            rows.append(
                {
                    "image_id": image_id,
                    "query_id": f"{image_id}{lang}",
                    "lang": lang,
                    "rank": rank,
                    "clicks": 4 - rank,
                    "query": EVIL_ATTRIBUTE if image_id == EVIL else f"{TEXTS[lang]} wallpaper",
                    "context": [None, EVIL, "Pictures of balls | A page"][rank - 1],
                    "relevance": 0.99 - rank / 10,
                    "split": split_of(image_id),
                }
            )
    counts = {lang: {"train": 20, "test": 6} for lang in ("en", "de", "ja")}
    statistics = {
        "rows_after_step": {"0 log": 120, "1 collect": 110, "5 sample": len(rows)},
        "rejects_by_step": {"1 collect": {"query_empty": 10}, "3 text filters": {"query_short": 77}},
        "triples": counts,
        "images": counts,
        "words_a_query": {"en": 9.0, "de": 9.5, "ja": float("nan")},
        "context_share": {"en": 0.0, "de": 1.0},
        "filters": {
            "query_noisy": {"should": 37, "did": 36, "both": 35, "precision": 0.9722, "recall": 0.9459},
            "language": {"judged": 41, "right": 40, "accuracy": 0.9756},
            "in_doubt": {"passes": 4, "query_short": 3},
        },
        "relevance": {"labels": "judged pairs", "held_out": {"examples": 80, "auc": 0.9731, "calibration_error": 0.04}},
    }
    write_dataset(
        data, "triples", rows, [reject(f"q{n}", "query_short", f"{n} words: {EVIL}") for n in range(3)], statistics
    )


WORDS = {"de": {"ball": "Ball", "red": "roter"}, "fr": {"house": "maison", "big": "grand"}, "zh": {"ball": "球"}}


def make_lexicon(data):
    rows = [
        {"source": source, "lang": lang, "targets": [target], "origins": ["embedded"], "scores": None}
        for lang, words in WORDS.items()
        for source, target in words.items()
    ]
    languages = {
        lang: {"entries": len(words), "pairs": len(words), "translations_an_entry": 1.0}
        for lang, words in WORDS.items()
    }
    write_dataset(data, "lexicon", rows, [reject("1", "entry_malformed", "one column")], {"languages": languages})


def make_codeswitch(data):
    rows = []
    for image_id in PICTURES:
        source = f"a big {EVIL} red ball" if image_id == EVIL else TEXTS["en"]
        replacements, text = [], source
        for word, target, lang in (
            ("ball", "球", "zh"),
            ("red", EVIL if image_id == EVIL else "roter", "de"),
            ("big", "grand", "fr"),
        ):
            start = source.index(word)
            text = text[:start] + target + text[start + len(word) :]
            replacements.insert(
                0, {"start": start, "end": start + len(word), "source": word, "target": target, "lang": lang}
            )
        rows.append(
            {
                "caption_id": f"{image_id}#en",
                "image_id": image_id,
                "variant": 0,
                "text": text,
                "source_text": source,
                "replacements": replacements,
                "split": split_of(image_id),
            }
        )
    coverage = {
        "tokens": 234,
        "types": 9,
        "languages": {
            lang: {
                "token_share": 0.11 * n,
                "type_share": 0.2,
                "translations_a_token": 1.0,
                "published": {"token_share": 0.07 * n, "type_share": 0.1},
            }
            for n, lang in enumerate(WORDS, 1)
        },
        "uncovered_words": {"lies": 25, EVIL: 3},
    }
    write_dataset(
        data, "codeswitch", rows, [reject("x#de", "not_english", "its language is de")], {"coverage": coverage}
    )


def make_corpus(data):
    rows = [
        {"sentence_id": f"{lang}{number}", "lang": lang, "text": f"{TEXTS[lang]} {number}", "split": "train"}
        for lang in LANGUAGES
        for number in range(5)
    ]
    languages = {lang: {"sentences": 5, "characters": 200, "available": 8, "probability": 1 / 9} for lang in LANGUAGES}
    write_dataset(data, "corpus", rows, [reject("s1", "sentence_duplicate", "twice")], {"languages": languages})


def write_json(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


def log(tasks, steps=1200, floor=1.0):
    return [
        {"step": step, "learning_rate": 1e-4}
        | {
            task: round(floor + 6 / (1 + step / 150) + 0.2 * number, 4)
            for number, task in enumerate(tasks)
            if step % 3 or number % 2
        }
        for step in range(20, steps + 1, 20)
    ]


def make_checkpoints(data):
    inputs = {"tokenizer": "t", "corpus": "c", "captions": "k", "regions": "r"}
    parameters = {"batch_size": 64, "learning_rate": 5e-4, "steps": 1200}
    for name, mct in (("understanding-mct", True), ("understanding-plain", False)):
        training = {
            "stage": "pretrain",
            "mct": mct,
            "parameters": parameters,
            "seed": 7,
            "losses": log(TASKS, floor=1 + mct * 0.3),
            "inputs": inputs | ({"codeswitch": "s"} if mct else {}),
        }
        network = {"network": "understanding", "layers": 4, "width": 192, "vocabulary": 4000}
        write_json(data / "checkpoints" / name / "config.json", {"network": network, "training": training})
    others = {
        "generation": ("xDAE", "IC", "DIC"), "retrieval-all": ("matching",), "retrieval-en": ("matching",),
        "captioning-all": ("captioning",), "retrieval-each/de": ("matching",), "retrieval-each/en": ("matching",),
    }  # fmt: skip
    for name, tasks in others.items():
        stage = "pretrain" if name == "generation" else "finetune"
        training = {"stage": stage, "parameters": parameters, "seed": 7, "losses": log(tasks, 400)}
        kind = "understanding" if name.startswith("retrieval") else "generation"
        network = {"network": kind, "layers": 4, "width": 192, "vocabulary": 4000}
        write_json(data / "checkpoints" / name / "config.json", {"network": network, "training": training})
    each = {"stage": "finetune", "parameters": parameters, "seed": 7}
    write_json(data / "checkpoints" / "retrieval-each" / "config.json", {"each": ["de", "en"], "training": each})


def measure(data, stage, seconds, processor_seconds, peak_memory_bytes, **more):
    """What a stage took, as contract.measured leaves it."""
    taken = {"seconds": seconds, "processor_seconds": processor_seconds, "peak_memory_bytes": int(peak_memory_bytes)}
    write_json(data / ".measured" / f"{stage}.json", taken | {"device": "cpu"} | more)
