"""Opening pictures that strangers made."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from contract.errors import InputError
from contract.manifest import read_manifest

FILES_FOLDER = "_files"  # pictures that a stage itself wrote, within the images dataset
MAX_PIXELS = 100_000_000  # more is taken for a decompression bomb; the largest cameras stay under it
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_BROKEN = (  # what Pillow raises for broken files
    OSError, SyntaxError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError,
    struct.error, zlib.error,
)  # fmt: skip
_EXPECTED = f"a whole picture: {', '.join(_FORMATS)}."


class PictureTooLargeError(InputError):
    """More pixels than MAX_PIXELS."""


class PictureUnreadableError(InputError):
    """The file is broken, or no picture in a format that is accepted."""


class PictureMissingError(InputError):
    """There is no such file."""


class PicturePathError(InputError):
    """The picture's uri leads out of its folder."""


def read_picture(source: Path | bytes, name: str = "") -> Image.Image:
    """Decodes a picture wholly, as upright RGB.

    Args:
        source: its file, or its bytes.
        name: what to call it in errors; the file's path where it is empty.

    Raises:
        PictureMissingError: there is no such file.
        PictureTooLargeError: it has more than MAX_PIXELS pixels; nothing is decoded.
        PictureUnreadableError: it is broken, cut off, or in no accepted format.
    """
    name = name or str(source if isinstance(source, Path) else "picture")
    if isinstance(source, Path) and not source.is_file():
        raise PictureMissingError(f"{name} is not there.", "a picture.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on broken metadata, and on bombs: the limit below is ours
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PictureTooLargeError(
                        f"{name} has {image.width} × {image.height} pixels.", f"at most {MAX_PIXELS} pixels."
                    )
                return _eight_bits(_upright(image)).convert("RGB")
    except Image.DecompressionBombError as error:
        raise PictureTooLargeError(f"{name}: {error}", f"at most {MAX_PIXELS} pixels.") from error
    except UnidentifiedImageError as error:  # its own text holds an address in memory, another one in every run
        raise PictureUnreadableError(f"{name} is no picture in a format that is read.", _EXPECTED) from error
    except _BROKEN as error:
        reason = getattr(error, "strerror", None) or error  # without the path, which differs between machines
        raise PictureUnreadableError(f"{name} cannot be decoded: {reason}", _EXPECTED) from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 bits with 8, which ``convert`` would cut off at 255; any other as it is.

    Raises:
        ValueError: of 32 bits, for no file says which number is white.
    """
    if image.mode in ("I", "F"):
        raise ValueError("it is grey of 32 bits a pixel, and nothing says which number is white")
    if not image.mode.startswith("I;16"):
        return image
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


def _upright(image: Image.Image) -> Image.Image:
    """The picture as its EXIF data turn it; as it is where these are broken, as browsers show it."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:
        return image


class PictureStore:
    """Finds the pictures of an images dataset by their uri.

    A uri under ``_files/`` lies in the dataset's own folder. Any other is relative to the picture root, which
    the manifest's parameters state as ``picture_root``, itself relative to the repository: the working directory or,
    where there is no such folder in it, the nearest folder above the dataset that has one.

    Args:
        images: folder of the images dataset.
    """

    def __init__(self, images: Path) -> None:
        self._images = images
        self._root = Path(read_manifest(images).parameters.get("picture_root") or images)
        if not self._root.is_dir():  # asked from elsewhere
            above = (folder / self._root for folder in images.resolve().parents)
            self._root = next((folder for folder in above if folder.is_dir()), self._root)

    def path(self, uri: str) -> Path:
        """Where the picture of a uri lies.

        Raises:
            PicturePathError: where the uri leads out of its folder.
        """
        root = self._images if uri.startswith(FILES_FOLDER + "/") else self._root
        parts = Path(uri)
        if parts.is_absolute() or ".." in parts.parts:
            raise PicturePathError(f"The uri {uri!r} leads out of its folder.", "a path below it.")
        return root / parts

    def read(self, uri: str) -> Image.Image:
        """The picture of a uri, as upright RGB."""
        return read_picture(self.path(uri))
