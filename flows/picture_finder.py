"""From an image_id to its picture."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

from contract.dataset import Dataset
from contract.errors import InputError
from contract.pictures import PictureStore


class PictureFinder:
    """Opens pictures of an images dataset by image_id, reading only the shards that hold them.

    Args:
        images: the images dataset.
    """

    def __init__(self, images: Dataset) -> None:
        self._images, self._store = images, PictureStore(images.folder)
        self._uris = lru_cache(maxsize=8)(self._uris_of_shard)

    def picture(self, image_id: str) -> Image.Image | None:
        """The picture as upright RGB; None where it is unknown, gone or broken."""
        uri = self._uris(self._images.shard_of(image_id)).get(image_id)
        if uri is None:
            return None
        try:
            return self._store.read(uri)
        except InputError:
            return None

    def _uris_of_shard(self, shard: int) -> dict[str, str]:
        return {row["image_id"]: row["uri"] for row in self._images.rows(["image_id", "uri"], shard)}
