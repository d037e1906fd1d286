"""The first pass over the pictures: what one is, seen by opening it, or why it is rejected."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from contract.pictures import PictureMissingError, PictureTooLargeError, PictureUnreadableError, read_picture
from contract.rejects import Reject
from contract.schemas import DatasetSchema, column

_REASONS = {
    PictureMissingError: "image_missing",
    PictureTooLargeError: "image_too_large",
    PictureUnreadableError: "image_unreadable",
}

SCAN = DatasetSchema("ingest_scan", "1.0", pa.schema([
    column("image_id", pa.string(), "The picture, or the key of a reject"),
    column("shard", pa.int32(), "Shard of the datasets to which the row goes"),
    column("uri", pa.string(), "Where the picture lies: below raw/images, or below this table's folder", nullable=True),
    column("split", pa.string(), "What a list states", nullable=True),
    column("width", pa.int32(), "Width", "px", nullable=True),
    column("height", pa.int32(), "Height", "px", nullable=True),
    column("sha256", pa.string(), "Of the picture's file", "hexadecimal", nullable=True),
    column("hashes", pa.binary(), "uint64 perceptual hashes of the picture and of crops of it", nullable=True),
    column("license", pa.string(), "As the source states it", nullable=True),
    column("source", pa.string(), "Which file brought it"),
    column("caption", pa.string(), "The caption that lies beside it in an archive", nullable=True),
    column("reason", pa.string(), "Why it is rejected: a code of contract.rejects.REASONS", nullable=True),
    column("message", pa.string(), "The reject in words", nullable=True),
]), ("image_id",), "image_id", unique=False)  # fmt: skip


def examine(picture: Path | bytes, name: str, max_megabytes: int) -> dict[str, Any] | Reject:
    """Decodes a picture wholly and says what the scan keeps of it.

    Args:
        picture: its file or its bytes.
        name: what to call it in messages.
        max_megabytes: a larger file is not read.

    Returns:
        The scan's row, still without image_id, shard, uri, split, license and source; or a reject.
    """
    from pipelines.ingest.perceptual import perceptual_hashes

    try:
        size = len(picture) if isinstance(picture, bytes) else picture.stat().st_size
        if size > max_megabytes << 20:
            return Reject(name, "", "image_too_large", f"{size:,} bytes; at most {max_megabytes} MB are read")
        content = picture if isinstance(picture, bytes) else picture.read_bytes()
        image = read_picture(content, name)
    except (PictureMissingError, PictureTooLargeError, PictureUnreadableError) as error:
        return Reject(name, "", _REASONS[type(error)], error.what)
    except OSError as error:
        return Reject(name, "", "image_unreadable", f"{name}: {error.strerror}")
    return dict.fromkeys(SCAN.arrow.names) | {
        "width": image.width, "height": image.height, "sha256": hashlib.sha256(content).hexdigest(),
        "hashes": perceptual_hashes(image).tobytes(),
    }  # fmt: skip


def rejected(reject: Reject, shard: int) -> dict[str, Any]:
    """A reject as a row of the scan."""
    return dict.fromkeys(SCAN.arrow.names) | {
        "image_id": reject.key, "shard": shard, "source": reject.source,
        "reason": reject.reason, "message": reject.message,
    }  # fmt: skip
