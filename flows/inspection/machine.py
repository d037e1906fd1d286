"""Datasets and checkpoints as JSON, in ASCII, so that no terminal takes it for more."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flows.inspection.checkpoint import CheckpointView
from flows.inspection.dataset import Inspection
from flows.inspection.datasets import Stated
from flows.inspection.rows import readable_row


def inspection_json(inspection: Inspection) -> dict[str, Any]:
    """What is shown of a dataset or a file."""
    manifest = inspection.manifest
    about = asdict(manifest) if manifest else None
    if about and inspection.file:  # one of thousands: what the others are is not asked
        del about["shards"], about["rejects"]
    return {
        "kind": "file" if inspection.file else "rejects" if inspection.of_rejects else "dataset",
        "address": inspection.place.address,
        "dataset": inspection.dataset, "version": inspection.version, "manifest": about,
        "file": asdict(inspection.file) if inspection.file else None,
        "columns": [asdict(column) for column in inspection.columns],
        "rejects": [asdict(one) for one in inspection.rejects],
        "statistics": {"read": inspection.read, **asdict(inspection.statistics)},
        "rows": [readable_row(row) for row in inspection.rows], "notes": inspection.notes,
    }  # fmt: skip


def datasets_json(address: str, datasets: Sequence[Stated], others: Sequence[str]) -> dict[str, Any]:
    """What is shown of a folder of datasets."""
    stated = [asdict(one) for one in datasets]
    return {"kind": "datasets", "address": address, "datasets": stated, "others": list(others)}


def checkpoints_json(address: str, views: Sequence[CheckpointView], several: bool) -> dict[str, Any]:
    """What is shown of a checkpoint, or of several."""
    shown = [
        {
            "kind": "detector" if view.classes else "checkpoint", "address": view.place.address,
            "network": view.network, "training": view.training,
            "numbers": view.numbers, "bytes": view.bytes, "tensors": [asdict(tensor) for tensor in view.tensors],
            "parts": view.parts, "steps": view.steps, **({"left_out": view.left_out} if view.left_out else {}),
        }
        for view in views
    ]  # fmt: skip
    return {"kind": "checkpoints", "address": address, "checkpoints": shown} if several else shown[0]


def to_json(values: dict[str, Any]) -> str:
    """JSON as its standard has it: what is no finite number is null; dates and the like, which it lacks, are text."""
    return json.dumps(_finite(values), indent=2, ensure_ascii=True, allow_nan=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
