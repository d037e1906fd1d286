"""What all layouts of region features say of a picture."""

from __future__ import annotations

import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from contract.pickles import BROKEN_PICKLE
from pipelines.regions.found import Attributes

WIDEST = 2**15  # numbers of a feature: the dataset's column counts them in int16


@dataclass(frozen=True)
class Record:
    """The regions of one picture as a file states them.

    Attributes:
        width: of the picture, in px; None where the file does not say.
        height: likewise.
        boxes: float32 [R, 4], x1 y1 x2 y2 in px of that picture.
        features: floating [R, F].
        classes: int64 [R], 0-based; None where the file states none.
        scores: float32 [R], of the classes; None where the file states none.
        attributes: None where the file states none.
    """

    width: int | None
    height: int | None
    boxes: NDArray[np.float32]
    features: NDArray[np.floating]
    classes: NDArray[np.int64] | None
    scores: NDArray[np.float32] | None
    attributes: Attributes | None = None

    def __post_init__(self) -> None:
        """Refuses parts that do not fit each other.

        Raises:
            InputError: says which.
        """
        count, boxes = len(self.boxes), self.boxes
        fits = {
            "boxes": boxes.shape == (count, 4) and np.isfinite(boxes).all() and (boxes[:, 2:] > boxes[:, :2]).all(),
            "features": self.features.ndim == 2 and len(self.features) == count and 0 < self.features.shape[1] < WIDEST,
            "classes": self.classes is None or self.classes.shape == (count,),
            "scores": self.scores is None or _are_probabilities(self.scores, count),
            "attributes": self.attributes is None
            or (self.attributes.ids.shape == (count,) and _are_probabilities(self.attributes.scores, count)),
            "width": self.width is None or 0 < self.width < 2**31,
            "height": self.height is None or 0 < self.height < 2**31,
        }
        for name, fitting in fits.items():
            if not fitting:
                raise InputError(
                    f"its {name} are not those of {count} regions",
                    "finite numbers, as many as regions; boxes with an area.",
                )


def _are_probabilities(values: NDArray[np.float32], count: int) -> bool:
    return values.shape == (count,) and bool(((values >= 0) & (values <= 1)).all())


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turns whatever a library says of broken bytes into a message of ours.

    Raises:
        InputError: names what could not be read.
    """
    try:
        yield
    except (*BROKEN_PICKLE, tokenize.TokenError) as error:  # the last is numpy's, of a header that does not end
        raise InputError(f"{what} cannot be read ({type(error).__name__}: {error})", "an undamaged file.") from error


def whole(value: Any, what: str) -> int:
    """A whole number that a file states.

    Raises:
        InputError: where it is none.
    """
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"its {what} is no whole number", "digits.") from error
    if not isinstance(value, bytes | str) and number != value:
        raise InputError(f"its {what} is {value}", "a whole number.")
    return number


def numbers(values: Any, kind: type[np.generic], what: str) -> NDArray[Any]:
    """Numbers that a file states, as numbers of another kind that hold them.

    Raises:
        InputError: where they are no real numbers, or classes no whole ones.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise InputError(f"its {what} are of the kind {array.dtype} in {array.ndim} dimensions", "real numbers.")
    with np.errstate(invalid="ignore", over="ignore"):
        converted = array.astype(kind)
        if np.issubdtype(kind, np.integer) and not (converted == array).all():
            raise InputError(f"its {what} are no whole numbers", "numbers of classes.")
    return converted
