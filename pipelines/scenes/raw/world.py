"""All parts of the raw data, one after the other."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from contract.command import Call
from contract.config import as_parameters
from pipelines.scenes.content import contents
from pipelines.scenes.log.files import write_log
from pipelines.scenes.log.pictures import draw_log_pictures
from pipelines.scenes.raw.boxes import write_boxes
from pipelines.scenes.raw.captions import write_captions
from pipelines.scenes.raw.dictionaries import copy_dictionaries
from pipelines.scenes.raw.pictures import draw_pictures
from pipelines.scenes.raw.tasks import write_tasks
from pipelines.scenes.raw.text import write_text
from pipelines.scenes.stage import MARK, Config

_NO_FEATURES = "The demo finds its own regions; features that are there already would lie here.\n"


def write_world(call: Call[Config], folder: Path) -> None:
    """Draws all pictures, and writes all that is said of them.

    Args:
        call: settings, seed and number of workers, which changes nothing in the result.
        folder: an empty folder.

    Raises:
        InputError: where there are no dictionaries.
        UsageError: where more pictures are asked for than there are combinations.
    """
    config, seed = call.config, call.seed
    copy_dictionaries(call.path("dictionaries"), folder / "dictionaries")
    sizes = {"train": config.train_images, "val": config.val_images, "test": config.test_images}
    drawn = list(contents(sum(sizes.values()) + config.log_images, seed))
    with ProcessPoolExecutor(call.workers) as pool:
        scenes = draw_pictures(drawn[: sum(sizes.values())], folder / "images", config, seed, pool)
        found = draw_log_pictures(drawn[sum(sizes.values()) :], scenes, folder / "images", config, seed, pool)
    rest = iter(scenes)
    splits = {split: list(islice(rest, size)) for split, size in sizes.items()}
    write_boxes(splits, folder / "boxes")
    captions = write_captions(splits, folder / "captions", seed)
    write_text(captions, folder / "text", config, seed)
    (folder / "features").mkdir()
    (folder / "features" / "README.txt").write_text(_NO_FEATURES)  # DVC keeps no empty folder
    write_tasks(splits, folder / "tasks", config, seed)
    write_log(splits, found, folder / "log", config, seed)
    statement = {"seed": seed, "parameters": as_parameters(config)}
    (folder / MARK).write_text(json.dumps(statement, indent=1) + "\n")
