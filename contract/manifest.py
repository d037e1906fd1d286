"""The manifest: what a dataset is, written last. A folder without one is unfinished."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from contract.errors import InputError
from contract.hashing import MANIFEST, sha256_of_json
from contract.manifest_values import UnlikeError, check_values, is_within, json_object
from contract.outputs import Mark

MEND = "`dvc checkout --force` or `dvc pull --force` the folder, or move it away and run its stage again."
_SEAL = "seal"
_REPORT = "if nobody has edited the manifest, this is a fault of the stage and not of your data: report this line."


class TotalsError(InputError):
    """A manifest's numbers of rows do not add up."""


@dataclass(frozen=True)
class Shard:
    """One Parquet file: its path within the dataset, its rows, bytes and sha256."""

    path: str
    rows: int
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        """Refuses a path that leads out of the dataset.

        Raises:
            InputError: names it.
        """
        if not is_within(self.path):
            raise InputError(f"The manifest states the shard {self.path!r}.", "a path within the dataset.")


@dataclass(frozen=True)
class Manifest:
    """What made a dataset, from what, and what is in it. Holds no time and no path of a machine.

    Attributes:
        dataset: the dataset's name.
        version: version of its schema.
        stage: the stage that wrote it.
        parameters: the stage's whole configuration.
        seed: the job's seed.
        inputs: sha256 by the input's name.
        shards: the data files, in order.
        rejects: the files of rejected rows, in order.
        rows_in: rows that the job was given.
        rows_out: rows in the shards.
        rejected: rejected rows by reason; rows_in = rows_out + their sum.
        statistics: whatever a stage counts: lengths, languages, coverage.
    """

    dataset: str
    version: str
    stage: str
    parameters: dict[str, Any]
    seed: int
    inputs: dict[str, str]
    shards: list[Shard]
    rejects: list[Shard]
    rows_in: int
    rows_out: int
    rejected: dict[str, int]
    statistics: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks that nothing vanished.

        Raises:
            TotalsError: where rows_in differs from rows_out + rejected, or rows_out from what the shards hold.
        """
        if self.rows_in != self.rows_out + sum(self.rejected.values()):
            raise TotalsError(
                f"Stage {self.stage}: {self.rows_in} rows went in, {self.rows_out} came out and "
                f"{sum(self.rejected.values())} were rejected.",
                "rows in = rows out + rejected.",
                _REPORT,
            )
        held = sum(shard.rows for shard in self.shards)
        if held != self.rows_out:
            raise TotalsError(
                f"Stage {self.stage}: the shards hold {held} rows, and {self.rows_out} came out.", "the same number.",
                _REPORT,
            )  # fmt: skip

    def write(self, folder: Path) -> None:
        """Writes the manifest into a dataset's folder, whole or not at all, with a seal: the sha256 of all it says."""
        temporary = folder / (MANIFEST + ".tmp")
        values = json.loads(json.dumps(asdict(self)))  # as whoever reads it will have it
        text = json.dumps(values | {_SEAL: sha256_of_json(values)}, indent=2, sort_keys=True, ensure_ascii=False)
        temporary.write_text(text + "\n")
        temporary.replace(folder / MANIFEST)


def dataset_of(stage: str) -> Mark:
    """How a dataset that a stage wrote is known."""
    return Mark(MANIFEST, f'"stage": "{stage}"')


def read_manifest(folder: Path) -> Manifest:
    """Reads a dataset's manifest.

    Raises:
        InputError: where there is none, or it cannot be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(
            f"{folder} is not a finished dataset: it has no {MANIFEST}.",
            "a folder that a stage has written to its end.",
            "run the stage that writes it, or give another folder.",
        )
    try:
        return manifest_of(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def manifest_of(content: bytes, where: str) -> Manifest:
    """The manifest that a file holds.

    Args:
        content: of the file.
        where: the file, for messages.

    Raises:
        InputError: where it is none.
    """
    try:
        values = json_object(content)
        values.pop(_SEAL, None)
        check_values(values)
    except UnlikeError as error:
        raise InputError(f"{where} cannot be read as a manifest: {error.found}.", error.expected, MEND) from error
    shards = [Shard(**shard) for shard in values.pop("shards")]
    rejects = [Shard(**shard) for shard in values.pop("rejects")]
    return Manifest(**values, shards=shards, rejects=rejects)


def is_sealed(content: bytes) -> bool:
    """Whether a manifest says what it said when it was written, by the seal that each is written with."""
    values = json_object(content)
    try:
        return bool(values.pop(_SEAL, None) == sha256_of_json(values))
    except UnicodeEncodeError:  # half a character, as JSON may escape it, is in no file that a stage wrote
        return False
