"""What may not be read is said to be just that: it breaks no contract."""

import os
from pathlib import Path

import pytest
from dataset_world import first_shard
from rights import forbidden, open_copy

from contract.breaches import BREACHES
from flows.cli import run_command


@pytest.fixture(scope="module")
def there(whole):
    with open_copy(whole) as folder:
        yield folder


def said_of(capsys, *given: object) -> str:
    assert run_command(list(map(str, given))) == 1
    error = capsys.readouterr().err
    assert error.startswith("m3p: ") and "Traceback" not in error
    return error


SHARD = "part-00001-of-00003.parquet"


@pytest.mark.parametrize(
    ("dataset", "closed"),
    [
        ("captions", ""), ("captions", "_manifest.json"), ("captions", "_README.md"), ("captions", SHARD),
        ("captions", "_rejects"), ("captions", f"_rejects/{SHARD}"), ("captions", "../images"),
        ("captions", "../images/_manifest.json"), ("captions", f"../images/{SHARD}"), ("images", "_files"),
        ("images", "_files/03.png"),
    ],
)  # fmt: skip
def test_verification_names_what_may_not_be_read(dataset, closed, there, capsys):
    folder = there / dataset
    path = Path(os.path.normpath(folder / closed))
    assert run_command(["inspect", str(folder), "--verify"]) == 0  # it is whole, and all that is imported is there
    capsys.readouterr()
    with forbidden(path):
        error = said_of(capsys, "inspect", folder, "--verify")
    named = error.splitlines()[0].removeprefix("m3p: ").removesuffix(" may not be read: permission denied.")
    assert Path(named) == path or path in Path(named).parents, error
    assert "To do: " in error
    assert not any(error.startswith(f"m3p: {name}: ") for name in BREACHES)


def test_inspection_and_comparison_say_it_too(there, capsys):
    folder = there / "corpus"
    for given in (("inspect", folder), ("inspect", first_shard(folder)), ("diff", folder, folder)):
        assert run_command(list(map(str, given))) == 0
        capsys.readouterr()
        for path in (folder, first_shard(folder)):
            with forbidden(path):
                assert "may not be read" in said_of(capsys, *given)


def test_a_store_that_does_not_answer_breaks_no_contract(capsys):
    error = said_of(capsys, "inspect", "http://127.0.0.1:9/captions", "--verify")
    assert error.startswith("m3p: http://127.0.0.1:9/captions") and "Cannot connect" in error
