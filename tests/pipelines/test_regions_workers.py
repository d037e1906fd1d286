"""The stage as a user runs it: one worker, two workers, killed and run again, all with the same bytes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from regions_world import SMALL, arguments, boxes_of, call_regions, row, write_images, write_pictures, write_untrained

from contract.dataset import Dataset
from contract.hashing import sha256_of_file

REPOSITORY = Path(__file__).parent.parent.parent
SHARDS = 6


class World:
    """Pictures in shards, some of which are broken, and a detector."""

    def __init__(self, root: Path) -> None:
        self.root = root
        rows = write_pictures(root / "raw", 120)
        (root / "raw" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
        rows += [row(f"x{number}", "broken.jpg") for number in range(5)] + [row("gone", "gone.jpg")]
        self.images = write_images(root / "images", root / "raw", rows, SHARDS)
        self.detector = write_untrained(root / "detector")

    def arguments(self, out: str, workers: int) -> list[str]:
        return arguments(
            self.images,
            self.detector,
            self.root / out,
            "--workers",
            str(workers),
            "--batch-size",
            "2",
            "--device",
            "cpu",
        )

    def run(self, out: str, workers: int, monkeypatch) -> Dataset:
        assert call_regions(monkeypatch, *self.arguments(out, workers)) == 0
        return Dataset(self.root / out, "regions")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def undisturbed(world):
    with pytest.MonkeyPatch.context() as patched:
        return world.run("undisturbed", 1, patched)


def hashes(dataset: Dataset) -> list[str]:
    return [shard.sha256 for shard in [*dataset.manifest.shards, *dataset.manifest.rejects]]


def test_everything_is_accounted_for(world, undisturbed):
    manifest = undisturbed.manifest
    assert (manifest.rows_in, manifest.rows_out) == (126, 120)
    assert manifest.rejected == {"image_missing": 1, "image_unreadable": 5}
    assert sorted(reject["key"] for reject in undisturbed.rejects()) == ["gone", "x0", "x1", "x2", "x3", "x4"]
    for index in range(SHARDS):
        keys = [found["image_id"] for found in undisturbed.rows(["image_id"], index)]
        assert keys == sorted(keys) and all(undisturbed.shard_of(key) == index for key in keys)


def test_the_manifest_names_the_classes_and_counts_what_was_found(world, undisturbed):
    parameters, statistics = undisturbed.manifest.parameters, undisturbed.manifest.statistics
    assert parameters["object_classes"] == list(SMALL.class_names) and parameters["most"] == 8
    assert parameters["computed_on"] == "cpu", "another kind of device rounds differently"
    rows = list(undisturbed.rows())
    assert statistics["regions"] == sum(found["num_regions"] for found in rows) == sum(statistics["objects"].values())
    assert sum(statistics["regions_a_picture"].values()) == 120
    scores = np.concatenate([found["object_scores"] for found in rows])
    assert statistics["mean_score"] == pytest.approx(scores.mean(), abs=1e-3)
    assert set(undisturbed.manifest.inputs) == {"images", "detector"}


def test_the_shards_open_without_this_project(world, undisturbed):
    table = pq.read_table(world.root / "undisturbed" / undisturbed.manifest.shards[0].path)
    first = table.slice(0, 1).to_pylist()[0]
    assert boxes_of(first).shape == (first["num_regions"], 4)
    assert str(world.root) not in str(table.to_pylist()), "nothing of the machine"


@pytest.mark.slow
def test_killed_with_one_worker_and_finished_by_two_it_writes_the_same_bytes(world, undisturbed, monkeypatch, capsys):
    killed = subprocess.Popen(
        [sys.executable, "-m", "pipelines.regions", *world.arguments("killed", 1)], cwd=REPOSITORY,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    work = world.root / ".work"
    try:
        deadline = time.monotonic() + 300
        while not list(work.glob("killed-*/record-*.json")):
            assert killed.poll() is None and time.monotonic() < deadline, killed.stdout.read().decode()
            time.sleep(0.002)
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    time.sleep(1)  # its workers notice that it is gone
    finished = whole_shards(work)
    assert 0 < len(finished) < SHARDS and not (world.root / "killed").exists()
    again = world.run("killed", 2, monkeypatch)
    said = capsys.readouterr().out
    assert f"{len(finished)} of {SHARDS} shards are finished already" in said and " on cpu" in said
    assert hashes(again) == hashes(undisturbed) and again.manifest == undisturbed.manifest
    for name, before in finished.items():
        stat = (world.root / "killed" / name).stat()
        assert (stat.st_ino, stat.st_mtime_ns) == before, f"{name} was made twice"
    for shard in again.manifest.shards:
        assert sha256_of_file(world.root / "killed" / shard.path) == shard.sha256
    assert not list(work.glob("killed-*"))


def whole_shards(work: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of the shards that have a record."""
    (folder,) = work.glob("killed-*")
    numbers = {path.stem.removeprefix("record-") for path in folder.glob("record-*.json")}
    parts = [path for path in (folder / "files").glob("part-*.parquet") if path.name[5:10] in numbers]
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in parts}
