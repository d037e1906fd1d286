"""Tokenised texts on the disk: made once, and mapped by every training and process that reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from contract.hashing import sha256_of_json
from model.data import Ints
from model.distributed import World
from model.noise import Bools
from model.regions import Slices

Made = Iterable[tuple[Ints, bool]]
Bytes = NDArray[np.uint8]
_ENDS = 16  # bytes at a file's end: how many texts and how many ids it holds, int64


class Tokenised(NamedTuple):
    """Texts as ids.

    Attributes:
        tokens: int32 ids of the texts, end to end.
        cut_N: which texts were longer.
    """

    tokens: Slices
    cut_N: Bools


@dataclass(frozen=True)
class TokenStore:
    """Files of tokenised texts, each named by all that its ids depend on.

    A file is written under another name, forced to the disk and renamed: it is whole or not there. It holds the ids of
    all texts as int32, the length of each as int32, a byte a text that says whether it was cut, and two counts.

    Attributes:
        folder: where they lie.
        writer: whose name an unfinished file bears, so that trainings that make the same one do not meet.
        world: the processes that read it; the one that leads writes.
    """

    folder: Path
    writer: str
    world: World

    @classmethod
    def beside(cls, out: Path, world: World = World()) -> TokenStore:  # noqa: B008 — frozen
        """That of all trainings which write their checkpoints into one folder.

        Args:
            out: the checkpoint of one of them.
            world: its processes.
        """
        return cls(out.parent / ".work" / "tokens", out.name, world)

    def tokens(self, determined_by: Mapping[str, Any], make: Callable[[], Made]) -> Tokenised:
        """The texts that are determined so, from the disk, where they are first put if they are not there.

        Args:
            determined_by: what tells these texts and their ids from all others.
            make: the ids of each text, and whether it was cut.

        Raises:
            InputError: where there is no room for them, or the file is not whole.
        """
        path = self.folder / f"{sha256_of_json(determined_by)[:16]}.tokens"
        if self.world.leads and not path.exists():
            self._write(path, make())
        self.world.wait_for(path)
        return _mapped(path)

    def _write(self, path: Path, made: Made) -> None:
        unfinished = path.with_name(f"{path.name}.{self.writer}.new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                lengths, cut = _pour(made, file.write)
                counts = np.array([len(cut), file.tell() // 4], "<i8")
                file.write(lengths + cut + counts.tobytes())
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise InputError(
                f"The tokens of the texts cannot be written to {path} ({error}).", "room for them there.",
                "make room and run the same command.",
            ) from error  # fmt: skip


def in_memory(made: Made) -> Tokenised:
    """The same without a file."""
    ids = bytearray()
    lengths, cut = _pour(made, ids.extend)
    return _tokenised(*(np.frombuffer(part, np.uint8) for part in (ids, lengths, cut)))


def _pour(made: Made, put: Callable[[bytes], Any]) -> tuple[bytearray, bytearray]:
    """Puts the ids somewhere, text after text; returns the bytes of lengths and of what was cut."""
    lengths, cut = bytearray(), bytearray()
    for ids, was_cut in made:
        put(ids.astype("<i4").tobytes())
        lengths += len(ids).to_bytes(4, "little")
        cut.append(was_cut)
    return lengths, cut


def _mapped(path: Path) -> Tokenised:
    content = np.asarray(np.memmap(path, np.uint8, "r")) if path.stat().st_size >= _ENDS else np.empty(0, np.uint8)
    texts, ids = content[-_ENDS:].view("<i8").tolist() if len(content) else (0, 0)
    if len(content) != 4 * ids + 5 * texts + _ENDS:
        raise InputError(
            f"{path} is damaged: it has {len(content):,} bytes.", "what a training wrote.", f"delete {path}."
        )
    return _tokenised(*np.split(content[:-_ENDS], np.cumsum([4 * ids, 4 * texts])))


def _tokenised(ids: Bytes, lengths: Bytes, cut: Bytes) -> Tokenised:
    length_N = lengths.view("<i4").astype(np.int64)
    return Tokenised(Slices(ids.view("<i4"), np.cumsum(length_N) - length_N, length_N), cut.view(np.bool_))
