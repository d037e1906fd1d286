"""The stage ``regions``: one output shard from each shard of the images, found by a detector or imported."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from contract.command import Call, PathOption, run_stage
from contract.dataset import Dataset
from contract.detector import IMPORTED, DetectorSpec, detector_name, read_spec
from contract.device import choose_device
from contract.manifest import dataset_of
from pipelines.regions.detection import DetectionProcess
from pipelines.regions.imported import ImportProcess
from pipelines.regions.settings import Config
from pipelines.sharded import Job, ShardProcess, run_sharded

_WORKERS_A_GPU = 2  # processes, each with a network of its own: one computes while the other writes
KEPT_MEMORY = {  # glibc would give a network's gigabytes back after each batch, and have them cleared for the next
    "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**30),
}  # fmt: skip
_LIBRARIES = ("torch", "torchvision", "pillow")  # another version may round otherwise, so that a resume begins anew


def run(call: Call[Config]) -> None:
    """The stage: a job over the shards of the images."""
    images, detector = call.path("images"), call.path("detector")
    dataset, spec = Dataset(images, "images"), read_spec(detector)
    inputs, process, parameters = _source(call, images, detector, spec)
    workers = min(call.workers, _WORKERS_A_GPU) if parameters.get("computed_on") == "cuda" else call.workers
    run_sharded(
        Job(
            "regions", "regions", call.path("out"), dataset.num_shards, call.config, call.seed, inputs,
            ("pipelines.regions", "contract.detector", "contract.pictures", "contract.pickles", "contract.device"),
            parameters, {} if spec.architecture == IMPORTED else KEPT_MEMORY,
        ),
        process, workers, len(dataset), _summarise,
    )  # fmt: skip


def _source(
    call: Call[Config], images: Path, detector: Path, spec: DetectorSpec
) -> tuple[dict[str, Path], ShardProcess, dict[str, Any]]:
    """What the regions depend on, the job, and what else determines them. Only the workers load the detector."""
    names = {"object_classes": list(spec.class_names), "attribute_classes": list(spec.attribute_names)}
    if spec.architecture == IMPORTED:
        features = call.path("imported")
        inputs = {"images": images, "detector": detector, "features": features}
        return inputs, ImportProcess(images, detector, features, call.config), names
    device = choose_device(call.config.device)
    print(f"regions: {detector_name(detector)} on {device}.")
    process = DetectionProcess(images, detector, call.config)
    return {"images": images, "detector": detector}, process, names | {
        "computed_on": device.type, "computed_with": {name: version(name) for name in _LIBRARIES},
    }  # fmt: skip


def _summarise(statistics: dict[str, Any]) -> dict[str, Any]:
    """Turns the sum of scores into their mean."""
    total = sum(statistics.get("objects", {}).values())
    mean = round(statistics.pop("score_sum", 0.0) / total, 4) if total else None
    return statistics | {"regions": total, "mean_score": mean}


PATHS = (
    PathOption("images", "dataset of pictures"),
    PathOption("detector", "folder of the detector"),
    PathOption("imported", "folder of features that are there already; for the detector `imported`", required=False),
    PathOption("out", "where the dataset of regions goes", replaces=dataset_of("regions")),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("regions", Config, PATHS, run, "Find the regions of every picture, or import them.")
