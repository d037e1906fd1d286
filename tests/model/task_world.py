"""A world small enough to learn in seconds: pictures of one or more things, and captions that name them."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch

from contract.hashing import shard_of
from contract.manifest import Manifest
from contract.schemas import SCHEMAS
from contract.shards import ShardWriter, shard_name
from model import checkpoint
from model.config import NetworkConfig
from model.network import build
from model.tokenizer import MODEL_FILE, Tokenizer

torch.set_num_threads(1)  # threads that wait for each other cost more than these networks do
THINGS = {
    "en": ["cube", "ball", "ring", "star", "cone", "disk"],
    "de": ["Würfel", "Ball", "Ring", "Stern", "Kegel", "Scheibe"],
    "zh": ["方块", "圆球", "圆环", "星星", "圆锥", "圆盘"],
}
FRAMES = {"en": "there is a {} and a {} here", "de": "hier sind {} und {} zu sehen", "zh": "这里有{}和{}"}
SHARDS, FEATURES = 2, 8


def write_dataset(folder: Path, name: str, rows: Iterable[dict], **parameters) -> Path:
    schema, rows, shards, rejects = SCHEMAS[name], list(rows), [], []
    for index in range(SHARDS):
        mine = [row for row in rows if shard_of(row[schema.shard_key], SHARDS) == index]
        with ShardWriter(folder, shard_name(index, SHARDS), schema) as writer:
            mine.sort(key=lambda row: tuple(row[column] for column in schema.key))
            for start in range(0, len(mine), 100):
                writer.write(mine[start : start + 100])
        shards.append(writer.shard())
    Manifest(name, schema.version, "test", parameters, 0, {}, shards, rejects, len(rows), len(rows), {}).write(folder)
    return folder


def things_of(picture: int) -> list[int]:
    """Two different things, another pair for each of the first thirty pictures."""
    first, second = divmod(picture % 30, 5)
    return [first, second if second < first else second + 1]


def split_of(picture: int) -> str:
    return "train" if picture < 60 else "test"


def region_row(picture: int, width: int = FEATURES) -> dict:
    things = things_of(picture) + ([0] if picture % 3 == 0 else [])  # now and then a third region
    draw = np.random.default_rng(picture)
    features = np.eye(width, dtype=np.float16)[things] * 3 + draw.normal(0, 0.1, (len(things), width))
    boxes = np.array([[10, 10 + 20 * i, 40, 30 + 20 * i] for i in range(len(things))], np.float32)
    return {
        "image_id": f"p{picture:03d}", "num_regions": len(things), "feature_dim": width,
        "features": features.astype("<f2").tobytes(), "boxes": boxes.tobytes(), "width": 320, "height": 320,
        "object_ids": things, "object_scores": [1.0] * len(things),
        "attribute_ids": None, "attribute_scores": None, "detector": "test",
    }  # fmt: skip


def caption_rows(picture: int) -> list[dict]:
    several = {"en": 2, "de": 1, "zh": 1}
    return [
        {
            "caption_id": f"p{picture:03d}-{lang}-{number}", "image_id": f"p{picture:03d}", "lang": lang,
            "text": FRAMES[lang].format(*[THINGS[lang][thing] for thing in things_of(picture)[:: (-1) ** number]]),
            "split": split_of(picture),
        }
        for lang, count in several.items() for number in range(count)
    ]  # fmt: skip


def write_checkpoint(folder: Path, kind: str, tokenizer: Path, layers: int = 2, feature_dim: int = FEATURES) -> Path:
    torch.manual_seed(3)
    network = build(
        NetworkConfig(
            network=kind, layers=layers, width=32, heads=4, dropout=0.0, vocabulary=Tokenizer(tokenizer).vocabulary,
            languages=("de", "en", "zh"), feature_dim=feature_dim, object_classes=tuple(THINGS["en"]),
            max_text_length=32, feature_scaling="unit",
        )
    )  # fmt: skip
    checkpoint.save(folder, network, tokenizer, {"stage": "test"})
    return folder


def enliven(network: torch.nn.Module) -> None:
    """Makes an untrained network's weights so large that its answers differ from input to input."""
    torch.manual_seed(1)
    for parameter in network.parameters():
        parameter.data.mul_(1.5).add_(torch.randn_like(parameter) * 0.05)


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Path:
    """Datasets `captions` and `regions`, a tokenizer, and untrained checkpoints of both kinds."""
    import sentencepiece

    folder = tmp_path_factory.mktemp("world")
    captions = [row for picture in range(72) for row in caption_rows(picture)]
    write_dataset(folder / "captions", "captions", captions)
    write_dataset(folder / "regions", "regions", (region_row(picture) for picture in range(72)), object_classes=[])
    (folder / "tokenizer").mkdir()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([row["text"] for row in captions]), vocab_size=120, hard_vocab_limit=False,
        model_prefix=str(folder / "tokenizer" / MODEL_FILE.removesuffix(".model")), minloglevel=2,
    )  # fmt: skip
    write_checkpoint(folder / "understanding", "understanding", folder / "tokenizer")
    write_checkpoint(folder / "generation", "generation", folder / "tokenizer")
    return folder


def arguments(world: Path, checkpoint_folder: Path, out: Path, **settings) -> list[str]:
    given = {"captions": world / "captions", "regions": world / "regions", "device": "cpu", "seed": 5} | settings
    line = ["--checkpoint", str(checkpoint_folder), "--out", str(out)]
    return line + [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]


def read(path: Path) -> dict:
    return json.loads(path.read_text())
