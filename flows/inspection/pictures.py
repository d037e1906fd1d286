"""From a row to its picture, wherever the dataset of the pictures lies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
from PIL import Image

from contract.errors import InputError, M3PError
from contract.hashing import MANIFEST, shard_of
from contract.manifest import Manifest, manifest_of
from contract.pictures import FILES_FOLDER, read_picture
from contract.places import Place

_MOST_ABOVE = 4  # folders above the dataset in which the picture root is looked for: data/demo/images lies in two


class Pictures:
    """Opens pictures of an images dataset by image_id, reading only the shards that hold them.

    Args:
        images: the folder of the images dataset.
        manifest: its manifest.
    """

    def __init__(self, images: Place, manifest: Manifest) -> None:
        self._images, self._manifest = images, manifest
        self._uris = lru_cache(maxsize=8)(self._uris_of_shard)
        self._root: Place | None = None

    def of(self, image_id: str) -> Image.Image | None:
        """The picture as upright RGB; None where it is unknown, gone, broken or not to be read."""
        try:
            uri = self._uris(shard_of(image_id, len(self._manifest.shards))).get(image_id)
            parts = PurePosixPath(uri or "/")
            if uri is None or parts.is_absolute() or ".." in parts.parts:
                return None
            content = self._read(uri)
            return read_picture(content, uri) if content is not None else None
        except (M3PError, OSError, ValueError, KeyError, pa.ArrowException):  # a damaged table of pictures, or another
            return None

    def _read(self, uri: str) -> bytes | None:
        if uri.startswith(f"{FILES_FOLDER}/"):
            return (self._images / uri).read()
        for root in [self._root] if self._root else self._roots():
            content = (root / uri).read()
            if content is not None:
                self._root = root
                return content
        return None

    def _roots(self) -> Iterator[Place]:
        """Where the pictures may lie: the root is relative to the repository, in which the dataset lies too."""
        root = str(self._manifest.parameters.get("picture_root") or "")
        if not root:
            yield self._images
            return
        yield Place.of(root)
        above = self._images
        for _ in range(_MOST_ABOVE):
            if PurePosixPath(root).is_absolute() or ".." in PurePosixPath(root).parts or not above.name:
                return
            above = above.parent
            yield above / root

    def _uris_of_shard(self, shard: int) -> dict[str, str]:
        with (self._images / self._manifest.shards[shard].path).parquet() as file:
            table = file.read(columns=["image_id", "uri"])
        return dict(zip(table.column("image_id").to_pylist(), table.column("uri").to_pylist(), strict=True))


def pictures_beside(place: Place, dataset: str) -> Pictures | None:
    """The pictures of a dataset: its own, or those of ``images`` beside it; None where there are none.

    Args:
        place: its folder.
        dataset: its name.
    """
    images = place if dataset == "images" else place.parent / "images"
    content = (images / MANIFEST).read()
    if content is None:
        return None
    try:
        manifest = manifest_of(content, str(images / MANIFEST))
    except InputError:
        return None
    return Pictures(images, manifest) if manifest.dataset == "images" and manifest.shards else None


def has_picture(row: dict[str, Any]) -> bool:
    """Whether a row says which picture it belongs to."""
    return isinstance(row.get("image_id"), str)
