"""The detector stage: learns from COCO boxes, takes given weights, and refuses what it cannot use."""

import copy
import json
import math
import os
import pickle

import pytest
import torch
from detector_world import coco, detect, write_world
from PIL import Image
from safetensors.torch import load_file, save_file

from contract.detector import (
    SPEC_FILE,
    WEIGHTS_FILE,
    DetectorSpec,
    build,
    load_detector,
    load_weights,
    read_spec,
    read_weights,
    write_detector,
)
from contract.errors import InputError, UsageError
from model import detector_boxes
from model.detector_boxes import Pictures, read_boxes

TINY = DetectorSpec("small", ("square", "bar"), 64, 128, 16)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A detector after some seconds of training, and its metrics."""
    folder = tmp_path_factory.mktemp("taught")
    raw = write_world(folder / "raw", 24, 12)
    with pytest.MonkeyPatch.context() as patched:
        assert detect(patched, raw, folder / "detector", epochs=20) == 0
    return folder / "detector", json.loads((folder / "detector.json").read_text())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_detector(folder / "detector", TINY, build(TINY))
    (folder / "names.txt").write_text("square\nbar\n")
    return folder


def test_it_learns_two_classes_in_seconds(taught):
    folder, metrics = taught
    assert metrics["AP50"] > 50 and metrics["held_out_pictures"] == 12
    assert metrics["classes"] == 2 and metrics["task"] == "detection"
    assert len(metrics["losses"]) == 20
    assert sum(metrics["losses"][-1].values()) < sum(metrics["losses"][0].values()) / 2
    assert read_spec(folder).class_names == ("square", "bar"), "in the order of the ids, whatever the file's order"


def test_what_it_finds_is_where_it_is_and_is_called_by_its_name(taught, tmp_path):
    _, network = load_detector(taught[0])
    pictures, names = read_boxes(boxes_file(tmp_path, coco(tmp_path, 6, 9)), tmp_path)
    right = 0
    for picture, image in zip(pictures, Pictures(pictures), strict=True):
        with torch.inference_mode():
            (found,) = network([image.float() / 255])
        nearest = (found["boxes"] - picture.boxes).abs().amax(dim=1)
        right += bool(nearest[found["scores"].argmax()] < 8) and names[found["labels"][0] - 1] == (
            "square" if picture.labels[0] == 1 else "bar"
        )
    assert right >= 5


def test_the_same_seed_gives_the_same_bytes(tmp_path, monkeypatch):
    raw = write_world(tmp_path / "raw", 8, 2)
    for name in ("a", "b"):
        assert detect(monkeypatch, raw, tmp_path / name) == 0
    for file in (SPEC_FILE, WEIGHTS_FILE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert not list(tmp_path.glob("*.tmp"))


def test_pictures_of_very_different_sizes_train_together_and_out_of_memory(tmp_path, monkeypatch):
    raw = write_world(tmp_path / "raw", 8, 0, sizes=((64, 64), (640, 60), (60, 500), (900, 700)))
    assert detect(monkeypatch, raw, tmp_path / "kept") == 0
    monkeypatch.setattr(detector_boxes, "_KEPT_BYTES", 200_000)
    assert detect(monkeypatch, raw, tmp_path / "decoded-again") == 0
    kept, again = (load_file(tmp_path / name / WEIGHTS_FILE) for name in ("kept", "decoded-again"))
    assert all(torch.equal(kept[name], again[name]) and kept[name].isfinite().all() for name in kept)


def test_fewer_pictures_than_a_batch_are_enough(tmp_path, monkeypatch):
    raw = write_world(tmp_path / "raw", 1, 0)
    assert detect(monkeypatch, raw, tmp_path / "out", batch_size=3) == 0


def test_pictures_under_raw_images_are_found(tmp_path, monkeypatch):
    raw = write_world(tmp_path / "raw", 2, 0)
    (raw / "boxes" / "images").rename(raw / "images")
    assert detect(monkeypatch, raw, tmp_path / "out") == 0


def test_held_out_boxes_of_other_classes_are_not_measured_and_it_says_so(tmp_path, monkeypatch, capsys):
    raw = write_world(tmp_path / "raw", 2, 2)
    values = json.loads((raw / "boxes" / "val.json").read_text())
    values["categories"][0]["name"] = "house"
    boxes_file(raw / "boxes", values, "val.json")
    assert detect(monkeypatch, raw, tmp_path / "out") == 0
    assert "not measured" in capsys.readouterr().out
    assert "AP50" not in json.loads((tmp_path / "out.json").read_text())


# COCO files


def boxes_file(folder, values, name="train.json"):
    (folder / name).write_text(json.dumps(values))
    return folder / name


def test_category_ids_with_gaps_become_labels_without(tmp_path):
    values = coco(tmp_path, 4, 3)
    values["categories"].append({"id": 90, "name": "never seen"})
    pictures, names = read_boxes(boxes_file(tmp_path, values), tmp_path)
    assert names == ("square", "bar", "never seen")
    assert [picture.labels.tolist() for picture in pictures] == [[1], [2], [1], [2]]
    assert [picture.image_id for picture in pictures] == [100, 107, 114, 121]
    x, y, width, height = values["annotations"][0]["bbox"]
    assert pictures[0].boxes.tolist() == [[x, y, x + width, y + height]]


def test_crowds_and_slivers_and_pictures_without_boxes_are_left_out(tmp_path):
    values = coco(tmp_path, 4, 3)
    values["annotations"][0]["iscrowd"] = 1
    values["annotations"][1]["bbox"][2] = 0.5
    assert len(read_boxes(boxes_file(tmp_path, values), tmp_path)[0]) == 2


def spoil(path, value):
    def change(values):
        *groups, last = path
        place = values
        for group in groups:
            place = place[group]
        if value is KeyError:
            del place[last]
        else:
            place[last] = value

    return change


BOX = ("annotations", 1, "bbox")
BROKEN = {
    "no images": spoil(["images"], KeyError),
    "no annotations": spoil(["annotations"], KeyError),
    "no categories": spoil(["categories"], KeyError),
    "images of another kind": spoil(["images"], "many"),
    "nothing in it": spoil(["annotations"], []),
    "an annotation without a box": spoil(BOX, KeyError),
    "an annotation that is a number": spoil(["annotations", 1], 5),
    "an image without a name": spoil(["images", 1, "file_name"], KeyError),
    "a category without a name": spoil(["categories", 1, "name"], KeyError),
    "an unknown category": spoil(["annotations", 1, "category_id"], 4),
    "an unknown picture": spoil(["annotations", 1, "image_id"], 4),
    "a picture twice": spoil(["images", 1, "id"], 100),
    "a category twice": spoil(["categories", 1, "id"], 11),
    "an id that is a word": spoil(["images", 1, "id"], "7"),
    "an id that is a list": spoil(["annotations", 1, "image_id"], [7]),
    "a name that leads out": spoil(["images", 1, "file_name"], "../../etc/passwd"),
    "an absolute name": spoil(["images", 1, "file_name"], "/etc/passwd"),
    "NaN": spoil(BOX, [1, 2, math.nan, 4]),
    "infinity": spoil(BOX, [1, 2, math.inf, 4]),
    "a negative corner": spoil(BOX, [-9, 2, 20, 20]),
    "a negative width": spoil(BOX, [9, 2, -20, 20]),
    "three numbers": spoil(BOX, [9, 2, 20]),
    "words for numbers": spoil(BOX, ["a", "b", "c", "d"]),
    "a number beyond floats": spoil(BOX, [1, 2, 10**400, 4]),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_boxes_are_refused_by_the_file_s_name(tmp_path, what):
    values = copy.deepcopy(coco(tmp_path, 3, 3))
    BROKEN[what](values)
    path = boxes_file(tmp_path, values)
    with pytest.raises(InputError) as error:
        read_boxes(path, tmp_path)
    assert str(path) in str(error.value) and "Expected:" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe{}", b"[" * 100_000, b'{"images": 1}'])
def test_what_is_no_coco_json_is_refused(tmp_path, content):
    (tmp_path / "train.json").write_bytes(content)
    with pytest.raises(InputError, match=r"train\.json"):
        read_boxes(tmp_path / "train.json", tmp_path)


def test_missing_broken_oblong_and_shrunken_pictures_are_named(tmp_path, monkeypatch, capsys):
    raw = write_world(tmp_path / "raw", 3, 0)
    picture = raw / "boxes" / "images" / "1-1.png"

    def refused() -> str:
        assert detect(monkeypatch, raw, tmp_path / "out") == 1
        assert not (tmp_path / "out").exists()
        return capsys.readouterr().err

    Image.open(picture).resize((16, 16)).save(picture)
    assert "1-1.png" in (message := refused()) and "16 × 16" in message
    Image.new("RGB", (3100, 64)).save(picture)
    assert "1-1.png" in (message := refused()) and "3100 × 64" in message
    picture.write_bytes(picture.read_bytes()[:60])
    assert "1-1.png cannot be decoded" in refused()
    picture.unlink()
    assert "1 of 3 pictures" in (message := refused()) and "1-1.png" in message
    assert "Traceback" not in message


def test_broken_held_out_boxes_show_before_the_training(tmp_path, monkeypatch, capsys):
    raw = write_world(tmp_path / "raw", 3, 0)
    (raw / "boxes" / "val.json").write_text("{}")
    assert detect(monkeypatch, raw, tmp_path / "out") == 1
    captured = capsys.readouterr()
    assert "val.json" in captured.err and "training" not in captured.out


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0}, {"threads": -1}, {"batch_size": 0}, {"learning_rate": 0.0}, {"learning_rate": "nan"},
        {"architecture": "yolo"}, {"shortest_side": 0}, {"shortest_side": 300}, {"head_width": 0},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused(tmp_path, monkeypatch, capsys, settings):
    raw = write_world(tmp_path / "raw", 1, 0)
    assert detect(monkeypatch, raw, tmp_path / "out", **settings) == 2
    (name,) = settings
    assert name in capsys.readouterr().err


# Weights that a profile names


def test_without_boxes_and_weights_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    (tmp_path / "raw" / "boxes").mkdir(parents=True)
    assert detect(monkeypatch, tmp_path / "raw", tmp_path / "out") == 2
    assert "detector.weights" in capsys.readouterr().err


def test_given_weights_are_taken_and_measured(taught, tmp_path, monkeypatch):
    folder, metrics = taught
    raw = write_world(tmp_path / "raw", 0, 12)
    torch.save(load_file(folder / WEIGHTS_FILE), tmp_path / "weights.pth")
    (tmp_path / "names.txt").write_text("square\n\n  bar \n")
    given = {"weights": tmp_path / "weights.pth", "class_names": tmp_path / "names.txt"}
    assert detect(monkeypatch, raw, tmp_path / "out", **given) == 0
    assert (tmp_path / "out" / WEIGHTS_FILE).read_bytes() == (folder / WEIGHTS_FILE).read_bytes()
    assert json.loads((tmp_path / "out.json").read_text())["AP50"] == metrics["AP50"]
    assert read_spec(tmp_path / "out") == read_spec(folder)


@pytest.mark.parametrize("names", [None, "", "square\n", "a\nb\nc\n", b"\xff\xfe\x00"])
def test_class_names_must_be_there_and_fit(tiny, tmp_path, monkeypatch, capsys, names):
    (tmp_path / "raw").mkdir()
    given = {"weights": tiny / "detector" / WEIGHTS_FILE, "shortest_side": 64, "head_width": 16}
    if names is not None:
        (tmp_path / "names.txt").write_bytes(names if isinstance(names, bytes) else names.encode())
        given["class_names"] = tmp_path / "names.txt"
    assert detect(monkeypatch, tmp_path / "raw", tmp_path / "out", **given) in (1, 2)
    message = capsys.readouterr().err
    assert ("class" in message and "To do" in message) or "Expected" in message
    assert "Traceback" not in message and not (tmp_path / "out").exists()


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/m3p-evil-weights",)


def test_weights_with_code_are_refused_and_nothing_runs(tmp_path):
    for number, save in enumerate((torch.save, lambda value, path: path.write_bytes(pickle.dumps(value)))):
        path = tmp_path / f"evil{number}.pth"
        save({"a": Evil()}, path)
        with pytest.raises(InputError, match="cannot be read as weights") as error:
            read_weights(path)
        assert "weights_only=False" not in str(error.value), "no advice to trust the file"
    assert not os.path.exists("/tmp/m3p-evil-weights")  # noqa: PTH110


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights\n", b"\x80\x04.", b"PK\x03\x04" + b"x" * 99, b"\xff" * 64])
def test_broken_weights_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        read_weights(tmp_path / name)


def test_cut_off_weights_other_objects_and_missing_files_are_refused(tiny, tmp_path):
    whole = (tiny / "detector" / WEIGHTS_FILE).read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    torch.save([torch.zeros(3)], tmp_path / "list.pth")
    torch.save({"model": {"a": torch.zeros(3), "b": [1]}}, tmp_path / "nested.pth")
    for name in ("cut.safetensors", "list.pth", "nested.pth", "absent.pth"):
        with pytest.raises(InputError, match=name):
            read_weights(tmp_path / name)


@pytest.mark.parametrize("change", ["shape", "missing", "nan"])
def test_weights_that_do_not_fit_are_refused_by_name(tiny, tmp_path, change):
    weights = load_file(tiny / "detector" / WEIGHTS_FILE)
    name = "roi_heads.box_predictor.cls_score.weight"
    if change == "missing":
        del weights[name]
    else:
        weights[name] = torch.zeros(91, 16) if change == "shape" else torch.full_like(weights[name], math.nan)
    save_file(weights, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match=name):
        load_weights(build(TINY), tmp_path / "w.safetensors")


def test_weights_with_frozen_normalisation_as_they_are_published_are_taken(tmp_path):
    """Such files lack the counters of batches, which decide nothing."""
    spec = DetectorSpec("fasterrcnn_mobilenet_v3_large_320_fpn", ("a", "b"), 64, 96)
    published = {name: w for name, w in build(spec).state_dict().items() if not name.endswith("num_batches_tracked")}
    torch.save(published, tmp_path / "published.pth")
    network = build(spec)
    load_weights(network, tmp_path / "published.pth")
    assert all(torch.equal(network.state_dict()[name], weight) for name, weight in published.items())


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"architecture": "small"}', "[" * 100_000, '{"colour": 1}', '{"architecture": 5}'],
)
def test_a_folder_that_is_no_detector_is_refused(tmp_path, content):
    (tmp_path / SPEC_FILE).write_text(content)
    with pytest.raises(InputError, match="is no detector"):
        read_spec(tmp_path)


def test_a_specification_that_cannot_be_built_is_refused(tiny, tmp_path):
    values = json.loads((tiny / "detector" / SPEC_FILE).read_text())
    for change in ({"architecture": "yolo"}, {"class_names": []}, {"shortest_side": -1}, {"head_width": 0}):
        (tmp_path / SPEC_FILE).write_text(json.dumps(values | change))
        with pytest.raises(InputError, match="is no detector"):
            read_spec(tmp_path)
    with pytest.raises(UsageError, match="longest_side"):
        DetectorSpec("small", ("a",), 224, 100)


# Real photographs


@pytest.mark.slow
@pytest.mark.real_data
def test_coco_photographs_train_a_detector_of_eighty_classes(real_data, tmp_path, monkeypatch):
    boxes = tmp_path / "raw" / "boxes"
    boxes.mkdir(parents=True)
    coco_folder = real_data / "tiny_coco"
    (boxes / "train.json").symlink_to(coco_folder / "annotations" / "instances_train2017.json")
    (boxes / "images").symlink_to(coco_folder / "train2017")
    assert detect(monkeypatch, tmp_path / "raw", tmp_path / "out", batch_size=8) == 0
    spec = read_spec(tmp_path / "out")
    assert len(spec.class_names) == 80 and spec.class_names[0] == "person" and spec.class_names[-1] == "toothbrush"
    metrics = json.loads((tmp_path / "out.json").read_text())
    assert 45 <= metrics["training_pictures"] <= 50 and "AP50" not in metrics
