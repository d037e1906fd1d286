"""A manifest that is none, however absurd, is told by the key that is not as stages write it."""

import json

import pytest

from flows.cli import run_command

PYTHON = ("Error", "object", "argument", "recursion", "NoneType", "__init__", "iterable", "attribute")


def nested(depth: int, inner: object = 1) -> object:
    for _ in range(depth):
        inner = {"in": inner}
    return inner


FILE = {"path": "part-00000-of-00001.parquet", "rows": 1, "bytes": 1, "sha256": "0"}
ABSURD = {
    "totals": ([1, 2], "'totals'", "no such key"),
    "shards": (3, "'shards' is 3", "a list of files"),
    "rejects": ({}, "'rejects' is {}", "a list of files"),
    "dataset": (None, "'dataset' is null", "a text"),
    "version": (1.0, "'version' is 1.0", "a text"),
    "stage": ([], "'stage' is []", "a text"),
    "seed": ("7", "'seed' is \"7\"", "an integer"),
    "rows_in": (True, "'rows_in' is true", "a number of rows"),
    "rows_out": (-1, "'rows_out' is -1", "a number of rows"),
    "parameters": ([], "'parameters' is []", "names and values"),
    "statistics": ("none", "'statistics' is \"none\"", "names and values"),
    "inputs": ({"images": 5}, "'inputs.images' is 5", "a sha256"),
    "rejected": ({"caption_empty": "2"}, "'rejected.caption_empty' is \"2\"", "a number of rows"),
}  # fmt: skip
FILES = {
    "text": ("x", "'shards[0]' is \"x\"", "path, rows, bytes and sha256"),
    "lacking": ({"path": "x"}, "'shards[0]' is {\"path\": \"x\"}", "path, rows, bytes and sha256"),
    "more": (FILE | {"mood": 1}, "'shards[0]' is {", "path, rows, bytes and sha256"),
    "path": (FILE | {"path": 3}, "'shards[0].path' is 3", "a path within the dataset"),
    "outside": (FILE | {"path": "../../x"}, "'shards[0].path' is \"../../x\"", "a path within the dataset"),
    "rows": (FILE | {"rows": None}, "'shards[0].rows' is null", "a number of rows"),
    "endless": (FILE | {"bytes": 10**400}, "'shards[0].bytes' is 1000", "a number of bytes"),
    "bytes": (FILE | {"bytes": [[]]}, "'shards[0].bytes' is [[]]", "a number of bytes"),
    "sha256": (FILE | {"sha256": 1}, "'shards[0].sha256' is 1", "a sha256"),
}  # fmt: skip
CASES = {name: ({name: value}, found, expected) for name, (value, found, expected) in ABSURD.items()}
CASES |= {f"file-{name}": ({"shards": [value]}, found, expected) for name, (value, found, expected) in FILES.items()}
CASES |= {
    f"{depth} deep-{name}": ({name: nested(depth)}, "nested deeper than 64", "as stages write it")
    for depth in (65, 300, 900) for name in ("parameters", "statistics")
}  # fmt: skip


def refused(capsys, folder, found: str, expected: str) -> None:
    whole = folder.parent / "images"
    commands = (["inspect"], ["inspect", "--json"], ["inspect", "--verify"], ["diff", str(whole)])
    for command in commands:
        assert run_command([*command, str(folder)]) == 1
        error = capsys.readouterr().err
        first, second, remedy = error.rstrip().split("\n")
        assert f"{folder / '_manifest.json'} cannot be read as a manifest: " in first and found in first, error
        assert expected in second and "dvc checkout" in remedy and "delete" not in remedy, error
        assert not any(word in error.replace(str(folder), "") for word in PYTHON), error
        assert ("m3p: manifest_unreadable: " in error) == ("--verify" in command)


@pytest.mark.parametrize("case", CASES)
def test_the_key_is_named(case, world, capsys):
    changes, found, expected = CASES[case]
    path = world / "captions" / "_manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    refused(capsys, world / "captions", found, expected)


@pytest.mark.parametrize("lacking", ["dataset", "shards", "rows_in", "rejected"])
def test_a_key_that_is_missing_is_named(lacking, world, capsys):
    path = world / "captions" / "_manifest.json"
    path.write_text(json.dumps({k: value for k, value in json.loads(path.read_text()).items() if k != lacking}))
    refused(capsys, world / "captions", f"it has no '{lacking}'", "as stages write it")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"[]", "it is a list"), (b"3", "it is a number"), (b'"x"', "it is a text"), (b"null", "it is null"),
        (b"", "it is empty"), (b'{"dataset": "cap', "line 1"), (b"\xff\xfe\xfd", "no JSON"),
        (b"[" * 100_000, "nested deeper than 64"), (b'{"a":' * 100_000, "nested deeper than 64"),
        (b"9" * 5_000, "no JSON"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_object_of_json_is_said_to_be_none(content, found, world, capsys):
    (world / "captions" / "_manifest.json").write_bytes(content)
    refused(capsys, world / "captions", found, "as stages write it")


def test_as_deep_as_is_let_through_is_shown(world, capsys):
    path = world / "captions" / "_manifest.json"
    for name in ("parameters", "statistics"):
        values = json.loads(path.read_text()) | {name: nested(63)}
        path.write_text(json.dumps(values))
    for command in (["inspect"], ["inspect", "--json"], ["diff", str(world / "captions")]):
        assert run_command([*command, str(world / "captions")]) == 0, capsys.readouterr().err
