"""The stage as users run it: its command line, Beam's workers, and a kill in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ingest_sources import multi30k, pictures, write

from contract.dataset import Dataset

SHARDS = 8


def command(raw: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "pipelines.ingest", "--raw", str(raw), "--images", str(out / "images"),
            "--captions", str(out / "captions"), "--seed", "7", *more]  # fmt: skip


def checksums(out: Path) -> dict[str, str]:
    manifests = [json.loads((out / name / "_manifest.json").read_text()) for name in ("images", "captions")]
    return {
        f"{m['dataset']}/{shard['path']}": shard["sha256"] for m in manifests for shard in m["shards"] + m["rejects"]
    }


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    names = {f"p{i:03d}.jpg": i for i in range(160)}
    multi30k(folder, {"train": [*names, "gone.jpg"][:150], "val": list(names)[150:]})
    pictures(folder, names)
    return folder


@pytest.fixture(scope="module")
def undisturbed(raw, tmp_path_factory):
    out = tmp_path_factory.mktemp("one-worker")
    subprocess.run(command(raw, out, "--workers", "1", "--shards", str(SHARDS)), check=True)
    return checksums(out)


@pytest.mark.slow
def test_two_workers_write_the_same_bytes(raw, undisturbed, tmp_path):
    done = subprocess.run(command(raw, tmp_path, "--workers", "2", "--shards", str(SHARDS)), capture_output=True)
    assert done.returncode == 0 and checksums(tmp_path) == undisturbed
    assert not (tmp_path / ".work").exists()


@pytest.mark.slow
def test_killed_in_the_middle_and_run_again(raw, undisturbed, tmp_path):
    arguments = command(raw, tmp_path, "--workers", "1", "--shards", str(SHARDS))
    stage = subprocess.Popen(arguments, start_new_session=True)
    deadline = time.monotonic() + 300
    while not (finished := list(tmp_path.glob(".work/ingest-scan-*/record-*.json"))):
        assert time.monotonic() < deadline and stage.poll() is None
        time.sleep(0.005)
    os.killpg(stage.pid, signal.SIGKILL)
    stage.wait()
    assert finished and not (tmp_path / "captions").exists()
    again = subprocess.run(arguments, capture_output=True, text=True)
    assert again.returncode == 0 and "shards are finished already" in again.stdout
    assert checksums(tmp_path) == undisturbed


def test_wrong_settings_end_with_two_and_one_message(tmp_path):
    profile = write(tmp_path / "p.yaml", "ingest: {layuot: coco}\n")
    done = subprocess.run(command(tmp_path, tmp_path, "--params", str(profile)), capture_output=True, text=True)
    assert done.returncode == 2 and "did you mean 'layout'?" in done.stderr and "Traceback" not in done.stderr


def test_outputs_never_overwrite_the_source(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "captions").mkdir()
    done = subprocess.run(command(tmp_path, tmp_path), capture_output=True, text=True)
    assert done.returncode == 2 and "would overwrite" in done.stderr


@pytest.mark.slow
@pytest.mark.real_data
def test_multi30k_whole(real_data, tmp_path):
    raw = tmp_path / "raw"
    (raw / "captions").mkdir(parents=True)
    (raw / "images").symlink_to(real_data / "multi30k/images")
    for name in ("multi30k/task1", "multi30k/task2", "multi30k/nl", "flickr8k"):
        (raw / "captions" / Path(name).name).symlink_to(real_data / name)
    options = ("--workers", "2", "--params", "profiles/multi30k.yaml", "--task1-languages", "")
    subprocess.run(command(raw, tmp_path, *options), check=True)
    images, captions = (Dataset(tmp_path / name, name) for name in ("images", "captions"))
    assert images.manifest.rows_in == 30_014 and len(images) == 7_235
    assert images.manifest.rejected == {"image_missing": 22_779}
    assert images.manifest.statistics["splits"] == {"train": 6_993, "val": 242}
    assert captions.manifest.statistics["languages"] == {
        "ar": {"train": 20_979, "val": 726}, "zh": {"train": 34_965, "val": 1_210}, "nl": {"val": 1_210},
        "cs": {"train": 6_993, "val": 242}, "fr": {"train": 6_993, "val": 242},
        "de": {"train": 41_958, "val": 1_452}, "en": {"train": 41_958, "val": 1_452},
    }  # fmt: skip
