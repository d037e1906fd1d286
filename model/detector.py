"""Trains a small object detector from COCO boxes, or takes the weights that a profile names.

    python -m model.detector --raw data/demo/raw --out data/demo/detector --metrics data/demo/metrics/detector.json

Boxes are COCO JSON at ``raw/boxes/train.json`` and ``val.json``; pictures lie under ``raw/boxes/images`` where that
folder exists, else under ``raw/images``.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from contract.command import Call, PathOption, run_stage
from contract.detector import (
    IMPORTED,
    SIDES,
    SMALL,
    SPEC_FILE,
    TORCHVISION,
    UNNAMED,
    DetectorSpec,
    build,
    load_weights,
    write_detector,
)
from contract.device import choose_device, use_threads
from contract.errors import InputError, UsageError
from contract.hashing import sha256_of_file, stable_hash
from contract.outputs import METRICS, Mark
from contract.progress import Progress, progress
from model.detector_attributes import AttributeHeads, losses
from model.detector_boxes import BoxedPicture, Pictures, read_boxes
from model.detector_config import DetectorConfig
from model.order import Order

_TORCHVISION_HEAD = 1024
_CLIP_NORM = 5.0


def train(
    network: nn.Module,
    pictures: list[BoxedPicture],
    head_width: int,
    config: DetectorConfig,
    seed: int,
    device: torch.device,
) -> list[dict[str, float]]:
    """Trains a detector in place, with one cycle of the learning rate; boxes' attributes are learnt beside the classes.

    Returns:
        The mean losses of each epoch.

    Raises:
        InputError: where the loss is no number any more.
    """
    images = Pictures(pictures)
    order = Order(len(pictures), seed, "detector")
    steps = max(1, len(pictures) // config.batch_size)
    heads = AttributeHeads(pictures, head_width).to(device)
    parameters = [*network.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=steps * config.epochs)
    network.train().to(memory_format=torch.channels_last)  # a sixth faster on a CPU
    curve = []
    with Progress("detector: training", steps * config.epochs * config.batch_size, "pictures") as bar:
        for epoch in range(config.epochs):
            sums: dict[str, float] = {}
            for step in range(steps):
                number = epoch * steps + step
                torch.manual_seed(stable_hash(seed, "detector", number) % 2**63)  # proposals are sampled
                batch = order.batch(number, config.batch_size).tolist()
                inputs, targets = _augmented([(images[i], pictures[i]) for i in batch], device)
                labels = torch.cat([heads.labels(pictures[i]) for i in batch]).to(device)
                found = losses(network, heads, inputs, targets, labels)
                if "loss_attributes" in found:
                    found["loss_attributes"] = found["loss_attributes"] * config.attribute_weight
                total = torch.stack(list(found.values())).sum()
                if not torch.isfinite(total):
                    raise InputError(f"The detector's loss of step {number} is {total.item()}.", "", "lower the rate.")
                optimiser.zero_grad(set_to_none=True)
                total.backward()
                nn.utils.clip_grad_norm_(parameters, _CLIP_NORM)
                optimiser.step()
                schedule.step()
                for name, loss in found.items():
                    sums[name] = sums.get(name, 0.0) + float(loss.detach()) / steps
                bar.update(config.batch_size, f"loss {float(total.detach()):.2f}")
            curve.append({name: round(value, 5) for name, value in sums.items()})
    return curve


def _augmented(
    batch: list[tuple[Tensor, BoxedPicture]], device: torch.device
) -> tuple[list[Tensor], list[dict[str, Tensor]]]:
    """Pictures as float [3, height, width] in 0 to 1, every other one mirrored, and their targets."""
    images, targets = [], []
    for image, picture in batch:
        boxes = picture.boxes
        if torch.rand(()) < 0.5:
            image = image.flip(2)
            boxes = boxes[:, [2, 1, 0, 3]] * torch.tensor([-1.0, 1, -1, 1]) + torch.tensor([image.shape[2], 0.0] * 2)
        images.append(image.to(device).float() / 255)
        targets.append({"boxes": boxes.to(device), "labels": picture.labels.to(device)})
    return images, targets


@torch.inference_mode()
def detections(
    network: nn.Module, pictures: list[BoxedPicture], batch_size: int, device: torch.device
) -> Iterator[dict[str, Any]]:
    """What the detector finds, in COCO's result format."""
    network.eval()
    images = Pictures(pictures)
    for start in progress(range(0, len(pictures), batch_size), "detector: held-out pictures", unit="batches"):
        found = network([image.to(device).float() / 255 for image in images[start : start + batch_size]])
        for picture, one in zip(pictures[start : start + batch_size], found, strict=True):
            for box, label, score in zip(
                one["boxes"].tolist(), one["labels"].tolist(), one["scores"].tolist(), strict=True
            ):
                x1, y1, x2, y2 = box
                bbox = [x1, y1, x2 - x1, y2 - y1]
                yield {"image_id": picture.image_id, "category_id": label, "bbox": bbox, "score": score}


def average_precision(
    pictures: list[BoxedPicture], names: tuple[str, ...], found: list[dict[str, Any]]
) -> dict[str, float]:
    """COCO's AP (IoU 0.50 to 0.95) and AP50 in percent, by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = COCO()
    annotations: list[dict[str, Any]] = []
    for picture in pictures:
        for (x1, y1, x2, y2), label in zip(picture.boxes.tolist(), picture.labels.tolist(), strict=True):
            annotations.append(
                {"id": len(annotations) + 1, "image_id": picture.image_id, "category_id": label, "iscrowd": 0,
                 "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}
            )  # fmt: skip
    truth.dataset = {
        "images": [{"id": picture.image_id} for picture in pictures],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, 1)],
    }
    if not found:
        return {"AP": 0.0, "AP50": 0.0}
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {"AP": round(100 * float(evaluation.stats[0]), 2), "AP50": round(100 * float(evaluation.stats[1]), 2)}


def run(call: Call[DetectorConfig]) -> None:
    """The stage: trains on raw/boxes or takes the profile's weights, and measures on raw/boxes/val.json."""
    config, device = call.config, choose_device(call.config.device)
    use_threads(config.threads)
    boxes = call.path("raw") / "boxes"
    pictures = boxes / "images" if (boxes / "images").is_dir() else call.path("raw") / "images"
    held_out, names = read_boxes(boxes / "val.json", pictures) if (boxes / "val.json").is_file() else ([], ())
    facts: dict[str, Any]
    network: nn.Module | None
    if config.architecture == IMPORTED:
        classes = _names(config.class_names, "class") if config.class_names else (UNNAMED,)
        spec, network, facts = _spec(config, classes), None, {}
    elif config.weights:
        spec, network = take_weights(config)
        network, facts = network.to(device), {"weights": sha256_of_file(config.weights)}
    elif config.architecture not in TORCHVISION:
        raise UsageError(
            f"detector.architecture is {config.architecture!r}, which is not trained here, and there are no weights.",
            "detector.weights and detector.class_names.",
        )
    elif (boxes / "train.json").is_file():
        training, class_names = read_boxes(boxes / "train.json", pictures)
        spec = _spec(config, class_names)
        torch.manual_seed(stable_hash(call.seed, "detector") % 2**63)
        network = build(spec).to(device).to(memory_format=torch.channels_last)  # a third faster on a CPU
        seen = f"{len(training):,} pictures, {len(class_names)} classes"
        print(f"detector: training {spec.architecture} on {device}: {seen}.")
        facts = {
            "losses": train(network, training, spec.head_width, config, call.seed, device),
            "training_pictures": len(training),
        }
    else:
        raise UsageError(
            f"There is no detector: {boxes / 'train.json'} is not there and `detector.weights` names no file.",
            "boxes to train on, or weights.",
            "place COCO boxes there, or set detector.weights and detector.class_names in the profile.",
        )
    write_detector(call.path("out"), spec, network)
    facts |= _measured(network, spec, held_out, names, config, device)
    facts = {"task": "detection", "architecture": spec.architecture, "classes": len(spec.class_names)} | facts
    call.path("metrics").parent.mkdir(parents=True, exist_ok=True)
    call.path("metrics").write_text(json.dumps(facts, indent=2) + "\n")


def _spec(config: DetectorConfig, class_names: tuple[str, ...]) -> DetectorSpec:
    head = config.head_width if config.architecture == SMALL else _TORCHVISION_HEAD
    shortest, longest = SIDES[config.architecture]
    text = ""
    if config.config is not None:
        from contract.detector.detectron2 import as_yaml, read_configuration

        read = read_configuration(config.config)
        shortest, longest, text = read.INPUT.MIN_SIZE_TEST, read.INPUT.MAX_SIZE_TEST, as_yaml(read)
    if config.shortest_side:
        shortest, longest = config.shortest_side, config.longest_side
    attributes = _names(config.attribute_names, "attribute") if config.attribute_names else ()
    return DetectorSpec(config.architecture, class_names, shortest, longest, head, text, attributes)


def _measured(
    network: nn.Module | None, spec: DetectorSpec, held_out: list[BoxedPicture], names: tuple[str, ...],
    config: DetectorConfig, device: torch.device,
) -> dict[str, Any]:  # fmt: skip
    if network is None or spec.architecture not in TORCHVISION:
        print(f"detector: not measured, since only torchvision's are; this is {spec.architecture}.")
        return {}
    if not held_out:
        print("detector: not measured, since there is no boxes/val.json.")
        return {}
    if names != spec.class_names:
        print(f"detector: not measured, since boxes/val.json has other classes: {', '.join(names[:5])} …")
        return {}
    precision = average_precision(held_out, names, list(detections(network, held_out, config.batch_size, device)))
    print(f"detector: AP {precision['AP']}, AP50 {precision['AP50']} on {len(held_out)} held-out pictures.")
    return precision | {"held_out_pictures": len(held_out)}


def take_weights(config: DetectorConfig) -> tuple[DetectorSpec, nn.Module]:
    """The network whose weights a profile names.

    Raises:
        UsageError: where the class names are missing, or what the network needs is not installed.
        InputError: where class names, weights and architecture do not fit each other.
    """
    spec = _spec(config, _names(config.class_names, "class"))
    network = build(spec)
    load_weights(network, config.weights or Path())
    return spec, network


def _names(path: Path | None, what: str) -> tuple[str, ...]:
    """The names of classes or attributes, one a line of a file."""
    if path is None or not path.is_file():
        raise UsageError(
            f"detector.{what}_names is {path}.", f"a text file with one {what} name a line.",
            f"give the names that the weights know, in order{', without the background' if what == 'class' else ''}.",
        )  # fmt: skip
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except ValueError as error:
        raise InputError(f"{path} is no text ({error}).", f"UTF-8, one {what} name a line.") from error
    return tuple(line.strip() for line in lines if line.strip())


PATHS = (
    PathOption("raw", "the profile's raw folder: boxes/ and images/"),
    PathOption("out", "folder for weights and detector.json", replaces=Mark(SPEC_FILE, '"architecture": ')),
    PathOption("metrics", "JSON file for losses and average precision", replaces=METRICS),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("detector", DetectorConfig, PATHS, run, "Train an object detector, or take a given one.")


if __name__ == "__main__":
    sys.exit(main())
