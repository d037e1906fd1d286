"""Boxes as COCO JSON; none of the test pictures, whose boxes no one may learn from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.scenes.raw.pictures import file_name
from pipelines.scenes.scene import NOUNS, Scene, SceneObject

BOXED_SPLITS = ("train", "val")


def write_boxes(splits: Mapping[str, Sequence[Scene]], folder: Path) -> None:
    """Writes train.json and val.json."""
    folder.mkdir()
    for split in BOXED_SPLITS:
        (folder / f"{split}.json").write_text(json.dumps(coco(splits[split])) + "\n")


def coco(scenes: Sequence[Scene]) -> dict[str, Any]:
    """Scenes as COCO has them: numbered from 1, boxes as x, y, width and height in px."""
    boxed = [(number, thing) for number, scene in enumerate(scenes, 1) for thing in scene.objects]
    return {
        "images": [
            {"id": number, "file_name": file_name(scene), "width": scene.width, "height": scene.height}
            for number, scene in enumerate(scenes, 1)
        ],
        "annotations": [_annotation(number, image, thing) for number, (image, thing) in enumerate(boxed, 1)],
        "categories": [{"id": number, "name": noun} for number, noun in enumerate(NOUNS, 1)],
    }


def _annotation(number: int, image: int, thing: SceneObject) -> dict[str, Any]:
    x1, y1, x2, y2 = thing.box
    return {
        "id": number,
        "image_id": image,
        "category_id": NOUNS.index(thing.noun) + 1,
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": (x2 - x1) * (y2 - y1),
        "iscrowd": 0,
        "attributes": {"colour": thing.colour, "texture": thing.texture, "size": thing.size},
    }
