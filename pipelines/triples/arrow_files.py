"""Tables between the passes: as files, and as the blocks that Beam shuffles."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_SMALL = pa.ipc.IpcWriteOptions(compression="zstd")  # blocks wait in the runner's memory


def write_table(path: Path, schema: pa.Schema, table: pa.Table) -> None:
    """Writes an Arrow file."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema, options=_OPTIONS) as writer:
        writer.write_table(table.combine_chunks())


def read_table(path: Path) -> pa.Table:
    """The whole of an Arrow file."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def as_block(table: pa.Table) -> bytes:
    """A table as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_SMALL) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def from_block(block: bytes) -> pa.Table:
    """The table of a block."""
    return pa.ipc.open_stream(block).read_all()
