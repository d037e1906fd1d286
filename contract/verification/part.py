"""Some rows of a file, and how a check says which of them is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from contract.breaches import BreachError
from contract.schemas import DatasetSchema


@dataclass(frozen=True)
class Part:
    """Rows that follow each other.

    Attributes:
        batch: the rows, with all columns of the schema.
        schema: the dataset's.
        where: the file, for messages.
        parameters: the manifest's; empty of a file without one.
    """

    batch: pa.RecordBatch
    schema: DatasetSchema
    where: str
    parameters: Mapping[str, Any]

    def column(self, name: str) -> pa.Array:
        """One column."""
        return self.batch.column(name)

    def values(self, *names: str) -> Sequence[tuple[Any, ...]]:
        """The rows as tuples of some columns."""
        return list(zip(*(self.column(name).to_pylist() for name in names), strict=True))

    def key(self, row: int) -> str:
        """A row's key as people read it."""
        return ", ".join(f"{name} {self.column(name)[row].as_py()!r}" for name in self.schema.key)

    def breach(self, name: str, row: int, what: str, expected: str = "") -> BreachError:
        """The error of one row."""
        return BreachError(name, f"{self.where}: {self.key(row)}: {what}", expected)

    def refuse(self, name: str, wrong: pa.Array | np.ndarray, what: str, expected: str = "") -> None:
        """Raises the error of the first row that is wrong, where any is.

        Args:
            name: of the breach.
            wrong: bool [rows]; null is not wrong.
            what: what is wrong with it; ``{value}`` is not filled in.
            expected: what should be there.

        Raises:
            BreachError: of the first such row.
        """
        found = wrong if isinstance(wrong, np.ndarray) else wrong.fill_null(False).to_numpy(zero_copy_only=False)
        if found.any():
            raise self.breach(name, int(np.argmax(found)), what, expected)
