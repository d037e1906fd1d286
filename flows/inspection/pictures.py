"""From a row to its picture, wherever the dataset of the pictures lies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa
from PIL import Image

from contract.errors import InputError, M3PError
from contract.hashing import MANIFEST, shard_of
from contract.manifest import Manifest, manifest_of
from contract.manifest_values import is_within
from contract.pictures import FILES_FOLDER, read_picture
from contract.places import Place
from flows.shown import shown

_SHOWN = 80  # characters of a root that is refused
_OTHER = "Pictures are left out whose files have another sha256 than their rows state"
_MOST_ABOVE = 4  # folders above the dataset in which the picture root is looked for: data/demo/images lies in two


class Pictures:
    """Opens pictures of an images dataset by image_id, reading only the shards that hold them.

    A manifest may come from strangers, and its page may go to some: a picture is shown only where its bytes are those
    that the dataset states of it, so that no other one of this machine comes into the page.

    Args:
        images: the folder of the images dataset.
        manifest: its manifest.

    Attributes:
        notes: why pictures were left out that are there, or that may be.
    """

    def __init__(self, images: Place, manifest: Manifest) -> None:
        self._images, self._manifest = images, manifest
        self._stated = lru_cache(maxsize=8)(self._stated_in_shard)
        self._root: Place | None = None
        self._picture_root = manifest.parameters.get("picture_root") or ""
        self.notes: list[str] = []
        if not self._is_path():
            stated = shown(self._picture_root, _SHOWN)
            self.notes.append(
                f"Pictures are left out: the picture_root of {images / MANIFEST} is {stated}, and stages write a path"
            )

    def of(self, image_id: str) -> Image.Image | None:
        """The picture as upright RGB; None where it is unknown, gone, broken, another one or not to be read."""
        try:
            uri, sha256 = self._stated(shard_of(image_id, len(self._manifest.shards))).get(image_id, (None, None))
            if uri is None or not is_within(uri):
                return None
            content = self._read(uri, sha256)
            return read_picture(content, uri) if content is not None else None
        except (M3PError, OSError, ValueError, KeyError, pa.ArrowException):  # a damaged table of pictures, or another
            return None

    def _read(self, uri: str, sha256: str | None) -> bytes | None:
        own, others = uri.startswith(f"{FILES_FOLDER}/"), False
        for root in [self._images] if own else [self._root] if self._root else self._roots():
            content = _content(root / uri)
            if content is not None and hashlib.sha256(content).hexdigest() == sha256:
                self._root = None if own else root
                return content
            others = others or content is not None
        if others and _OTHER not in self.notes:
            self.notes.append(_OTHER)
        return None

    def _is_path(self) -> bool:
        return isinstance(self._picture_root, str) and "://" not in self._picture_root

    def _roots(self) -> Iterator[Place]:
        """Where the pictures may lie: the root is relative to the repository, in which the dataset lies too.

        Stages write it as they were given it: it may be absolute or lead upwards, and is then taken as it stands. None
        is looked for above an address's first folder, where its beginning would name another host or bucket.
        """
        if not self._is_path():
            return
        if not self._picture_root:
            yield self._images
            return
        yield Place.of(self._picture_root)
        above, named = self._images, self._images.local is None and "://" in self._images.address
        for _ in range(_MOST_ABOVE if is_within(self._picture_root) else 0):
            if not above.name:
                return
            above = above.parent
            if named and "://" not in above.address:
                return
            yield above / self._picture_root

    def _stated_in_shard(self, shard: int) -> dict[str, tuple[str | None, str | None]]:
        """Each picture's uri and sha256."""
        with (self._images / self._manifest.shards[shard].path).parquet() as file:
            table = file.read(columns=["image_id", "uri", "sha256"])
        ids, uris, hashes = (table.column(name).to_pylist() for name in ("image_id", "uri", "sha256"))
        return dict(zip(ids, zip(uris, hashes, strict=True), strict=True))


def _content(place: Place) -> bytes | None:
    """What a file holds; None where there is none. What is read without end, as a device may be, is no file."""
    return place.read() if place.local is None or place.local.is_file() else None


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
