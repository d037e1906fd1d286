"""The search log as files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.scenes.log.clicks import click_rows
from pipelines.scenes.log.labels import image_rows, relevance_rows
from pipelines.scenes.log.pictures import Found
from pipelines.scenes.raw.captions import write_lines
from pipelines.scenes.scene import Scene
from pipelines.scenes.stage import Config


def write_log(
    splits: Mapping[str, Sequence[Scene]], found: Sequence[Found], folder: Path, config: Config, seed: int
) -> None:
    """Writes clicks.jsonl, what is true of its rows, and the labels.

    Labels, from which models learn, are only of training pictures and of those that only the log knows.

    Args:
        splits: the scenes of the captioned pictures.
        found: the pictures that only the log knows.
        folder: where to.
        config: numbers of rows.
        seed: the job's.
    """
    folder.mkdir()
    drawn = [
        Found(scene.scene_id, scene, shortest_side=min(scene.width, scene.height))
        for scenes in splits.values()
        for scene in scenes
    ]
    training = drawn[: len(splits["train"])]
    rows = click_rows([*drawn, *found], config.log_rows, seed)
    _write_rows(folder / "clicks.jsonl", (row for row, _ in rows))
    _write_rows(folder / "row_labels.jsonl", _truths(rows))
    _write_rows(folder / "relevance_labels.jsonl", relevance_rows(training, config.relevance_labels, seed))
    _write_rows(folder / "image_labels.jsonl", image_rows([*training[: config.image_labels], *found]))


def _truths(rows: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """What is true of each row, by the byte at which it begins in its file."""
    offset = 0
    for row, truth in rows:
        judged = truth if row["lang"] is None else {name: truth[name] for name in truth if name != "lang"}
        yield {"source": f"clicks.jsonl:{offset}"} | judged  # a language that the log states is not judged
        offset += len(_line(row).encode()) + 1


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    write_lines(path, map(_line, rows))
