"""Tasks that are left out because nobody brought their data: what is written in their place says so."""

from __future__ import annotations

from pathlib import Path

from contract.manifest import read_manifest


def why_left_out(data: Path | None, captions: Path | None) -> str | None:
    """Why there is nothing to learn or to ask, in a sentence; None where there is.

    Args:
        data: the folder of a task's own text files, where it is given.
        captions: the dataset of captions or triples, where it is given.
    """
    if data is not None and data.is_dir() and not any(path.is_file() for path in data.rglob("*")):
        return f"{data} holds no file."
    if captions is not None and not sum(shard.rows for shard in read_manifest(captions).shards):
        return f"{captions} holds no row."
    return None
