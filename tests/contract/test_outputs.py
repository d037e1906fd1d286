"""What a stage may replace."""

import json

import pytest

from contract.errors import UsageError
from contract.hashing import MANIFEST
from contract.manifest import dataset_of
from contract.outputs import METRICS, Mark, check_output, put_in_place, written_beside

CORPUS = dataset_of("corpus")


def refused(message, *arguments):
    with pytest.raises(UsageError, match=message):
        check_output(*arguments)


def test_what_is_read_or_written_elsewhere_is_never_overwritten_nor_what_lies_around_or_in_it(tmp_path):
    raw = tmp_path / "raw"
    (raw / "text").mkdir(parents=True)
    (tmp_path / "link").symlink_to(raw)
    for out in (raw, raw / "text", tmp_path, tmp_path / "link", raw / ".." / "raw"):
        refused("would overwrite", out, CORPUS, [raw])
    refused("would overwrite", raw / "text", CORPUS, [tmp_path / "link"])
    check_output(tmp_path / "raw-2", CORPUS, [raw])


def test_only_an_empty_folder_or_an_earlier_output_is_replaced(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    check_output(out, CORPUS, [])
    (out / "thesis.tex").write_text("years of work")
    refused("did not write", out, CORPUS, [])
    for manifest in ("{", "[]", json.dumps({"stage": "lexicon"})):
        (out / MANIFEST).write_text(manifest)
        refused("did not write", out, CORPUS, [])
    (out / MANIFEST).write_text(json.dumps({"stage": "corpus"}))
    check_output(out, CORPUS, [])
    refused("did not write", out, Mark("config.json", '"stage": "pretrain"'), [])


def test_only_a_file_of_metrics_is_replaced_by_one(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps({"task": "retrieval"}))
    check_output(tmp_path / "m.json", METRICS, [])
    (tmp_path / "profile.yaml").write_text("seed: 7")
    refused("did not write", tmp_path / "profile.yaml", METRICS, [])


def test_links_files_and_folders_are_not_taken_for_each_other(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    refused("is a file", tmp_path / "file", CORPUS, [])
    refused("is a folder", tmp_path, METRICS, [])
    refused("is a link", tmp_path / "link", CORPUS, [])
    refused("cannot be written", tmp_path / "file" / "below", CORPUS, [])
    check_output(tmp_path / "link" / "out", CORPUS, [])


def test_the_folder_around_is_made(tmp_path):
    check_output(tmp_path / "a" / "b" / "out", CORPUS, [])
    assert (tmp_path / "a" / "b").is_dir() and not (tmp_path / "a" / "b" / "out").exists()


def test_a_folder_is_replaced_when_the_new_one_is_whole(tmp_path):
    out = tmp_path / "out"
    for number in range(2):
        with written_beside(out) as new:
            (new / f"{number}").write_text("x")
        assert [path.name for path in out.iterdir()] == [f"{number}"]
    with pytest.raises(RuntimeError), written_beside(out) as new:
        (new / "half").write_text("x")
        raise RuntimeError
    assert [path.name for path in out.iterdir()] == ["1"]
    (tmp_path / ".out.old").mkdir()  # what a kill between two renames leaves
    (tmp_path / "new").mkdir()
    put_in_place(tmp_path / "new", out)
    assert not list(out.iterdir()) and not (tmp_path / ".out.old").exists()
