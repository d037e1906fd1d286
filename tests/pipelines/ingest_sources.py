"""Small sources for the tests of ingest, in the layouts that people have."""

import gzip
import io
import json
import tarfile
import zlib
from pathlib import Path
from typing import Any
from unittest import mock

import cloudpickle
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from contract.command import Call
from contract.config import load_config
from contract.dataset import Dataset
from pipelines.ingest.settings import Config
from pipelines.ingest.stage import run


def picture(seed: int, side: int = 96) -> Image.Image:
    """A picture unlike that of any other seed, to the eye and to a perceptual hash."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def bomb_header() -> bytes:
    """A PNG of a few bytes that claims to be 50,000 by 50,000 pixels."""
    content = bytearray(encoded(Image.new("RGB", (1, 1)), "PNG"))
    content[16:24] = (50_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    return bytes(content)


def multi30k(raw: Path, lists: dict[str, list[str]]) -> Path:
    """Task 1 with English and German, task 2 with two of each, for lists of picture names."""
    for name, pictures in lists.items():
        write(raw / f"captions/task1/image_splits/{name}.txt", "".join(f"{one}\n" for one in pictures))
        for lang in ("en", "de"):
            lines = "".join(f"{lang} 1 of {one}\n" for one in pictures)
            write(raw / f"captions/task1/raw/{name}.{lang}.gz", lines)
            for number in (1, 2):
                write(raw / f"captions/task2/raw/{name}.{number}.{lang}", lines.replace(" 1 of", f" {number} of"))
    return raw


def pictures(raw: Path, seeds: dict[str, int]) -> None:
    for name, seed in seeds.items():
        write(raw / "images" / name, encoded(picture(seed)))


def tar(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def sample(key: str, seed: int, caption: str | None = None) -> dict[str, bytes]:
    """The three members that img2dataset writes for a picture."""
    text = caption or f"caption of {key}"
    notes = {"key": key, "caption": text, "url": "http://example.org/x.jpg", "status": "success", "license": "CC0"}
    return {
        f"{key}.jpg": encoded(picture(seed)),
        f"{key}.txt": text.encode(),
        f"{key}.json": json.dumps(notes).encode(),
    }


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def _in_this_process(work: Any, elements: list[int], *_: Any) -> None:
    """What Beam does with a work, without the seconds that Beam takes to start."""
    arrived = cloudpickle.loads(cloudpickle.dumps(work))
    arrived.setup()
    for element in elements:
        arrived.do(element)


def ingest(raw: Path, out: Path, seed: int = 7, **settings: Any) -> tuple[Dataset, Dataset]:
    """Runs the stage in this process; test_ingest_workers runs it as users do."""
    paths = {"raw": raw, "images": out / "images", "captions": out / "captions"}
    with mock.patch("pipelines.sharded.run_elements", _in_this_process):
        run(Call(load_config(Config, {"shards": 2} | settings, "test"), paths, seed, 1))
    datasets = Dataset(out / "images", "images"), Dataset(out / "captions", "captions")
    for dataset in datasets:
        manifest = dataset.manifest
        assert manifest.rows_in == manifest.rows_out + sum(manifest.rejected.values())
    return datasets


def by_id(dataset: Dataset) -> dict[str, dict[str, Any]]:
    return {row[dataset.schema.key[-1]]: row for row in dataset.rows()}


def reasons(dataset: Dataset) -> dict[str, str]:
    return {row["key"]: row["reason"] for row in dataset.rejects()}
