"""The same bytes with any number of workers, and after a kill; finished work is not done again."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from triples_world import PHRASES, make_world

from contract.dataset import Dataset

REPOSITORY = Path(__file__).parent.parent.parent
MANY = ("--workers", "2", "--rows-a-worker", "1", "--chunk-bytes", "200000")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = make_world(tmp_path_factory.mktemp("world"), pictures=40)
    rows = [
        world.clicks(image_id, query=f"{world.query(image_id, lang)} {word}", lang=None, page_title="A page about it")
        for image_id in world.shown
        for lang in PHRASES
        for word in map("".join, ((a, b, "a", c) for a in "bdfgl" for b in "aou" for c in "m"))
    ]
    world.log(rows)
    return world


def start(world, *settings: str, out: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.triples", *world.arguments(*settings, out=out)],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def finished(world, out: str) -> dict[Path, int]:
    """Parts that are finished, and when they were made."""
    return {path: path.stat().st_mtime_ns for path in (world.root / ".work").glob(f"{out}-*/*/element-*/record.json")}


def bytes_of(dataset: Dataset) -> list[str]:
    return [shard.sha256 for shard in [*dataset.manifest.shards, *dataset.manifest.rejects]]


@pytest.mark.slow
def test_one_worker_two_workers_and_a_kill_in_the_middle_give_the_same_bytes(world):
    undisturbed = world.run("--workers", "1", *MANY[2:], out="one")
    killed = start(world, "--workers", "1", *MANY[2:], out="killed")
    try:
        wait_for(killed, lambda: any("candidates" in str(path) for path in finished(world, "killed")))
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert not (world.root / "killed").exists()
    before = finished(world, "killed")
    assert 0 < sum("candidates" in str(path) for path in before) < 4
    again = start(world, *MANY, out="killed")
    output = follow(again, world, before)
    assert again.returncode == 0, output
    assert "of 4 parts are finished already" in output
    two = Dataset(world.root / "killed", "triples")
    assert bytes_of(two) == bytes_of(undisturbed)
    assert two.manifest.statistics == undisturbed.manifest.statistics
    assert not list((world.root / ".work").glob("killed*"))


def wait_for(process: subprocess.Popen[bytes], happened) -> None:
    deadline = time.monotonic() + 300
    while not happened():
        assert process.poll() is None, process.stdout.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def follow(process: subprocess.Popen[bytes], world, before: dict[Path, int]) -> str:
    """Waits for the end, and sees that no finished part is made a second time meanwhile."""
    while process.poll() is None:
        now = finished(world, "killed")
        assert all(now.get(path, made) == made for path, made in before.items())
        time.sleep(0.05)
    return process.stdout.read().decode()


def test_a_damaged_part_is_made_again(world, monkeypatch):
    from pipelines.triples import job

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(job, "run_sharded", interrupted)
        assert job_ends(world, "damaged") == 130
    (part,) = (world.root / ".work").glob("damaged-*/candidates/element-00001")
    (part / "candidates.arrow").write_bytes(b"damaged")
    kept = {path: made for path, made in finished(world, "damaged").items() if part not in path.parents}
    with monkeypatch.context() as patched:
        patched.setattr(job, "run_sharded", interrupted)
        assert job_ends(world, "damaged") == 130
    now = finished(world, "damaged")
    assert all(now[path] == made for path, made in kept.items())
    assert (part / "candidates.arrow").stat().st_size > 100


def job_ends(world, out: str) -> int:
    from pipelines.triples.stage import main

    return main(world.arguments("--workers", "1", out=out))
