"""The search log as files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
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
    """Writes clicks.jsonl and the labels; labels only of training pictures and of those that only the log knows.

    Args:
        splits: the scenes of the captioned pictures.
        found: the pictures that only the log knows.
        folder: where to.
        config: numbers of rows.
        seed: the job's.
    """
    folder.mkdir()
    drawn = [Found(scene.scene_id, scene) for scenes in splits.values() for scene in scenes]
    training = drawn[: len(splits["train"])]
    _write_rows(folder / "clicks.jsonl", click_rows([*drawn, *found], config.log_rows, seed))
    _write_rows(folder / "relevance_labels.jsonl", relevance_rows(training, config.relevance_labels, seed))
    _write_rows(folder / "image_labels.jsonl", image_rows([*training[: config.image_labels], *found]))


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    write_lines(path, (json.dumps(row, ensure_ascii=False) for row in rows))
