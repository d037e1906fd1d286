"""What a stage may replace."""

import json

import pytest

from contract.errors import UsageError
from contract.hashing import MANIFEST
from contract.outputs import check_output


def refused(message, *arguments):
    with pytest.raises(UsageError, match=message):
        check_output(*arguments)


def test_an_input_is_never_overwritten_nor_what_lies_around_or_in_it(tmp_path):
    raw = tmp_path / "raw"
    (raw / "text").mkdir(parents=True)
    (tmp_path / "link").symlink_to(raw)
    for out in (raw, raw / "text", tmp_path, tmp_path / "link", raw / ".." / "raw"):
        refused("would overwrite the input", out, MANIFEST, "corpus", [raw])
    check_output(tmp_path / "raw-2", MANIFEST, "corpus", [raw])


def test_only_an_empty_folder_or_an_earlier_output_is_replaced(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    check_output(out, MANIFEST, "corpus", [])
    (out / "thesis.tex").write_text("years of work")
    refused("did not write", out, MANIFEST, "corpus", [])
    for manifest in ("{", "[]", json.dumps({"stage": "lexicon"})):
        (out / MANIFEST).write_text(manifest)
        refused("did not write", out, MANIFEST, "corpus", [])
    (out / MANIFEST).write_text(json.dumps({"stage": "corpus"}))
    check_output(out, MANIFEST, "corpus", [])
    refused("did not write", out, "weights.safetensors", "pretrain", [])
    assert (out / "thesis.tex").read_text() == "years of work"


def test_files_and_folders_are_not_taken_for_each_other(tmp_path):
    (tmp_path / "file").write_text("x")
    refused("is a file", tmp_path / "file", MANIFEST, "corpus", [])
    refused("is a folder", tmp_path, "", "evaluate", [])
    check_output(tmp_path / "file", "", "evaluate", [])
    refused("cannot be written", tmp_path / "file" / "below", MANIFEST, "corpus", [])


def test_the_folder_around_is_made(tmp_path):
    check_output(tmp_path / "a" / "b" / "out", MANIFEST, "corpus", [])
    assert (tmp_path / "a" / "b").is_dir() and not (tmp_path / "a" / "b" / "out").exists()
