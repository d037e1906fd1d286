"""Pictures that travel inside the page."""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from contract.dataset import Dataset
from contract.errors import InputError
from contract.pictures import PictureStore

_QUALITY = 78  # of JPEG: small, and no faults to be seen at this width


@dataclass(frozen=True)
class Picture:
    """A small JPEG as a data URI, with its width and height in px."""

    uri: str
    width: int
    height: int


class Pictures:
    """Finds pictures by image_id, reading only the shards that hold them.

    Args:
        images: the dataset of pictures; None where there is none.
        width: px that a picture has at most in the page.
    """

    def __init__(self, images: Dataset | None, width: int) -> None:
        self._images, self._width = images, width

    def of(self, image_ids: Iterable[str]) -> dict[str, Picture]:
        """The pictures of some ids; those that are unknown, gone or broken are left out."""
        if self._images is None or not self._images.num_shards:
            return {}
        store, found = PictureStore(self._images.folder), {}
        for image_id, uri in self._uris(self._images, set(image_ids)).items():
            try:
                found[image_id] = embedded(store.read(uri), self._width)
            except InputError:
                continue  # the page says that it is not there
        return found

    @staticmethod
    def _uris(images: Dataset, image_ids: set[str]) -> dict[str, str]:
        by_shard: defaultdict[int, list[str]] = defaultdict(list)
        for image_id in sorted(image_ids):
            by_shard[images.shard_of(image_id)].append(image_id)
        uris: dict[str, str] = {}
        for shard, wanted in sorted(by_shard.items()):
            table = images.table(["image_id", "uri"], shard)
            rows = table.filter(pc.is_in(table["image_id"], pa.array(wanted, pa.string()))).to_pylist()
            uris |= {row["image_id"]: row["uri"] for row in rows}
        return uris


def embedded(image: Image.Image, width: int) -> Picture:
    """A picture made at most ``width`` px wide, as a JPEG inside a data URI. The same pixels give the same bytes."""
    scale = min(1.0, width / image.width)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    buffer = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return Picture("data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode(), *size)
