"""The first pass: clean sentences, sorted towards the shard of their hash, a run at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from contract.hashing import shard_of, stable_hash
from contract.lines import Line, read_lines
from contract.schemas import DatasetSchema, column
from contract.text import clean_text
from pipelines.corpus.pieces import Piece, pieces_of
from pipelines.corpus.settings import Config
from pipelines.sharded import Tally

_RUN_LINES = 50_000  # held in memory and sorted at once

SPILL = DatasetSchema("corpus_spill", "1.0", pa.schema([
    column("run", pa.int32(), "Number of the sorted run within its piece"),
    column("shard", pa.int32(), "Shard of the corpus to which the row goes"),
    column("key", pa.string(), "sentence_id, or file and byte of a line that is rejected"),
    column("lang", pa.string(), "Language", "BCP 47"),
    column("text", pa.string(), "The clean sentence; empty where it is rejected"),
    column("source", pa.string(), "The file, below the text folder"),
    column("reason", pa.string(), "Why it is rejected; empty where it is not"),
    column("message", pa.string(), "The reject in words; empty where there is none"),
]), ("run", "shard"), "key", unique=False)  # fmt: skip

_Row = tuple[int, str, str, str, str, str, str]  # shard, key, lang, text, source, reason, message


class SpillProcess:
    """Reads one piece of one file.

    Args:
        folder: the text folder.
        config: the stage's settings.
    """

    def __init__(self, folder: Path, config: Config) -> None:
        self._folder, self._config = folder, config

    def setup(self) -> None:
        """Lists the pieces, once a process."""
        config = self._config
        self._pieces = pieces_of(self._folder, config.languages, config.piece_megabytes << 20)

    def shard(self, index: int, tally: Tally) -> Iterator[pa.RecordBatch]:
        """Yields the piece's sentences in sorted runs."""
        piece, run, rows = self._pieces[index], 0, list[_Row]()
        for line in read_lines(piece.path, piece.start, piece.end):
            tally.rows_in += 1
            rows.append(_row(line, piece, self._config))
            if len(rows) == _RUN_LINES:
                yield _batch(run, rows)
                run, rows = run + 1, []
        yield _batch(run, rows)


def sentence_id_of(lang: str, text: str) -> str:
    """The id of a sentence: the same sentence of one language has one id."""
    return f"{stable_hash(lang, text):016x}"


def _row(line: Line, piece: Piece, config: Config) -> _Row:
    text = clean_text(line.text)
    fault = _fault(text, line, config)
    if fault is None:
        key = sentence_id_of(piece.lang, text)
        return shard_of(key, config.shards), key, piece.lang, text, piece.source, "", ""
    key = f"{piece.source}@{line.offset}"
    return shard_of(key, config.shards), key, piece.lang, "", piece.source, *fault


def _fault(text: str, line: Line, config: Config) -> tuple[str, str] | None:
    """Why a line gives no sentence: reason and message; None where it does."""
    if line.fault:
        return "malformed_row", line.fault
    if not text:
        return "sentence_empty", "an empty line"
    if len(text) < config.min_characters:
        return "sentence_too_short", f"{len(text)} characters, at least {config.min_characters}: {text!r}"
    if len(text) > config.max_characters:
        return "sentence_too_long", f"{len(text)} characters, at most {config.max_characters}: {text[:40]!r}…"
    return None


def _batch(run: int, rows: list[_Row]) -> pa.RecordBatch:
    rows.sort(key=lambda row: row[0])
    columns = zip(*rows, strict=True) if rows else [()] * (len(SPILL.arrow) - 1)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, list(SPILL.arrow)[1:], strict=True)]
    return pa.RecordBatch.from_arrays([pa.repeat(pa.scalar(run, pa.int32()), len(rows)), *arrays], schema=SPILL.arrow)
