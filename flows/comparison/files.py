"""Whether a side's files are those of its manifest, on whose word files are called the same."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from contract.errors import InputError
from contract.manifest import MEND, Manifest, Shard
from contract.places import Place

_THREADS = 8  # of a place that lists no files, each answer is a wait


@dataclass(frozen=True)
class Side:
    """One of the two datasets."""

    place: Place
    manifest: Manifest


def check_sizes(side: Side) -> None:
    """Looks whether all shards are there, with as many bytes as the manifest states; nothing is read of those listed.

    Raises:
        InputError: names the first that is not, or is no file.
    """
    listed = side.place.listing() or {}

    def check(shard: Shard) -> None:
        file = side.place / shard.path
        file.check_kind()
        size = listed[shard.path] if shard.path in listed else file.size()
        if size is None and shard.path not in listed and not file.is_file():
            raise _not_stated(side, f"{file} is not there.", "a file that the manifest states.")
        if size not in (None, shard.bytes):
            raise _not_stated(side, f"{file} has {size:,} bytes.", f"the {shard.bytes:,} that the manifest states.")

    with ThreadPoolExecutor(_THREADS) as threads:
        for _ in threads.map(check, side.manifest.shards):
            pass


def check_bytes(side: Side, shards: Sequence[Shard]) -> bool:
    """Hashes shards that lie on this machine.

    Returns:
        Whether they do; what lies elsewhere is not fetched for that.

    Raises:
        InputError: names the first whose bytes are not those that the manifest states.
    """
    if side.place.local is None:
        return False
    for shard in shards:
        file = side.place / shard.path
        sha256, _ = file.copy_to(None)
        if sha256 != shard.sha256:
            expected = f"{shard.sha256}, as the manifest states."
            raise _not_stated(side, f"{file} has the sha256 {sha256}.", expected)
    return True


def _not_stated(side: Side, what: str, expected: str) -> InputError:
    mend = MEND if side.place.local else "bring the file there again."
    return InputError(what, expected, f"`m3p inspect {side.place} --verify` tells what is wrong; {mend}")
