"""The pictures that stages leave in Prefect: a training's losses, an example of pictures and regions, else none."""

import base64
import io
import json
from pathlib import Path

from PIL import Image

from flows.artifact_pictures import picture_of


def decoded(uri: str) -> Image.Image:
    kind, _, data = uri.partition(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == f"data:image/{picture.format.lower()}"
    return picture


def checkpoint(folder: Path, config: object) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_training_shows_its_losses(tmp_path):
    losses = [{"step": step, "learning_rate": 0.1, "MLM": 9 / step, "VLM": 3 / step} for step in range(1, 1001)]
    picture = picture_of(checkpoint(tmp_path / "mct", {"training": {"losses": losses}}))
    assert picture.shows == "Losses of mct"
    assert decoded(picture.uri).size == (640, 320)
    assert len(picture.uri) < 100_000
    other = picture_of(checkpoint(tmp_path / "plain", {"training": {"losses": losses[:10]}}))
    assert other.uri != picture.uri


def test_tasks_that_take_turns_each_have_their_steps(tmp_path):
    losses = [{"step": 1, "MLM": 2.0}, {"step": 2, "VLM": 1.0}, {"step": 3, "MLM": 1.5}]
    assert picture_of(checkpoint(tmp_path / "one", {"training": {"losses": losses}}))


def test_what_has_no_picture_has_none(tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "metrics.json", tmp_path / "empty", tmp_path / "gone"):
        assert picture_of(path) is None
    assert picture_of(checkpoint(tmp_path / "untrained", {"training": {"losses": []}})) is None
    assert picture_of(checkpoint(tmp_path / "other", {"network": 1})) is None
