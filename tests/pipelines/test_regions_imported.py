"""Features that people already have: read as they are, joined to pictures by name, and nothing lost silently."""

import base64
import codecs
import os
import pickle
import resource
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from regions_world import boxes_of, call_regions, features_of, regions, row, write_images, write_npy

from contract.dataset import Dataset
from contract.detector import IMPORTED, UNNAMED, DetectorSpec, write_detector
from contract.errors import InputError
from contract.hashing import sha256_of_file
from contract.pickles import BROKEN_PICKLE, read_arrays
from contract.places import Place
from flows.inspection.dataset import look_at_dataset
from flows.inspection.page import page_of
from pipelines.regions.files import open_file

NAMES = ("yolk", "goggles", "man")
SIZES = {"a": (640, 480), "b": (300, 400), "c": (500, 333)}


def in_base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def line(name: str, size: tuple[int, int], one: dict[str, np.ndarray], columns: int, attributes: str = "\t") -> str:
    width, height = size
    boxes, features, count = in_base64(one["boxes"]), in_base64(one["features"]), len(one["boxes"])
    if columns == 6:
        return f"{name}\t{width}\t{height}\t{count}\t{boxes}\t{features}\n"
    objects = f"{in_base64(one['classes'])}\t{in_base64(one['scores'])}"
    return f"{name}\t{height}\t{width}\t{objects}\t{attributes}\t{count}\t{boxes}\t{features}\n"


def write_hdf5(path: Path, names: list, padded: int = 14) -> None:
    with h5py.File(path, "w") as file:
        every = [regions(number) for number in range(len(names))]

        def column(kind: str) -> np.ndarray:
            shape = every[0][kind].shape[1:]
            return np.stack([np.concatenate([one[kind], np.zeros((padded - 12, *shape))]) for one in every])

        file["image_id"] = names
        file["wh"] = [(height, width) for width, height in list(SIZES.values())[: len(names)]]
        file["num_boxes"] = [12] * len(names)
        file["bbox"], file["features"] = column("boxes").astype("f4"), column("features").astype("f4")
        file["objects"] = column("classes").astype("i8")


class World:
    """Three pictures, a detector that stands for imported features, and a folder for the features."""

    def __init__(self, root: Path, names: tuple[str, ...] = NAMES) -> None:
        self.root, self.raw = root, root / "raw"
        self.raw.mkdir(parents=True)
        for name, size in SIZES.items():
            Image.new("RGB", size, "grey").save(self.raw / f"{name}.png")
        self.images = write_images(
            root / "images", self.raw, [row(name, f"{name}.png", size) for name, size in SIZES.items()], 2
        )
        self.features = root / "features"
        self.features.mkdir()
        self.detector = root / "detector"
        write_detector(self.detector, DetectorSpec(IMPORTED, names, 600, 1000), None)

    def arguments(self, *settings: str) -> list[str]:
        paths = ["--images", self.images, "--detector", self.detector, "--imported", self.features]
        return [str(part) for part in [*paths, "--out", self.root / "regions", "--least", "2", *settings]]

    def run(self, monkeypatch, *settings: str) -> tuple[dict, dict]:
        """Rows by picture, and rejects' reasons by key."""
        assert call_regions(monkeypatch, *self.arguments(*settings)) == 0
        dataset = Dataset(self.root / "regions", "regions")
        assert dataset.manifest.rows_in == dataset.manifest.rows_out + sum(dataset.manifest.rejected.values())
        return (
            {one["image_id"]: one for one in dataset.rows()},
            {reject["key"]: reject["reason"] for reject in dataset.rejects()},
        )


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def check(found: dict, seed: int, scores: bool = True, classes: bool = True) -> None:
    expected = regions(seed)
    assert found["num_regions"] == 12 and found["feature_dim"] == 6 and found["detector"] == IMPORTED
    assert (features_of(found) == expected["features"].astype(np.float16)).all()
    assert (boxes_of(found) == expected["boxes"]).all()
    assert found["object_ids"] == (expected["classes"].tolist() if classes else [0] * 12)
    assert np.allclose(found["object_scores"], expected["scores"] if scores else 1.0)


@pytest.mark.parametrize("columns", [6, 10])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_tsv_in_both_layouts(tmp_path, monkeypatch, columns, ending):
    world = World(tmp_path, (UNNAMED,) if columns == 6 else NAMES)
    lines = [line(name, size, regions(number), columns) for number, (name, size) in enumerate(SIZES.items())]
    (world.features / "part.tsv").write_text("".join(lines).replace("\n", ending), newline="")
    found, rejects = world.run(monkeypatch)
    assert set(found) == set(SIZES) and not rejects
    for number, name in enumerate(SIZES):
        check(found[name], number, scores=columns == 10, classes=columns == 10)


def test_names_of_classes_that_no_file_states_are_not_given_to_regions(world, monkeypatch, capsys):
    lines = {name: line(name, size, regions(number), 6) for number, (name, size) in enumerate(SIZES.items())}
    (world.features / "all.tsv").write_text("".join(lines.values()))
    assert call_regions(monkeypatch, *world.arguments()) == 2
    assert "states no classes" in capsys.readouterr().err
    (world.features / "all.tsv").write_text(lines["a"] + lines["b"] + line("c", SIZES["c"], regions(2), 10))
    found, rejects = world.run(monkeypatch)
    assert set(found) == {"c"} and rejects == {"a": "malformed_row", "b": "malformed_row"}


@pytest.mark.parametrize("attributes", ["no base64\t", "\tAAAA", "AAAA\tAAAA"])
def test_attributes_that_nothing_names_are_not_looked_at(world, monkeypatch, attributes):
    (world.features / "all.tsv").write_text(line("a", SIZES["a"], regions(0), 10, attributes))
    check(world.run(monkeypatch)[0]["a"], 0)


@pytest.mark.parametrize("named", [True, False])
def test_attributes_are_read_where_something_names_them(world, monkeypatch, named):
    spec = DetectorSpec(IMPORTED, NAMES, 600, 1000, attribute_names=("red", "tall") if named else ())
    write_detector(world.detector, spec, None)
    ids, scores = np.arange(12) % 2, np.linspace(0, 1, 12, dtype=np.float32)
    wrong = f"{in_base64(ids + 1)}\t{in_base64(scores)}"
    (world.features / "all.tsv").write_text(
        line("a", SIZES["a"], regions(0), 10, f"{in_base64(ids)}\t{in_base64(scores)}")
        + line("b", SIZES["b"], regions(1), 10) + line("c", SIZES["c"], regions(2), 10, wrong)
    )  # fmt: skip
    found, rejects = world.run(monkeypatch)
    assert found["b"]["attribute_ids"] is None is found["b"]["attribute_scores"]
    if not named:
        assert set(found) == set(SIZES) and found["a"]["attribute_ids"] is None
        return
    assert found["a"]["attribute_ids"] == ids.tolist() and found["a"]["attribute_scores"] == scores.tolist()
    assert rejects == {"c": "malformed_row"}
    manifest = Dataset(world.root / "regions", "regions").manifest
    assert manifest.parameters["attribute_classes"] == ["red", "tall"]
    assert manifest.statistics["attributes"] == {"red": 6, "tall": 6}


@pytest.mark.parametrize("names", [["a", "b", "c"], [b"a", b"b", b"c"]])
def test_the_published_hdf5_whose_wh_is_height_and_width(world, monkeypatch, names):
    write_hdf5(world.features / "train.h5", names)
    found, rejects = world.run(monkeypatch)
    assert set(found) == set(SIZES) and not rejects
    for number, name in enumerate(SIZES):
        check(found[name], number, scores=False)


def test_folders_of_npy(world, monkeypatch):
    for number, (name, size) in enumerate(SIZES.items()):
        write_npy(world.features / f"part{number}", name, size, regions(number))
    found, rejects = world.run(monkeypatch)
    assert set(found) == set(SIZES) and not rejects
    for number, name in enumerate(SIZES):
        check(found[name], number)


def test_pictures_are_known_by_id_by_file_and_by_number(tmp_path, monkeypatch):
    world = World(tmp_path)
    rows = [row("x-1", "val/COCO_val2014_000000000042.jpg", SIZES["a"]), row("42", "other.jpg", SIZES["b"])]
    write_images(tmp_path / "images", world.raw, rows, 2)
    text = line("COCO_val2014_000000000042", SIZES["a"], regions(0), 10) + line("42", SIZES["b"], regions(1), 10)
    (world.features / "all.tsv").write_text(text)
    found, rejects = world.run(monkeypatch)
    assert not rejects, "another picture's number is not taken for one's own id"
    check(found["x-1"], 0)
    check(found["42"], 1)


def test_what_is_missing_left_over_twice_or_broken_is_rejected_with_its_reason(world, monkeypatch):
    good, broken = line("a", SIZES["a"], regions(0), 10), line("b", SIZES["b"], regions(1), 10)
    other = line("nobody", SIZES["a"], regions(2), 10)
    (world.features / "one.tsv").write_text(good + other + broken.replace("\t12\t", "\t13\t"))
    (world.features / "two.tsv").write_text(line("a", SIZES["a"], regions(5), 10))
    assert call_regions(monkeypatch, *world.arguments()) == 0
    dataset = Dataset(world.root / "regions", "regions")
    check(next(iter(dataset.rows())), 0)
    assert {(reject["key"], reject["source"], reject["reason"]) for reject in dataset.rejects()} == {
        ("a", "two.tsv", "duplicate_key"), ("nobody", "one.tsv", "image_unknown"), ("b", "one.tsv", "malformed_row"),
        ("c", "c.png", "features_missing"),
    }  # fmt: skip
    assert dataset.manifest.rows_in == 5


def hurt(name: str) -> tuple[str, dict]:
    """A line of the picture ``a`` that has one thing wrong."""
    one, size = regions(0), SIZES["a"]
    if name == "nan":
        one["features"][3, 2] = np.nan
    elif name == "too large for float16":
        one["features"][3, 2] = 1e6
    elif name == "box":
        one["boxes"][0, 0] = np.inf
    elif name == "class":
        one["classes"][0] = 3
    elif name == "score":
        one["scores"][0] = 1.5
    elif name == "another picture's size":
        size = (480, 640)
    elif name == "few":
        one = regions(0, 1)
    text = line("a", size, one, 10)
    if name == "base64":
        text = text[:-9] + "!" + text[-8:]
    elif name == "columns":
        text = text.replace("\t", " ", 1)
    elif name == "size":
        text = text.replace("480", "tall", 1)
    return text


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nan", "features_not_finite"), ("too large for float16", "features_not_finite"), ("box", "malformed_row"),
        ("class", "malformed_row"), ("score", "malformed_row"), ("another picture's size", "malformed_row"),
        ("few", "no_regions"), ("base64", "malformed_row"), ("size", "malformed_row"), ("columns", "features_missing"),
    ],
)  # fmt: skip
def test_a_record_that_is_wrong_costs_its_picture_and_no_other(world, monkeypatch, name, reason):
    (world.features / "a.tsv").write_text(hurt(name) + line("b", SIZES["b"], regions(1), 10))
    found, rejects = world.run(monkeypatch)
    assert rejects["a"] == reason and set(found) == {"b"}
    check(found["b"], 1)


def test_a_resized_copy_takes_its_boxes_to_the_picture_that_is_here(world, monkeypatch):
    (world.features / "a.tsv").write_text(line("a", (320, 240), regions(0), 10))
    found, _ = world.run(monkeypatch)
    expected = np.clip(regions(0)["boxes"] * 2, 0, [640, 480, 640, 480])
    assert np.allclose(boxes_of(found["a"]), expected)


def test_the_most_probable_are_kept_in_the_file_s_order(world, monkeypatch):
    (world.features / "a.tsv").write_text(line("a", SIZES["a"], regions(0), 10))
    found, _ = world.run(monkeypatch, "--most", "5")
    kept = np.sort(np.argsort(-regions(0)["scores"])[:5])
    assert (features_of(found["a"]) == regions(0)["features"][kept].astype(np.float16)).all()


def test_one_worker_and_two_write_the_same_bytes(world, monkeypatch):
    write_hdf5(world.features / "train.h5", ["a", "b", "c"])
    hashes = []
    for workers in ("1", "2"):
        world.run(monkeypatch, "--workers", workers)
        hashes.append([shard.sha256 for shard in Dataset(world.root / "regions", "regions").manifest.shards])
    assert hashes[0] == hashes[1]


def test_a_folder_without_features_and_classes_without_names_are_one_message(tmp_path, monkeypatch, capsys):
    world = World(tmp_path, (UNNAMED,))
    assert call_regions(monkeypatch, *world.arguments()) == 2
    assert "holds no region features" in capsys.readouterr().err
    (world.features / "a.tsv").write_text(line("a", SIZES["a"], regions(0), 10))
    assert call_regions(monkeypatch, *world.arguments()) == 2
    assert "detector.class_names" in capsys.readouterr().err and not (tmp_path / "regions").exists()


@pytest.mark.parametrize("odd", ["a", "c"])
def test_records_of_another_width_than_most_are_rejected_and_not_mixed_in(world, monkeypatch, odd):
    lines = [
        line(name, size, regions(number, width=5 if name == odd else 6), 10)
        for number, (name, size) in enumerate(SIZES.items())
    ]
    (world.features / "a.tsv").write_text("".join(lines))
    found, rejects = world.run(monkeypatch)
    assert set(found) == set(SIZES) - {odd} and rejects == {odd: "malformed_row"}


def test_a_name_of_two_pictures_means_neither(tmp_path, monkeypatch):
    world = World(tmp_path)
    rows = [row("x-1", "x/0001.jpg", SIZES["a"]), row("y-1", "y/0001.jpg", SIZES["a"]), row("z", "z.jpg", SIZES["a"])]
    write_images(tmp_path / "images", world.raw, rows, 2)
    text = line("0001", SIZES["a"], regions(0), 10) + line("z", SIZES["a"], regions(1), 10)
    (world.features / "all.tsv").write_text(text)
    found, rejects = world.run(monkeypatch)
    assert set(found) == {"z"} and rejects == {
        "0001": "image_unknown", "x-1": "features_missing", "y-1": "features_missing",
    }  # fmt: skip


def test_boxes_have_an_area_inside_the_picture(world, monkeypatch):
    one, turned = regions(0), regions(1)
    one["boxes"][0], turned["boxes"][0] = [630, 470, 900, 800], [50, 50, 10, 10]
    (world.features / "a.tsv").write_text(line("a", SIZES["a"], one, 10) + line("b", SIZES["b"], turned, 10))
    found, rejects = world.run(monkeypatch)
    assert boxes_of(found["a"])[0].tolist() == [630, 470, 640, 480] and rejects["b"] == "malformed_row"


HURT_NPY = {
    "bbox": 5.0, "objects": 3, "cls_prob": "high", "num_boxes": -1, "image_width": 10**400, "image_height": 11.9,
    "objects ": [10**30] * 12, "bbox ": [[10**400] * 4] * 12, "num_boxes ": 10**9, "objects  ": [0.5] * 12,
}  # fmt: skip


@pytest.mark.parametrize("key", HURT_NPY)
def test_npy_of_the_wrong_kind_costs_its_picture_and_no_other(world, monkeypatch, key):
    for number, name in enumerate(("a", "b")):
        write_npy(world.features, name, SIZES[name], regions(number))
    info = np.load(world.features / "a_info.npy", allow_pickle=True).item() | {key.strip(): HURT_NPY[key]}
    np.save(world.features / "a_info.npy", info, allow_pickle=True)
    found, rejects = world.run(monkeypatch)
    assert set(found) == {"b"} and rejects["a"] == "malformed_row"


def test_npy_files_that_are_damaged_or_alone_are_rejected(world, monkeypatch):
    for number, name in enumerate(SIZES):
        write_npy(world.features, name, SIZES[name], regions(number))
    whole = (world.features / "a.npy").read_bytes()
    (world.features / "a.npy").write_bytes(whole[:10] + b"{'descr': '<f4', 'shape': (" + whole[37:])
    (world.features / "b_info.npy").unlink()
    (world.features / "c_info.npy").rename(world.features / "d_info.npy")
    found, rejects = world.run(monkeypatch)
    assert not found
    assert rejects == dict.fromkeys("abc", "malformed_row") | {"d_info": "image_unknown"}


@pytest.mark.parametrize(("first", "stated"), [(0, False), (0, True), (1, True)])
def test_distributions_with_and_without_the_background(tmp_path, first, stated):
    classes = np.arange(12) % 3
    distribution = np.full((12, 3 + first), 0.02, np.float32)
    distribution[np.arange(12), classes + first] = 0.3
    distribution[:, :first] = 0.6
    one = regions(0)
    np.save(tmp_path / "a.npy", one["features"])
    info = {"bbox": one["boxes"], "cls_prob": distribution} | ({"objects": classes} if stated else {})
    np.save(tmp_path / "a_info.npy", info, allow_pickle=True)
    record = open_file(tmp_path).read(0)
    assert record.classes.tolist() == classes.tolist() and np.allclose(record.scores, 0.3)


@pytest.mark.parametrize("change", ["flat boxes", "flat features", "empty id", "many declared", "class nan"])
def test_hdf5_of_the_wrong_shape_is_one_message_or_a_reject(tmp_path, change):
    write_hdf5(tmp_path / "a.h5", ["a", "b"])
    with h5py.File(tmp_path / "a.h5", "a") as file:
        if change == "class nan":
            del file["objects"]
            file["objects"] = np.full((2, 14), np.nan)
        else:
            name = {"flat boxes": "bbox", "flat features": "features", "empty id": "image_id"}.get(change, "bbox")
            del file[name]
            if change == "many declared":
                file.create_dataset(name, (2, 2**42, 4), "f4")
            else:
                file[name] = np.float32(0) if change == "empty id" else np.zeros(2, "f4")
    if change == "many declared":
        with pytest.raises(InputError, match="area"):
            open_file(tmp_path / "a.h5").read(0)
        return
    with pytest.raises(InputError):
        open_file(tmp_path / "a.h5").read(0)


@pytest.mark.parametrize("change", ["wide features", "wide boxes", "a large block", "long names", "many regions"])
def test_hdf5_that_declares_too_much_is_refused_before_there_is_room_for_it(tmp_path, change):
    declared = {
        "wide features": ("features", (2, 14, 2**26), "f4", None), "wide boxes": ("bbox", (2, 14, 2**28), "f4", None),
        "a large block": ("features", (2, 14, 2**14), "f4", (2, 2**14, 2**14)),
        "long names": ("image_id", (2,), f"S{2**30}", None), "many regions": ("features", (2, 2**26, 6), "f4", None),
    }  # fmt: skip
    write_hdf5(tmp_path / "a.h5", ["a", "b"])
    name, shape, kind, chunks = declared[change]
    with h5py.File(tmp_path / "a.h5", "a") as file:
        del file[name]
        grows = None if chunks is None else (None,) * 3
        file.create_dataset(name, shape, kind, chunks=chunks, maxshape=grows)
        if change == "many regions":
            del file["bbox"], file["num_boxes"]
            file.create_dataset("bbox", (2, 2**26, 4), "f4")
            file["num_boxes"] = [2**26, 2**26]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=r"wide|blocks|num_boxes"):
        open_file(tmp_path / "a.h5").read(0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kB"


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def test_pickles_are_read_and_never_run(tmp_path):
    evil = Evil(tmp_path / "was-here")
    values = {"bbox": np.ones((2, 4), "f4"), "objects": np.array([1, 2]), "n": np.float32(3), "name": "ä", "l": [1]}
    read = read_arrays(pickle.dumps(values))
    assert (read["bbox"] == 1).all() and read["n"] == 3 and read["name"] == "ä" and read["l"] == [1]
    for protocol in range(6):
        with pytest.raises(pickle.UnpicklingError, match="system"):
            read_arrays(pickle.dumps({"a": evil}, protocol))
    np.save(tmp_path / "a.npy", np.ones((2, 3), "f4"))
    np.save(tmp_path / "a_info.npy", {"bbox": evil}, allow_pickle=True)
    with pytest.raises(InputError, match="system"):
        open_file(tmp_path).read(0)
    assert not evil.mark.exists()


class Forged:
    """An array whose dtype says that bytes of the file are addresses of objects."""

    def __init__(self, kind, state) -> None:
        self.kind, self.state = kind, state

    def __reduce__(self):
        kind = np.dtype("V8") if self.kind == "parts" else np.dtype("O")
        return np._core.multiarray._reconstruct, (np.ndarray, (0,), b"b"), (1, (2,), kind, False, self.state)


def test_forged_arrays_are_refused_before_numpy_sees_them():
    parts = np.zeros(2, [("a", "f4"), ("b", "i4")])
    for value in (Forged("O", b"\x41" * 16), Forged("parts", b"\x41" * 16), parts, np.dtype("O"), np.ndarray):
        with pytest.raises(BROKEN_PICKLE):
            read_arrays(pickle.dumps({"bbox": value}))
    honest = [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.array(3, ">f4"),
              np.array([{"a": np.ones(2)}, None], object), np.array(["x", "yz"])]  # fmt: skip
    for protocol in range(2, 6):
        for value in honest:
            read = read_arrays(pickle.dumps(value, protocol))
            assert read.dtype == value.dtype and read.shape == value.shape and str(read) == str(value)


def again_and_again() -> list:
    """A list of ten lists, which are one list, of ten lists, and so on: 10^12 numbers in a few hundred bytes."""
    values = [1] * 10
    for _ in range(11):
        values = [values] * 10
    return values


def within_itself() -> list:
    values: list = [1]
    values.append(values)
    return values


class Python2Array:
    """As Python 2 pickles one: its bytes are a text of Latin-1."""

    def __reduce__(self):
        make, given, (version, shape, kind, order, values) = np.array([1.0, -2.0]).__reduce__()
        return make, given, (version, shape, kind, order, values.decode("latin1"))


class BrokenDtype:
    def __reduce__(self):
        return np.dtype, ("(,)i4",)


class Called:
    """What a pickle says of a call."""

    def __init__(self, *call) -> None:
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


def many_numbers() -> list:
    """A list of ten lists of ten lists and so on, each the same one; written out it is 10⁷ numbers."""
    numbers: list = [1]
    for _ in range(7):
        numbers = [numbers] * 10
    return numbers


class OfShape:
    """An array whose state names another shape."""

    def __init__(self, array, shape) -> None:
        self.array, self.shape = array, shape

    def __reduce__(self):
        make, given, (version, _, *rest) = self.array.__reduce__()
        return make, given, (version, self.shape, *rest)


BOMBS = {
    "the same list": pickle.dumps(again_and_again()), "a list within itself": pickle.dumps(within_itself()),
    "the same array": pickle.dumps([[np.ones(1000)] * 1000] * 1000), "the same text": pickle.dumps(["x" * 999] * 9999),
    "a dtype of broken syntax": pickle.dumps(BrokenDtype()),
    "a place in memory for 2³² values": b"\x80\x04}r\xff\xff\xff\xff0h\x00.",
    "a dtype of lists of lists": pickle.dumps(Called(np.dtype, many_numbers())),
    "an encoding of lists of lists": pickle.dumps(Called(codecs.encode, "a", many_numbers())),
    "a shape of a list": pickle.dumps({"a": OfShape(np.empty(1, object), (10**8, [0]))}),
    "a text of 2³⁶ bytes": b"\x80\x04\x8e" + (2**36).to_bytes(8, "little") + b".",
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_pickle_takes_no_more_time_and_memory_than_one_of_its_size_can_mean(bomb):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    with pytest.raises(BROKEN_PICKLE):
        read_arrays(BOMBS[bomb])
    assert time.monotonic() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "kB"


def test_what_a_pickle_may_well_repeat_is_read():
    array = np.ones((100, 20), "f4")
    assert len(read_arrays(pickle.dumps([array] * 3))) == 3
    ragged = np.empty(2, object)
    ragged[:] = [[1, 2], {"a": array}]
    read = read_arrays(pickle.dumps(ragged))
    assert read[0] == [1, 2] and (read[1]["a"] == array).all()


def test_arrays_of_python_2_are_read():
    read = read_arrays(b"\x80\x02" + pickle.dumps(Python2Array(), 2)[2:])
    assert read.tolist() == [1.0, -2.0]


def test_hdf5_names_are_bounded_by_the_file(tmp_path):
    write_hdf5(tmp_path / "many.h5", ["a"])
    with h5py.File(tmp_path / "many.h5", "a") as file:
        for name, shape in {"image_id": (), "num_boxes": (), "wh": (2,), "bbox": (14, 4), "features": (14, 6)}.items():
            del file[name]
            kind = "S8" if name == "image_id" else "i4"
            file.create_dataset(name, (2 * 10**9, *shape), kind, chunks=(1000, *shape))
        file.pop("objects", None)
    with pytest.raises(InputError, match="2,000,000,000 pictures"):
        open_file(tmp_path / "many.h5")
    write_hdf5(tmp_path / "objects.h5", ["a"])
    with h5py.File(tmp_path / "objects.h5", "a") as file:
        del file["bbox"]
        file.create_dataset("bbox", (1, 14, 4), h5py.vlen_dtype("f4"))
    with pytest.raises(InputError, match="kind object"):
        open_file(tmp_path / "objects.h5")


def test_hdf5_that_points_elsewhere_is_refused(tmp_path):
    write_hdf5(tmp_path / "secret.h5", ["a"])
    write_hdf5(tmp_path / "link.h5", ["a"])
    with h5py.File(tmp_path / "link.h5", "a") as file:
        del file["features"]
        file["features"] = h5py.ExternalLink("secret.h5", "/features")
    with pytest.raises(InputError, match="features is no array in the file itself"):
        open_file(tmp_path / "link.h5")
    (tmp_path / "broken.h5").write_bytes((tmp_path / "secret.h5").read_bytes()[:500])
    with pytest.raises(InputError, match=r"broken\.h5"):
        open_file(tmp_path / "broken.h5")


@pytest.mark.real_data
def test_the_published_tsv_equals_its_decoded_original(real_data, tmp_path, monkeypatch):
    """LXMERT's file of six pictures, decoded here by hand; boxes are drawn over pictures of the right size."""
    source = real_data / "bottom_up_attention"
    lines = (source / "train2014_obj36.tsv").read_text().splitlines()
    original = {cells[0]: cells for cells in (one.split("\t") for one in lines)}
    rows, raw = [], tmp_path / "raw"
    raw.mkdir()
    for name, cells in original.items():
        size = int(cells[2]), int(cells[1])
        Image.new("RGB", size, "grey").save(raw / f"{name}.jpg")
        rows.append({**row(name, f"{name}.jpg", size), "sha256": sha256_of_file(raw / f"{name}.jpg")})
    images = write_images(tmp_path / "images", raw, rows)
    names, attributes = (
        tuple((source / f"{what}_vocab.txt").read_text().splitlines()) for what in ("objects", "attributes")
    )
    spec = DetectorSpec(IMPORTED, names, 600, 1000, attribute_names=attributes)
    write_detector(tmp_path / "detector", spec, None)
    given = [
        "--images",
        images,
        "--detector",
        tmp_path / "detector",
        "--imported",
        source,
        "--out",
        tmp_path / "regions",
    ]
    assert call_regions(monkeypatch, *map(str, given)) == 0
    dataset = Dataset(tmp_path / "regions", "regions")
    found = {one["image_id"]: one for one in dataset.rows()}
    assert set(found) == set(original) and len(found) == 6
    for name, cells in original.items():
        features = np.frombuffer(base64.b64decode(cells[9]), "<f4").reshape(36, 2048)
        boxes = np.frombuffer(base64.b64decode(cells[8]), "<f4").reshape(36, 4)
        assert (features_of(found[name]) == features.astype(np.float16)).all()
        assert np.abs(boxes_of(found[name]) - boxes).max() < 1e-3
        assert found[name]["object_ids"] == np.frombuffer(base64.b64decode(cells[3]), "<i8").tolist()
        assert found[name]["attribute_ids"] == np.frombuffer(base64.b64decode(cells[5]), "<i8").tolist()
        assert found[name]["attribute_scores"] == np.frombuffer(base64.b64decode(cells[6]), "<f4").tolist()
    page = page_of(look_at_dataset(Place.of(tmp_path / "regions"), 6, full=False))
    first = next(iter(dataset.rows()))
    assert (
        f"{attributes[first['attribute_ids'][0]]} {names[first['object_ids'][0]]} {first['object_scores'][0]:.2f}"
        in page
    )
    assert page.count("data:image/jpeg;base64,") == 6


def test_a_ragged_npy_costs_its_own_picture_alone(world, monkeypatch):
    for name, size in SIZES.items():
        write_npy(world.features, name, size, regions(1))
    ragged = np.empty((), object)
    ragged[()] = [[1], [1, 2]]
    np.save(world.features / "b.npy", ragged, allow_pickle=True)
    found, rejects = world.run(monkeypatch)
    assert set(found) == {"a", "c"} and rejects == {"b": "malformed_row"}
