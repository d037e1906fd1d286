"""What two versions of a dataset do not have in common."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_world import (
    PICTURES,
    caption_rows,
    column_twice,
    corpus_rows,
    first_shard,
    image_rows,
    no_utf8,
    region_rows,
    restate,
    rewrite,
    with_schema,
    write_dataset,
    write_rows,
)

from contract.hashing import stable_hash
from flows.cli import run_command


@pytest.fixture
def captions(tmp_path) -> list[dict]:
    return caption_rows(image_rows(tmp_path / "pictures"))


def differing(capsys, *given) -> dict:
    assert run_command(["diff", *map(str, given), "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def counts(found: dict) -> dict[str, int]:
    return {name: found["rows"][name] for name in ("added", "gone", "changed", "same")}


def edited(rows: list[dict]) -> list[dict]:
    """One row gone, one added, two changed."""
    rows = [dict(row) for row in rows]
    gone = rows.pop(0)
    rows.append(gone | {"caption_id": f"{gone['image_id']}#new", "text": "a new caption"})
    for row in rows[5:7]:
        row["text"] += "!"
    return rows


def test_rows_added_gone_and_changed_are_counted_and_shown(captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions, layout="coco", statistics={"languages": {"en": 36}})
    other = write_dataset(tmp_path / "other", "captions", edited(captions), layout="multi30k",
                          statistics={"languages": {"en": 40}})  # fmt: skip
    found = differing(capsys, one, other)
    assert counts(found) == {"added": 1, "gone": 1, "changed": 2, "same": 33}
    assert found["rows"]["columns"] == {"text": 2}
    assert found["rows"]["added_rows"][0]["caption_id"] == "picture-00#new"
    assert found["rows"]["gone_rows"][0]["caption_id"] == "picture-00#en"
    before, after = found["rows"]["changes"][0]["columns"]["text"]
    assert after == before + "!"
    assert found["parameters"] == {"layout": ["coco", "multi30k"]}
    assert found["statistics"] == {"languages.en": [36, 40]}
    assert run_command(["diff", str(one), str(other)]) == 0
    shown = capsys.readouterr().out
    for part in ("1 added, 1 gone, 2 changed, 33 the same", "coco", "multi30k", "picture-00#new", "languages.en"):
        assert part in shown


def test_the_same_is_found_the_same_by_its_bytes(captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions)
    other = write_dataset(tmp_path / "other", "captions", captions)
    found = differing(capsys, one, other)
    assert counts(found) == {"added": 0, "gone": 0, "changed": 0, "same": 36}
    assert found["rows"]["unread"] == 36 and found["rows"]["unhashed"] == 0
    assert not any(found[name] for name in ("schema", "parameters", "inputs", "rejected", "statistics"))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


def write_anew(path: Path) -> None:
    rewrite(path, lambda old: [*old[:-1], old[-1] | {"text": "quite another text"}])


DAMAGES = {"sha256": flip, "bytes": write_anew, "is not there": Path.unlink}


@pytest.mark.parametrize("said", DAMAGES)
@pytest.mark.parametrize("side", [0, 1])
def test_what_is_not_as_its_manifest_says_is_never_called_the_same(said, side, captions, tmp_path, capsys):
    sides = [write_dataset(tmp_path / name, "captions", captions) for name in ("one", "other")]
    shard = sorted(sides[side].glob("*.parquet"))[2]
    DAMAGES[said](shard)
    for given in ((), ("--json",)):
        assert run_command(["diff", *map(str, sides), *given]) == 1
        out, error = capsys.readouterr()
        assert not out and error.startswith(f"m3p: {shard} ") and said in error.splitlines()[0]
        assert f"`m3p inspect {sides[side]} --verify`" in error
    assert run_command(["inspect", str(sides[side]), "--verify"]) == 1


def test_a_damaged_file_among_those_that_are_read_is_told_by_its_bytes(captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions)
    other = write_dataset(tmp_path / "other", "captions", [row | {"text": row["text"] + "!"} for row in captions])
    write_anew(sorted(other.glob("*.parquet"))[1])
    assert run_command(["diff", str(one), str(other)]) == 1
    assert "part-00001-of-00003.parquet" in capsys.readouterr().err


def test_of_files_elsewhere_sizes_are_compared_and_it_is_said(captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions)
    memory = fsspec.filesystem("memory")
    memory.put(str(one), "/elsewhere", recursive=True)
    try:
        found = differing(capsys, one, "memory://elsewhere")
        assert found["rows"]["same"] == found["rows"]["unread"] == found["rows"]["unhashed"] == 36
        assert run_command(["diff", str(one), "memory://elsewhere"]) == 0
        shown = capsys.readouterr().out
        assert (
            "36 of them lie in files with the same bytes by their manifests; of files elsewhere, sizes alone" in shown
        )
        shard = "/elsewhere/part-00001-of-00003.parquet"
        memory.pipe(shard, memory.cat(shard) + b"1")
        assert run_command(["diff", str(one), "memory://elsewhere"]) == 1
        assert "memory://elsewhere/part-00001-of-00003.parquet has" in capsys.readouterr().err
        memory.rm(shard)
        assert run_command(["diff", str(one), "memory://elsewhere"]) == 1
        error = capsys.readouterr().err
        assert "memory://elsewhere/part-00001-of-00003.parquet is not there" in error and "dvc" not in error
    finally:
        memory.rm("/elsewhere", recursive=True)


@pytest.mark.parametrize("shards", [1, 2, 4, 6, 12])
def test_rows_are_compared_by_key_whatever_the_number_of_shards(shards, captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions, shards=6)
    other = write_dataset(tmp_path / "other", "captions", edited(captions), shards=shards)
    for given, expected in (((one, other), (1, 1)), ((other, one), (1, 1))):
        found = differing(capsys, *given)
        assert counts(found) == dict(zip(("added", "gone"), expected, strict=True)) | {"changed": 2, "same": 33}


def test_vectors_lists_and_nulls_are_compared(tmp_path, capsys):
    rows = region_rows(image_rows(tmp_path / "pictures"))
    changed = [dict(row) for row in rows]
    changed[0]["features"] = np.zeros((2, 4), "<f2").tobytes()
    changed[1]["object_scores"] = [0.9, 0.4]
    changed[2]["attribute_ids"] = [1, 2]
    one = write_dataset(tmp_path / "one", "regions", rows)
    found = differing(capsys, one, write_dataset(tmp_path / "other", "regions", changed))
    assert counts(found) == {"added": 0, "gone": 0, "changed": 3, "same": PICTURES - 3}
    assert found["rows"]["columns"] == {"features": 1, "object_scores": 1, "attribute_ids": 1}


def test_a_column_that_came_is_named_and_the_others_are_compared(captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions)
    other = write_dataset(tmp_path / "other", "captions", captions)
    for path in sorted(other.glob("*.parquet")):
        with_schema(path, lambda schema: schema.append(pa.field("mood", pa.string())))
    restate(other, version="1.1")
    found = differing(capsys, one, other)
    assert found["schema"] == {"mood": [None, "string"]}
    assert found["versions"] == ["1.0", "1.1"]
    assert counts(found)["same"] == 36


def test_wrong_input_is_one_message(captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions)
    corpus = write_dataset(tmp_path / "corpus", "corpus", corpus_rows())
    unsorted = write_dataset(tmp_path / "unsorted", "captions", captions)
    rewrite(first_shard(unsorted), lambda old: old[::-1])
    restate(unsorted)
    write_dataset(tmp_path / "unfinished", "captions", captions)
    (tmp_path / "unfinished" / "_manifest.json").unlink()
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "config.json").write_text("{}")
    cases = {
        corpus: (2, "two versions of one dataset"), tmp_path / "nowhere": (2, "not there"),
        tmp_path / "unfinished": (1, "_manifest.json"), tmp_path: (2, "a folder of checkpoints"),
        tmp_path / "checkpoint": (2, "a checkpoint"), first_shard(one): (2, "a file"),
        unsorted: (1, "not sorted"), f"{one}@HEAD": (2, "no repository of DVC"), "s4://x/y": (2, "Protocol"),
    }  # fmt: skip
    for other, (code, said) in cases.items():
        assert run_command(["diff", str(one), str(other)]) == code
        error = capsys.readouterr().err
        assert said in error and "Traceback" not in error, error
    for missing in (tmp_path / "nowhere", "memory://nowhere/captions"):  # to both commands the same
        assert run_command(["inspect", str(missing)]) == run_command(["diff", str(missing), str(one)]) == 2


def test_what_rows_hold_reaches_no_terminal_as_a_command(captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions)
    harm = [row | {"text": "\x1b[2J\x9b31m"} for row in captions]
    other = write_dataset(tmp_path / "other", "captions", harm, layout="\x1b[2J")
    assert run_command(["diff", str(one), str(other)]) == 0
    shown = capsys.readouterr().out
    assert "\\x1b[2J" in shown and not {"\x1b", "\x9b"} & set(shown)


def test_versions_elsewhere_are_compared(captions, tmp_path, capsys):
    one = write_dataset(tmp_path / "one", "captions", captions)
    fsspec.filesystem("memory").put(str(one), "/compared", recursive=True)
    other = write_dataset(tmp_path / "other", "captions", edited(captions))
    assert counts(differing(capsys, "memory://compared", other))["changed"] == 2
    fsspec.filesystem("memory").rm("/compared", recursive=True)


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def empty_repository(tmp_path, monkeypatch) -> Path:
    """One of Git and DVC, which is the present folder."""
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "test")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "test@example.org")
    run("git", "init", "--quiet")
    run(sys.executable, "-m", "dvc", "init", "--quiet")
    return root


@pytest.fixture
def repository(captions, empty_repository) -> Path:
    """Two commits of one dataset, kept by DVC."""
    for number, rows in enumerate((captions, edited(captions))):
        shutil.rmtree(empty_repository / "data" / "captions", ignore_errors=True)
        splits = {
            lang: dict(Counter(row["split"] for row in rows if row["lang"] == lang)) for lang in ("cs", "de", "en")
        }
        write_dataset(empty_repository / "data" / "captions", "captions", rows, layout=f"layout {number}",
                      statistics={"languages": splits})  # fmt: skip
        run(sys.executable, "-m", "dvc", "add", "--quiet", "data/captions")
        run("git", "add", ".")
        run("git", "commit", "--quiet", "-m", f"version {number}")
    run("git", "tag", "second")
    return empty_repository


def test_what_a_revision_does_not_hold_is_told_apart(captions, empty_repository, capsys):
    """A run leaves dvc.lock to be committed: until then no revision knows the folder."""

    def said(address: str, code: int) -> str:
        assert run_command(["diff", address, "data/captions"]) == code
        error = capsys.readouterr().err
        assert "Traceback" not in error
        return error

    root = empty_repository
    write_dataset(root / "data" / "captions", "captions", captions)
    (root / "dvc.yaml").write_text("stages:\n  captions:\n    cmd: 'true'\n    outs: [data/captions]\n")
    run("git", "add", "dvc.yaml")
    run("git", "commit", "--quiet", "-m", "before any run")
    run(
        sys.executable, "-m", "dvc", "commit", "--quiet", "--force"
    )  # as a run does: dvc.lock is written, and not added
    for address in ("data/captions@HEAD", "data/captions/_manifest.json@HEAD"):
        error = said(address, 1)
        assert "dvc.lock of HEAD does not state data/captions" in error and "git commit" in error, error
    error = said("data/captions@HEAD~1", 2)
    assert "there is no revision 'HEAD~1'" in error and "git log --oneline" in error
    error = said("data/lexicon@HEAD", 1)
    assert "HEAD holds no data/lexicon" in error and "dvc.yaml" in error
    run("git", "add", "dvc.lock")
    run("git", "commit", "--quiet", "-m", "after a run")
    assert counts(differing(capsys, "data/captions@HEAD", "data/captions"))["same"] == 36
    assert "dvc.lock of HEAD~1 does not state data/captions" in said("data/captions@HEAD~1", 1)


def test_revisions_that_dvc_keeps_are_compared_and_inspected(repository):
    """By processes of their own: what DVC says of itself would be seen there."""

    def m3p(*given: str) -> subprocess.CompletedProcess:
        command = "import sys; from flows.cli import run_command; sys.exit(run_command(sys.argv[1:]))"
        environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.run([sys.executable, "-c", command, *given], capture_output=True, text=True, check=False,
                              env=os.environ | environment)  # fmt: skip

    for one, other in (
        ("data/captions@HEAD~1", "data/captions"), ("data/captions@HEAD~1", "data/captions@second"),
        (f"{repository}/data/captions@HEAD~1", "data/captions@HEAD"),
    ):  # fmt: skip
        done = m3p("diff", one, other)
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert "1 added, 1 gone, 2 changed, 33 the same" in done.stdout
        assert "layout 0" in done.stdout and "layout 1" in done.stdout
    done = m3p("inspect", "data/captions@HEAD~1", "--verify")
    assert done.returncode == 0 and not done.stderr and "36 rows" in done.stdout, done.stderr
    for wrong, said in (("data/captions@nowhere", "nowhere"), ("data/lexicon@HEAD", "holds no data/lexicon")):
        done = m3p("diff", wrong, "data/captions")
        assert done.returncode in (1, 2) and said in done.stderr and "Traceback" not in done.stderr
    shutil.rmtree(repository / ".dvc" / "cache")
    done = m3p("diff", "data/captions@HEAD~1", "data/captions")
    assert done.returncode == 1 and "dvc fetch" in done.stderr, done.stderr


@pytest.mark.slow
def test_memory_stays_bounded(tmp_path, record_property):
    """Four times the rows take hardly more memory."""

    def peak(rows: int) -> float:
        folders = []
        for number, shards in enumerate((4, 6)):
            texts = [f"A sentence with the number {place} {'and more ' * 20}" for place in range(rows)]
            same = {"lang": "en", "split": "train"}
            sentences = [
                same | {"sentence_id": f"{stable_hash('en', text):016x}", "text": text + str(number)}
                for text in texts
            ]  # fmt: skip
            folders.append(write_dataset(tmp_path / f"{rows}-{number}", "corpus", sentences, shards=shards))
        command = (
            "import sys; from flows.cli import run_command; code = run_command(sys.argv[1:]);"
            "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]); sys.exit(code)"
        )
        given = [sys.executable, "-c", command, "diff", *map(str, folders)]
        done = subprocess.run(given, capture_output=True, text=True, check=True)
        assert f"{rows:,} changed" in done.stdout
        return int(done.stdout.splitlines()[-1]) / 1024

    small, large = peak(20_000), peak(80_000)
    record_property("peak memory of m3p diff", f"{small:.0f} MB of 20,000 rows, {large:.0f} MB of 80,000")
    assert large - small < 50


@pytest.fixture
def two(captions, tmp_path) -> tuple[Path, Path]:
    """The same dataset twice, the second to be damaged."""
    one = write_dataset(tmp_path / "one", "captions", captions)
    return one, shutil.copytree(one, tmp_path / "other")


def no_caption_id(folder: Path) -> None:
    path = first_shard(folder)
    schema = pa.schema([field.with_nullable(True) for field in pq.read_schema(path)], pq.read_schema(path).metadata)
    rows = pq.read_table(path).to_pylist()
    write_rows(path, [*rows[:-1], rows[-1] | {"caption_id": None}], schema)


def no_text(folder: Path) -> None:
    path = folder / "part-00002-of-00003.parquet"
    pq.write_table(pq.read_table(path).drop(["text"]), path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (no_caption_id, "has a row without image_id or caption_id"),
        (no_text, "has 0 columns of the name text"),
        (lambda folder: column_twice(folder / "part-00002-of-00003.parquet"), "has 2 columns of the name text"),
        (lambda folder: no_utf8(first_shard(folder), "text"), "its rows cannot be read"),
    ],
)
def test_files_that_no_stage_writes_are_named(damage, said, two, capsys):
    one, other = two
    damage(other)
    restate(other)
    for pair in ((one, other), (other, one)):
        assert run_command(["diff", *map(str, pair)]) == 1
        error = capsys.readouterr().err
        assert said in error and str(other) in error and "Error" not in error


def test_a_part_of_a_dataset_and_a_detector_are_none(two, tmp_path, capsys):
    detector = tmp_path / "detector"
    detector.mkdir()
    (detector / "detector.json").write_text("{}")
    for path, kind in ((two[0] / "_rejects", "a part of a dataset"), (detector, "a detector")):
        assert run_command(["diff", str(path), str(two[0])]) == 2
        assert f"{path} is {kind}." in capsys.readouterr().err


def test_a_statistic_larger_than_any_float_has_moved(two, capsys):
    one, other = two
    restate(one, statistics={"zeal": 1.5})
    restate(other, statistics={"zeal": 10**400})
    assert differing(capsys, one, other)["statistics"]["zeal"] == [1.5, 10**400]


def test_a_column_that_is_not_compared_is_named(two, capsys):
    one, other = two
    for shard in range(3):
        path = other / f"part-0000{shard}-of-00003.parquet"
        table = pq.read_table(path)
        number = pa.field("text", pa.int64())
        pq.write_table(table.set_column(3, number, pa.array(range(len(table)))), path)
    restate(other)
    found = differing(capsys, one, other)
    assert found["uncompared"] == ["text"] and found["rows"]["same"] == 36
    assert run_command(["diff", str(one), str(other)]) == 0
    assert "not compared, since only one has it, or each in another type: text" in capsys.readouterr().out


def test_another_stage_or_seed_is_told(two, capsys):
    one, other = two
    restate(other, stage="quite another", seed=8)
    found = differing(capsys, one, other)
    assert (found["stages"], found["seeds"]) == (["captions", "quite another"], [7, 8])
    assert run_command(["diff", str(one), str(other)]) == 0
    shown = capsys.readouterr().out
    assert "quite another" in shown and "seed" in shown


NOT_THE_SAME = {
    "null and nothing": ({"a": None}, {}, {"a": ["null, as stated", None]}),
    "true and 1": ({"a": True}, {"a": 1}, {"a": [True, 1]}),
    "true and 1 in a list": ({"a": [True]}, {"a": [1]}, {"a": [[True], [1]]}),
    "nothing in a group": ({"a": {}}, {}, {"a": [{}, None]}),
    "a dot": ({"l": {"a": 1}}, {"l.a": 1}, {'"l.a"': [None, 1], "l.a": [1, None]}),
    "a parameter called seed": ({"seed": 1}, {"seed": 2}, {"seed": [1, 2]}),
}


@pytest.mark.parametrize("case", NOT_THE_SAME)
def test_what_manifests_state_otherwise_is_never_called_the_same(case, two, capsys):
    before, after, expected = NOT_THE_SAME[case]
    for folder, said in zip(two, (before, after), strict=True):
        restate(folder, parameters=said, statistics=said)
    found = differing(capsys, *two)
    assert found["parameters"] == found["statistics"] == expected
    assert list(map(type, found["parameters"]["a"])) == list(map(type, expected["a"])) if "a" in expected else True
    assert run_command(["diff", *map(str, two)]) == 0
    assert "Made with" in capsys.readouterr().out


def test_what_is_no_number_has_not_moved(two, tmp_path, capsys):
    for folder in two:
        restate(folder, statistics={"mean": float("nan"), "least": 1})
    restate(two[1], statistics={"mean": float("nan"), "least": 1.0, "most": float("nan")})
    assert list(differing(capsys, *two)["statistics"]) == ["most"]
    rows = region_rows(image_rows(tmp_path / "more"))
    rows[0]["object_scores"] = [float("nan"), 0.5]
    one = write_dataset(tmp_path / "regions", "regions", rows)
    rows[0] = rows[0] | {"detector": "another"}
    found = differing(capsys, one, write_dataset(tmp_path / "other-regions", "regions", rows))
    assert found["rows"]["columns"] == {"detector": 1}


@pytest.mark.parametrize("pair", [
    ("same " * 30 + "before", "same " * 30 + "after"), (list(range(12)), [*range(11), 99]), (0.123456, 0.123457),
    ("1", 1), ("—", None),
])  # fmt: skip
def test_two_that_differ_are_not_shown_alike(pair, two, capsys):
    """Beyond the characters and items that a cell has room for, or in what a cell rounds."""
    for folder, value in zip(two, pair, strict=True):
        restate(folder, parameters={"value": value})
    assert run_command(["diff", *map(str, two)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("value ")]
    before, after = [cell for cell in line.split("  ") if cell.strip()][-2:]
    assert before.strip() != after.strip()


def test_vectors_that_differ_are_said_to(tmp_path, capsys):
    rows = region_rows(image_rows(tmp_path / "pictures"))
    one = write_dataset(tmp_path / "one", "regions", rows)
    rows[0] = rows[0] | {"features": np.zeros((2, 4), "<f2").tobytes()}
    other = write_dataset(tmp_path / "other", "regions", rows)
    assert run_command(["diff", str(one), str(other)]) == 0
    assert "(not as before, in what is not shown)" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("more", [False, True])
def test_a_later_file_of_other_columns_is_named(more, two, capsys):
    one, other = two
    path = other / "part-00002-of-00003.parquet"
    table = pq.read_table(path)
    large = table.schema.set(3, pa.field("text", pa.large_string(), nullable=False))
    pq.write_table(table.append_column("mood", pa.nulls(len(table), pa.string())) if more else table.cast(large), path)
    restate(other)
    for pair in ((one, other), (other, one)):
        assert run_command(["diff", *map(str, pair)]) == 1
        error = capsys.readouterr().err
        assert f"{path} has the column {'mood' if more else 'text'}" in error and "first file" in error
