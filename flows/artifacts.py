"""What a run leaves in Prefect for people: what was written and where, row counts, rejects, metrics, pictures."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prefect.artifacts import create_image_artifact, create_link_artifact, create_table_artifact

from contract.hashing import MANIFEST
from contract.manifest import read_manifest
from flows.artifact_pictures import picture_of
from flows.graph import Graph, Stage, outputs_in_lock, report_page

_METRICS_ROWS = 500


def leave_stage(stage: Stage) -> None:
    """Leaves what a stage wrote and a link to it, and its row counts, metrics and a picture where it has any."""
    leave_paths(_key(stage.address, "outputs"), f"What {stage.address} wrote", stage.writes)
    for path in map(Path, stage.writes[:1]):
        create_link_artifact(
            path.resolve().as_uri(), link_text=str(path), key=_key(stage.address, "link"),
            description=f"On {platform.node()}",
        )  # fmt: skip
    if rows := list(_row_counts([stage])):
        create_table_artifact(rows, key=_key(stage.address, "rows"), description=f"Rows that {stage.address} wrote")
    if metrics := list(_metrics([stage])):
        create_table_artifact(metrics, key=_key(stage.address, "metrics"), description=f"Metrics of {stage.address}")
    for path in map(Path, stage.writes):
        if picture := picture_of(path):
            create_image_artifact(picture.uri, key=_key(stage.address, "picture"), description=picture.shows)
            break


def leave_paths(key: str, title: str, paths: Iterable[str]) -> None:
    """Leaves a table of files and folders, with their sizes and the hashes by which DVC knows them.

    Args:
        key: the artifact's; lower case, digits and hyphens.
        title: what they are.
        paths: the files and folders.
    """
    known = outputs_in_lock()
    rows = [
        {"path": path, "files": entry.get("nfiles", 1), "bytes": entry.get("size"), "DVC hash": entry.get("md5")}
        for path in paths
        for entry in [known.get(path, {})]
    ]
    create_table_artifact(rows, key=_key(key), description=title)


def leave_summary(profile: str, graph: Graph) -> None:
    """Leaves the whole profile's row counts and metrics, and a link to its report."""
    stages = list(graph.values())
    if rows := list(_row_counts(stages)):
        create_table_artifact(rows, key=_key(profile, "rows"), description="Rows and rejects of every stage")
    if metrics := list(_metrics(stages)):
        create_table_artifact(metrics[:_METRICS_ROWS], key=_key(profile, "metrics"), description="Metrics")
    page = report_page(graph)
    if page is not None and page.is_file():
        create_link_artifact(page.resolve().as_uri(), link_text=str(page), key=_key(profile, "report"))


def _key(*parts: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def _row_counts(stages: Iterable[Stage]) -> Iterator[dict[str, Any]]:
    for stage in stages:
        for path in map(Path, stage.writes):
            if (path / MANIFEST).is_file():
                manifest = read_manifest(path)
                yield {
                    "stage": stage.address, "dataset": manifest.dataset, "rows in": manifest.rows_in,
                    "rows out": manifest.rows_out, "rejected": sum(manifest.rejected.values()),
                    "rejects by reason": ", ".join(f"{why} {n}" for why, n in sorted(manifest.rejected.items())),
                }  # fmt: skip


def _metrics(stages: Iterable[Stage]) -> Iterator[dict[str, Any]]:
    for stage in stages:
        for path in map(Path, stage.writes):
            if path.suffix == ".json" and path.is_file():
                for name, value in _numbers(json.loads(path.read_text())):
                    yield {"stage": stage.address, "metric": name, "value": value}


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield name, value
