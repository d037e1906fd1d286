import os

import pytest

from contract.errors import InputError
from contract.files import files_below, files_like
from contract.hashing import fingerprint, fingerprint_of_code, sha256_of_json, shard_of, stable_hash, stable_hashes
from contract.manifest import Manifest, read_manifest
from contract.rejects import REASONS, Reject
from contract.schemas import CORPUS, REJECTS
from contract.shards import ShardWriter
from contract.workfolder import ShardRecord, WorkFolder, merge_statistics, total_rejected


def test_hashes_are_the_same_everywhere_and_for_ever():
    assert stable_hash(7, "a", 1) == 4_645_382_080_913_178_834
    keys = ["", "a", "é😀", "x\x1fy"]
    assert stable_hashes(7, "b", keys=keys).tolist() == [stable_hash(7, "b", key) for key in keys]
    assert stable_hashes(keys=keys).tolist() == [stable_hash(key) for key in keys] and not len(
        stable_hashes(7, keys=[])
    )
    assert stable_hash("a", "b") != stable_hash("ab") and stable_hash(1, 23) != stable_hash(12, 3)


def test_keys_spread_evenly_over_shards():
    counts = [0] * 8
    for number in range(8_000):
        counts[shard_of(f"image-{number}", 8)] += 1
    assert min(counts) > 850 and max(counts) < 1_150


def test_json_hashes_whatever_the_order():
    assert (
        sha256_of_json({"a": 1, "b": [2]}) == sha256_of_json({"b": [2], "a": 1}) != sha256_of_json({"a": 1, "b": [3]})
    )


def test_a_fingerprint_sees_names_contents_and_linked_folders(tmp_path):
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/sub/a.txt").write_text("a")
    first = fingerprint(tmp_path / "in")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.txt").write_text("b")
    (tmp_path / "in/linked").symlink_to(tmp_path / "elsewhere")
    second = fingerprint(tmp_path / "in")
    (tmp_path / "elsewhere/b.txt").write_text("c")
    assert len({first, second, fingerprint(tmp_path / "in")}) == 3
    (tmp_path / "in/sub/a.txt").rename(tmp_path / "in/sub/z.txt")
    assert fingerprint(tmp_path / "in") != second
    (tmp_path / "in/_manifest.json").write_text("{}")  # a dataset is known by its manifest alone
    with_manifest = fingerprint(tmp_path / "in")
    (tmp_path / "in/sub/z.txt").unlink()
    assert fingerprint(tmp_path / "in") == with_manifest


def test_links_in_a_circle_do_no_harm_and_links_to_nowhere_are_named(tmp_path):
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl/val.0.nl").write_text("x")
    (tmp_path / "nl/around").symlink_to(tmp_path)
    assert [file.name for file in files_below(tmp_path)] == ["val.0.nl"]
    assert files_like(tmp_path, "nl/val.*.nl") == files_below(tmp_path) and files_like(tmp_path, "zh/*") == []
    (tmp_path / "nl/nowhere").symlink_to(tmp_path / "missing")
    assert [file.name for file in files_below(tmp_path, whole=False)] == ["val.0.nl"]
    with pytest.raises(InputError, match="nowhere is a link to what is not there"):
        files_below(tmp_path)


def test_a_name_that_is_no_utf8_is_said(tmp_path):
    (tmp_path / os.fsdecode(b"en.\xff.txt")).write_text("x")
    with pytest.raises(InputError, match=r"udcff.txt has a name that is no UTF-8"):
        files_below(tmp_path)


def test_code_is_known_by_its_sources():
    assert fingerprint_of_code(["contract.hashing"]) == fingerprint_of_code(["contract.hashing"])
    assert fingerprint_of_code(["contract.hashing"]) != fingerprint_of_code(["contract"])


def test_reasons_are_a_fixed_list():
    Reject("k", "s", next(iter(REASONS)), "m")
    with pytest.raises(ValueError, match="unknown reject reason"):
        Reject("k", "s", "because", "m")


def record_of(work: WorkFolder, index: int) -> ShardRecord:
    shards = []
    for name, schema in ((f"part-{index}.parquet", CORPUS), (f"_rejects/part-{index}.parquet", REJECTS)):
        with ShardWriter(work.files, name, schema) as writer:
            writer.write([])
        shards.append(writer.shard())
    return ShardRecord(*shards, rows_in=1, rejected={"sentence_empty": 1}, statistics={"n": index})


def test_a_shard_is_trusted_only_while_its_checksums_hold(tmp_path):
    work = WorkFolder(tmp_path / "out", {"seed": 7})
    record = record_of(work, 0)
    assert work.read_record(0) is None and not work.is_finished(0)
    work.write_record(0, record)
    again = WorkFolder(tmp_path / "out", {"seed": 7})
    assert again.read_record(0) == record and again.is_finished(0)
    assert not WorkFolder(tmp_path / "out", {"seed": 8}).is_finished(0)
    with (work.files / record.rejects.path).open("ab") as file:
        file.write(b"x")
    assert not work.is_finished(0)
    (work.path / "record-00000.json").write_text('{"shard": ')
    assert work.read_record(0) is None and not work.is_finished(0)


def test_a_finished_dataset_replaces_the_old_one_and_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.parquet").write_text("old")
    work = WorkFolder(out, {})
    record = record_of(work, 0)
    work.finish(
        Manifest("corpus", "1.0", "corpus", {}, 7, {}, [record.shard], [record.rejects], 1, 0, {"sentence_empty": 1})
    )
    assert sorted(path.name for path in out.iterdir()) == ["_README.md", "_manifest.json", "_rejects", "part-0.parquet"]
    assert read_manifest(out).rows_in == 1 and [path.name for path in tmp_path.iterdir()] == ["out"]


def test_statistics_add_up():
    parts = [{"b": {"x": 1, "z": ["q"]}, "a": 2}, {"b": {"x": 3, "y": 1.5, "z": ["p", "q"]}}]
    assert merge_statistics(parts) == {"a": 2, "b": {"x": 4, "y": 1.5, "z": ["q", "p", "q"]}}
    assert list(merge_statistics(parts)) == ["a", "b"]
    assert total_rejected([]) == {}


def test_an_input_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere is not there"):
        fingerprint(tmp_path / "nowhere")
