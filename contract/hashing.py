"""Stable hashes: the same on every machine, in every process, in every year."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from contract.errors import InputError
from contract.files import files_below

MANIFEST = "_manifest.json"
_BLOCK = 1 << 20


def stable_hash(*parts: str | int) -> int:
    """A 64-bit number that depends on the parts and on nothing else.

    Seeds come from here too: ``random.Random(stable_hash(seed, key, variant))``.
    """
    joined = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(joined.encode(), digest_size=8).digest(), "little")


def stable_hashes(*parts: str | int, keys: Iterable[str]) -> np.ndarray:
    """``stable_hash(*parts, key)`` for each key, uint64; the parts are hashed once."""
    begun = hashlib.blake2b("".join(f"{part}\x1f" for part in parts).encode(), digest_size=8)

    def digest(key: str) -> bytes:
        hashed = begun.copy()
        hashed.update(key.encode())
        return hashed.digest()

    return np.frombuffer(b"".join(map(digest, keys)), "<u8")


def shard_of(key: str, shards: int) -> int:
    """The shard in which the row of a key lies. Every dataset keyed by image uses its image_id."""
    return stable_hash(key) % shards


def sha256_of_file(path: Path) -> str:
    """The hexadecimal sha256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_json(value: Any) -> str:
    """The hexadecimal sha256 of a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(path: Path) -> str:
    """What an input contains, as a sha256: of a file, of a dataset (its manifest) or of a folder.

    Raises:
        InputError: where it is not there.
    """
    if not path.exists():
        raise InputError(
            f"{path} is not there.", "a file or a folder.", "run the stage that makes it, or mend the path."
        )
    if path.is_file():
        return sha256_of_file(path)
    if (path / MANIFEST).is_file():
        return sha256_of_file(path / MANIFEST)
    files = files_below(path, whole=False)
    return sha256_of_json({str(file.relative_to(path)): sha256_of_file(file) for file in files})


def fingerprint_of_code(modules: Iterable[str]) -> str:
    """The sha256 of the sources of modules and whole packages, by their dotted names; imports none of them."""
    sources: dict[str, str] = {}
    for name in sorted(modules):
        place = Path(__file__).parent.parent.joinpath(*name.split("."))
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
        sources |= {f"{name}/{file.relative_to(place.parent)}": sha256_of_file(file) for file in files}
    return sha256_of_json(sources)
