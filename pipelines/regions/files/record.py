"""What all layouts of region features say of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError


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
    """

    width: int | None
    height: int | None
    boxes: NDArray[np.float32]
    features: NDArray[np.floating]
    classes: NDArray[np.int64] | None
    scores: NDArray[np.float32] | None

    def __post_init__(self) -> None:
        """Refuses parts that do not fit each other.

        Raises:
            InputError: says which.
        """
        count = len(self.boxes)
        fits = {
            "boxes": self.boxes.shape == (count, 4) and np.isfinite(self.boxes).all(),
            "features": self.features.ndim == 2 and len(self.features) == count and self.features.shape[1] > 0,
            "classes": self.classes is None or self.classes.shape == (count,),
            "scores": self.scores is None
            or (self.scores.shape == (count,) and bool(((self.scores >= 0) & (self.scores <= 1)).all())),
            "width": self.width is None or 0 < self.width < 2**31,
            "height": self.height is None or 0 < self.height < 2**31,
        }
        for name, fitting in fits.items():
            if not fitting:
                raise InputError(f"its {name} are not those of {count} regions", "finite numbers, as many as regions.")


def whole(value: Any, what: str) -> int:
    """A whole number that a file states.

    Raises:
        InputError: where it is none.
    """
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"its {what} is no whole number", "digits.") from error
