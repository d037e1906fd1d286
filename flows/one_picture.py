"""The regions of a picture that belongs to no dataset, found as those of a dataset were."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.config import load_config
from contract.dataset import Dataset
from contract.errors import InputError
from contract.hashing import fingerprint, sha256_of_file
from contract.manifest import Manifest
from contract.pictures import read_picture
from contract.rejects import Reject
from contract.schemas import SCHEMAS
from contract.shards import ShardWriter, shard_name


def find_regions(picture: Path, detector: Path, like: Path, work: Path) -> str:
    """Writes datasets ``images`` and ``regions`` of one picture into a folder, and returns its image_id.

    Args:
        picture: the file.
        detector: the folder of the detector that found the regions of ``like``.
        like: a dataset of regions, whose settings are taken.
        work: an empty folder.

    Raises:
        InputError: where the file is no picture, the detector another one, or too few regions are found.
    """
    from pipelines.regions.detection import DetectionProcess
    from pipelines.regions.settings import Config
    from pipelines.sharded import Tally

    manifest = Dataset(like, "regions").manifest
    if manifest.inputs.get("detector") != fingerprint(detector):
        raise InputError(f"{detector} is not the detector that found the regions of {like}.", "that one.")
    keys = {field.name for field in dataclasses.fields(Config)}
    given = {name: value for name, value in manifest.parameters.items() if name in keys}
    config = load_config(Config, given | {"device": "auto"}, str(like))
    image, image_id = read_picture(picture), picture.name
    row = {
        "image_id": image_id, "split": "test", "uri": picture.name, "width": image.width, "height": image.height,
        "sha256": sha256_of_file(picture), "license": None, "source": "file", "duplicate_group": None,
    }  # fmt: skip
    images = work / "images"
    _write(images, "images", row, {"picture_root": str(picture.resolve().parent)})
    process = DetectionProcess(images, detector, config)
    process.setup()
    (found,) = process.shard(0, Tally())
    if isinstance(found, Reject):
        raise InputError(f"{picture}: {found.message}.", "a picture in which regions can be found.")
    assert isinstance(found, Mapping)  # a picture's row: record batches come of imported features alone
    _write(work / "regions", "regions", found, manifest.parameters)
    return image_id


def _write(folder: Path, name: str, row: Mapping[str, Any], parameters: dict[str, Any]) -> None:
    schema = SCHEMAS[name]
    with ShardWriter(folder, shard_name(0, 1), schema) as writer:
        writer.write([row])
    Manifest(name, schema.version, "one picture", parameters, 0, {}, [writer.shard()], [], 1, 1, {}).write(folder)
