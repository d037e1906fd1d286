"""What the regions of one shard's pictures are: where, how many, how described; and which pictures are left out."""

import resource
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from regions_world import (
    SMALL,
    boxes_of,
    call_regions,
    features_of,
    regions_of,
    row,
    save,
    write_images,
    write_pictures,
    write_untrained,
)

from contract.detector import SPEC_FILE, WEIGHTS_FILE, DetectorSpec, detector_name
from contract.errors import InputError, UsageError
from contract.pictures import MAX_PIXELS
from pipelines.regions.settings import Config


@pytest.fixture(scope="module")
def detector(tmp_path_factory) -> Path:
    return write_untrained(tmp_path_factory.mktemp("detector") / "small")


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    return write_images(folder / "images", folder / "raw", write_pictures(folder / "raw", 12))


def test_every_picture_has_regions_inside_it_in_the_order_of_the_key(images, detector):
    found, rejects, tally = regions_of(images, detector, batch_size=3)
    assert list(found) == [f"p{number:04d}" for number in range(12)] and not rejects and tally.rows_in == 12
    for one in found.values():
        boxes = boxes_of(one)
        assert (
            (boxes[:, :2] >= 0).all() and (boxes[:, 2] <= one["width"]).all() and (boxes[:, 3] <= one["height"]).all()
        )
        assert (boxes[:, 2:] - boxes[:, :2] >= 1 - 1e-4).all()
        assert len(one["object_ids"]) == len(one["object_scores"]) == one["num_regions"]
        assert set(one["object_ids"]) <= {0, 1, 2} and all(0 < score <= 1 for score in one["object_scores"])
        assert one["detector"] == detector_name(detector) and one["detector"].startswith("small-")
    assert sum(tally.statistics["objects"].values()) == sum(one["num_regions"] for one in found.values())
    assert set(tally.statistics["objects"]) <= set(SMALL.class_names)


def test_threads_change_no_byte(images, detector):
    one, three = (regions_of(images, detector, batch_size=5, decoding_threads=threads) for threads in (1, 3))
    assert one == three


def test_pictures_before_and_after_a_window_are_all_there(images, detector):
    found, *_ = regions_of(images, detector, batch_size=1)  # windows of eight pictures
    assert list(found) == [f"p{number:04d}" for number in range(12)]


@pytest.mark.parametrize("factor", [4, 70])
def test_boxes_are_in_pixels_of_the_original(tmp_path, detector, factor):
    """The same picture at two sizes looks the same to the detector; the large one is beyond the size that is kept."""
    (tmp_path / "raw").mkdir()
    pixels = np.full((64, 64, 3), 120, np.uint8)
    pixels[10:40, 20:50] = (255, 250, 30)
    small = Image.fromarray(pixels)
    large = small.resize((64 * factor, 64 * factor), Image.Resampling.NEAREST)
    rows = [save(tmp_path / "raw", "large", large), save(tmp_path / "raw", "small", small)]
    found, *_ = regions_of(write_images(tmp_path / "images", tmp_path / "raw", rows), detector, batch_size=1)
    one, other = boxes_of(found["small"]), boxes_of(found["large"])
    assert other.max() > 64 * factor / 2
    wide = ((one[:, 2:] - one[:, :2]) > 1.5).all(axis=1) & (one.min(axis=1) > 0) & (one.max(axis=1) < 63)
    assert wide.any() and np.allclose(one[wide] * factor, other[wide], rtol=1e-3, atol=0.02 * factor)
    assert other.max() <= 64 * factor and found["large"]["width"] == 64 * factor


@pytest.mark.parametrize(("features", "width"), [("box_head", 16), ("pooled", 4 * 48), ("both", 16 + 4 * 48)])
def test_features_are_finite_and_of_their_stated_width(images, detector, features, width):
    found, *_ = regions_of(images, detector, features=features)
    for one in found.values():
        assert one["feature_dim"] == width and features_of(one).shape == (one["num_regions"], width)
        assert np.isfinite(features_of(one)).all() and features_of(one).std() > 0


def test_both_are_the_two_side_by_side(images, detector):
    head, pooled, both = (regions_of(images, detector, features=name)[0] for name in ("box_head", "pooled", "both"))
    for key, one in both.items():
        assert (features_of(one) == np.concatenate([features_of(head[key]), features_of(pooled[key])], axis=1)).all()


def test_torchvision_s_architectures_give_their_own_widths(images, tmp_path):
    spec = DetectorSpec("fasterrcnn_mobilenet_v3_large_320_fpn", ("a", "b"), 64, 96)
    folder = write_untrained(tmp_path / "mobilenet", spec)
    found, rejects, _ = regions_of(images, folder, least=1, features="both")
    assert len(found) + len(rejects) == 12 and {one["feature_dim"] for one in found.values()} <= {1024 + 4 * 256}
    assert found and {reject.reason for reject in rejects} <= {"no_regions"}


@pytest.mark.parametrize(("least", "most"), [(1, 1), (3, 5), (9, 9), (30, 40)])
def test_least_and_most_hold(images, detector, least, most):
    sure, *_ = regions_of(images, detector, least=least, most=most, confidence=1.0)
    assert {one["num_regions"] for one in sure.values()} == {least}, "nothing is that probable: filled up to the least"
    unsure, *_ = regions_of(images, detector, least=least, most=most, confidence=0.0, nms_iou=1.0)
    assert {one["num_regions"] for one in unsure.values()} == {most}, "everything is: cut off at the most"


def test_confidence_chooses_between_least_and_most(images, detector):
    low, *_ = regions_of(images, detector, least=1, most=40, confidence=0.0)
    for key, one in low.items():
        scores = one["object_scores"]
        assert scores == sorted(scores, reverse=True)
        middle = scores[len(scores) // 2]
        high, *_ = regions_of(images, detector, least=1, most=40, confidence=middle)
        assert min(high[key]["object_scores"]) >= middle and high[key]["num_regions"] <= one["num_regions"]
        break


def test_pictures_that_cannot_be_used_are_rejected_by_reason_and_the_others_are_there(tmp_path, detector):
    raw = tmp_path / "raw"
    rows = write_pictures(raw, 4)
    whole = (raw / "p0000.png").read_bytes()
    (raw / "cut.png").write_bytes(whole[: len(whole) // 2])
    (raw / "empty.jpg").write_bytes(b"")
    (raw / "page.jpg").write_bytes(b"<html>not a picture</html>")
    (raw / "folder.jpg").mkdir()
    (tmp_path / "outside.png").write_bytes(whole)
    side = int(MAX_PIXELS**0.5) + 1
    Image.new("1", (side, side)).save(raw / "bomb.png")
    bad = {
        "cut": (row("cut", "cut.png"), "image_unreadable"),
        "empty": (row("empty", "empty.jpg"), "image_unreadable"),
        "page": (row("page", "page.jpg"), "image_unreadable"),
        "folder": (row("folder", "folder.jpg"), "image_missing"),
        "gone": (row("gone", "gone.jpg"), "image_missing"),
        "outside": (row("outside", "../outside.png"), "image_unsafe_path"),
        "absolute": (row("absolute", str(tmp_path / "outside.png")), "image_unsafe_path"),
        "long name": (row("long name", "x" * 300), "image_unreadable"),
        "bomb": (row("bomb", "bomb.png", (side, side)), "image_too_large"),
        "changed": (row("changed", "p0000.png", (65, 64)), "image_changed"),
        "thread": (save(raw, "thread", Image.new("RGB", (2000, 1))), "image_oblong"),
    }
    rows += [one for one, _ in bad.values()]
    found, rejects, tally = regions_of(write_images(tmp_path / "images", raw, rows), detector, batch_size=4)
    assert {reject.key: reject.reason for reject in rejects} == {key: reason for key, (_, reason) in bad.items()}
    assert set(found) == {f"p{number:04d}" for number in range(4)} and tally.rows_in == len(rows)
    assert not any(str(tmp_path) in reject.message for reject in rejects if reject.key != "absolute"), (
        "no machine's path"
    )


def test_pictures_of_every_kind_are_read_right(tmp_path, detector):
    raw = tmp_path / "raw"
    raw.mkdir()
    colours = Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 72, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    rows = [
        save(raw, "animated", colours, "a.gif", save_all=True, append_images=[colours.rotate(180)]),
        save(raw, "cmyk", colours.convert("CMYK"), "c.jpg"),
        save(raw, "grey", colours.convert("L")),
        save(raw, "palette", colours.convert("P")),
        save(raw, "sixteen", Image.fromarray(np.arange(72 * 48, dtype=np.uint16).reshape(48, 72) * 15)),
        save(raw, "transparent", colours.convert("RGBA"), "t.webp"),
        save(raw, "tiny", Image.new("RGB", (1, 1), "red")),
        save(raw, "turned", colours, "t.jpg", exif=exif) | {"width": 48, "height": 72},
        save(raw, "wide", Image.new("RGB", (600, 20), "blue")),
    ]
    found, rejects, _ = regions_of(write_images(tmp_path / "images", raw, rows), detector)
    assert not rejects and len(found) == len(rows)
    assert boxes_of(found["tiny"]).max() <= 1
    assert boxes_of(found["turned"])[:, 2].max() <= 48 < boxes_of(found["turned"])[:, 3].max()


def test_grey_of_32_bits_is_rejected_since_nobody_says_what_is_white(tmp_path, detector):
    raw = tmp_path / "raw"
    raw.mkdir()
    values = np.arange(64 * 64).reshape(64, 64)
    rows = [
        save(raw, "floating", Image.fromarray(values.astype(np.float32)), "f.tif"),
        save(raw, "whole", Image.fromarray(values.astype(np.int32)), "i.tif"),
    ]
    found, rejects, _ = regions_of(write_images(tmp_path / "images", raw, rows), detector)
    assert not found and {reject.reason for reject in rejects} == {"image_unreadable"}
    assert all("32 bits" in reject.message for reject in rejects)


@pytest.mark.slow
def test_large_pictures_do_not_fill_the_memory(tmp_path, detector):
    """Forty pictures of 36 MB each, decoded ahead of the detector, in windows of at most 288 MB."""
    (tmp_path / "raw").mkdir()
    large = save(tmp_path / "raw", "large", Image.new("RGB", (4000, 3000), "red"))
    images = write_images(tmp_path / "images", tmp_path / "raw", [large | {"image_id": f"{i:02d}"} for i in range(40)])
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        found, grown = process.submit(found_and_memory_grown, images, detector).result()
    assert found == 40 and grown < 1_000, "MB"


def found_and_memory_grown(images: Path, detector: Path) -> tuple[int, float]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, *_ = regions_of(images, detector)
    return len(found), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3


def test_a_picture_with_too_few_regions_is_rejected(images, detector):
    found, rejects, _ = regions_of(images, detector, least=60, most=80)
    assert not found and {reject.reason for reject in rejects} == {"no_regions"}


def test_features_that_float16_cannot_hold_are_rejected(images, tmp_path):
    found, rejects, _ = regions_of(images, write_untrained(tmp_path / "huge", factor=1e9))
    assert not found and {reject.reason for reject in rejects} == {"features_not_finite"} and len(rejects) == 12


def test_an_empty_shard_gives_nothing(tmp_path, detector):
    found, rejects, tally = regions_of(write_images(tmp_path / "images", tmp_path, []), detector)
    assert not found and not rejects and tally.rows_in == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"features": "roi"}, {"least": 0}, {"most": 9}, {"confidence": 1.5}, {"confidence": float("nan")},
        {"nms_iou": -0.1}, {"batch_size": 0}, {"decoding_threads": 0}, {"device": "tpu"},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused(settings):
    with pytest.raises(UsageError, match=next(iter(settings))):
        Config(**settings)


def test_cuda_where_there_is_none_is_refused_and_not_replaced(images, detector, tmp_path, monkeypatch, capsys):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    given = ["--images", str(images), "--detector", str(detector), "--out", str(tmp_path / "out"), "--device", "cuda"]
    assert call_regions(monkeypatch, *given) == 2
    message = capsys.readouterr().err
    assert "CUDA" in message and "device: cpu" in message and not (tmp_path / "out").exists()


def test_wrong_folders_and_keys_are_one_message(images, detector, tmp_path, monkeypatch, capsys):
    def refused(expected_code: int, *given: str) -> str:
        assert call_regions(monkeypatch, "--out", str(tmp_path / "out"), *given) == expected_code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err and captured.err.count("\n") <= 3
        return captured.err

    assert "is no detector" in refused(1, "--images", str(images), "--detector", str(images))
    assert "no finished" in refused(1, "--images", str(detector), "--detector", str(detector)).replace("not a", "no")
    assert "is no detector" in refused(1, "--images", str(images), "--detector", str(tmp_path / "nowhere"))
    (tmp_path / "profile.yaml").write_text("regions: {confidnce: 0.3}\n")
    message = refused(
        2, "--images", str(images), "--detector", str(detector), "--params", str(tmp_path / "profile.yaml")
    )
    assert "did you mean 'confidence'" in message
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / SPEC_FILE).write_bytes((detector / SPEC_FILE).read_bytes())
    assert WEIGHTS_FILE in refused(1, "--images", str(images), "--detector", str(tmp_path / "half"))
    (tmp_path / "half" / WEIGHTS_FILE).write_bytes(b"broken")
    assert WEIGHTS_FILE in refused(1, "--images", str(images), "--detector", str(tmp_path / "half"))


def test_weights_of_another_number_of_classes_are_refused_before_the_first_picture(images, detector, tmp_path):
    other = write_untrained(tmp_path / "other", DetectorSpec("small", ("one",), 64, 128, 16))
    (other / WEIGHTS_FILE).write_bytes((detector / WEIGHTS_FILE).read_bytes())
    with pytest.raises(InputError, match="class names"):
        regions_of(images, other)


@pytest.mark.real_data
def test_photographs_have_regions_inside_them(real_data, tmp_path, detector):
    paths = sorted((real_data / "multi30k").rglob("*.jpg"))[:20]
    assert len(paths) == 20
    rows = [row(path.stem, path.name, Image.open(path).size) for path in paths]
    found, rejects, _ = regions_of(
        write_images(tmp_path / "images", paths[0].parent, rows), detector, least=10, most=36
    )
    assert len(found) == 20 and not rejects
    for one in found.values():
        assert 10 <= one["num_regions"] <= 36 and boxes_of(one).max() <= max(one["width"], one["height"])
