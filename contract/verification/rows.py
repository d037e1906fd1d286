"""One file's rows, read once from first to last and put to every check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from contract.breaches import BreachError
from contract.rejects import REASONS
from contract.schemas import REJECTS, DatasetSchema
from contract.verification.columns import check_columns
from contract.verification.neighbours import Neighbours
from contract.verification.order import ShardOrder
from contract.verification.part import Part
from contract.verification.ranks import Ranks
from contract.verification.rules import check_rules
from contract.verification.tallies import Tallies

_ROWS, _ROWS_WITH_VECTORS = 8192, 64


def check_rows(
    file: pq.ParquetFile,
    schema: DatasetSchema,
    where: str,
    parameters: Mapping[str, Any],
    place: tuple[int, int] | None = None,
    neighbours: Neighbours | None = None,
) -> Tallies:
    """Checks all rows of a shard.

    Args:
        file: the shard.
        schema: its dataset's.
        where: the file, for messages.
        parameters: the manifest's.
        place: which shard it is, of how many; None where that is not to be checked.
        neighbours: the datasets beside it.

    Returns:
        What counts only with the other shards'.

    Raises:
        BreachError: of the first row that breaks a rule.
    """
    index, shards = place or (None, 1)
    order, tallies = ShardOrder(schema, index, shards), Tallies()
    ranks = Ranks() if schema.name == "triples" else None
    beside = neighbours.of_shard(index) if neighbours and index is not None else None
    for batch in _batches(file, schema, where):
        part = Part(batch, schema, where, parameters)
        check_columns(part)
        order.check(part)
        check_rules(part)
        if ranks:
            ranks.check(part)
        if beside:
            beside.check(part)
        tallies.add(part)
    return tallies


def check_rejects(file: pq.ParquetFile, where: str) -> Counter[str]:
    """Checks all rows of a file of rejects, and counts them by reason.

    Raises:
        BreachError: of the first row that breaks a rule.
    """
    order, counts = ShardOrder(REJECTS, None, 1), Counter[str]()
    for batch in _batches(file, REJECTS, where):
        part = Part(batch, REJECTS, where, {})
        check_columns(part)
        order.check(part)
        for row, (source, reason, message) in enumerate(part.values("source", "reason", "message")):
            if reason not in REASONS:
                raise part.breach("reject_reason", row, f"its reason is {reason!r}.", "one of contract/rejects.py.")
            if not source or not message:
                raise part.breach("reject_incomplete", row, "its source or message is empty.", "both.")
        counts.update(part.column("reason").to_pylist())
    return counts


def _batches(file: pq.ParquetFile, schema: DatasetSchema, where: str) -> Iterator[pa.RecordBatch]:
    names = [name for name in schema.arrow.names if name in file.schema_arrow.names]
    try:
        for batch in file.iter_batches(_ROWS_WITH_VECTORS if schema.vectors else _ROWS, columns=names):
            batch.validate(full=True)  # text that is no UTF-8 is read as if it were
            if batch.num_rows:
                yield schema.completed(batch, schema.arrow.names)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise BreachError("damaged", f"{where} cannot be read to its end ({error}).") from error
