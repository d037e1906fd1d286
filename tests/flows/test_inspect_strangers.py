"""What is shown of Parquet that no stage wrote: all that a Parquet file may hold, and nothing is believed of it."""

import datetime
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.cli import run_command

FAR = pa.array([1 << 60, 0, None])  # µs: the year 38476, 1970, none


def shown(capsys, *given) -> str:
    code = run_command(["inspect", *map(str, given)])
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    return said.out


def rows_of(capsys, path: Path) -> list[dict]:
    return json.loads(shown(capsys, path, "--json"))["rows"]


def test_times_that_python_lacks_are_text(tmp_path, capsys):
    path = tmp_path / "times.parquet"
    when, first = FAR.cast(pa.timestamp("us")), datetime.datetime(1970, 1, 1)
    pq.write_table(pa.table({
        "when": when, "there": FAR.cast(pa.timestamp("us", "Europe/Berlin")), "soon": pa.array([first] * 3),
        "day": pa.array([10**8, 0, None], pa.int32()).cast(pa.date32()),
        "within": pa.array([[1 << 60], [], None]).cast(pa.list_(pa.timestamp("us"))),
        "nowhere": FAR.cast(pa.timestamp("us", "Mars/Base")),
    }), path)  # fmt: skip
    one, two, three = rows_of(capsys, path)
    assert "1152921504606846976" in one["when"] and "1152921504606846976" in one["within"][0]
    assert "100000000" in one["day"] and one["soon"] == "1970-01-01 00:00:00"
    assert two["when"].startswith("1970-01-01 00:00:00") and two["there"].startswith("1970-01-01 01:00:00")
    assert "not shown" in two["nowhere"] and "Mars/Base" in two["nowhere"]
    assert three["when"] is None
    assert "1152921504606846976" in shown(capsys, path)


def test_columns_of_one_name_are_told_apart_by_their_place(tmp_path, capsys):
    path = tmp_path / "twice.parquet"
    columns = [pa.array([1, 2]), pa.array(["x", "y"]), pa.array([b"q", b""])]
    pq.write_table(pa.Table.from_arrays(columns, names=["a", "a", "b"]), path)
    values = json.loads(shown(capsys, path, "--json"))
    assert [column["name"] for column in values["columns"]] == ["a", "a (column 2)", "b"]
    assert values["rows"] == [{"a": 1, "a (column 2)": "x"}, {"a": 2, "a (column 2)": "y"}]
    statistics = {one["name"]: one for one in values["statistics"]["columns"]}
    assert statistics["a"]["numbers"]["mean"] == 1.5 and statistics["a (column 2)"]["measure"] == "characters"


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        (pa.array(["a", "b", None], pa.string_view()), "always 1 character "),
        (pa.array(["a", "b", None], pa.large_string()), "always 1 character "),
        (pa.array(["a", "b", None]).dictionary_encode(), "always 1 character "),
        (pa.array([[1, 2], [3], None], pa.large_list(pa.int64())), "1 to 2, mean 1.5"),
        (pa.array([[("key", 1)], [], None], pa.map_(pa.string(), pa.int64())), "0 to 1, mean 0.5"),
        (pa.array([1, 2, None], pa.float32()).cast(pa.float16()), "1 to 2, mean 1.5"),
        (pa.array([b"x", b"", None], pa.binary_view()), "binary_view"),
        (pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xfftext"]).buffers()), "\\xfftext"),
        (pa.nulls(3), "null"),
    ],
)
def test_every_kind_of_column_is_shown(values, seen, tmp_path, capsys):
    pq.write_table(pa.table({"text": values}), tmp_path / "one.parquet")
    assert seen in shown(capsys, tmp_path / "one.parquet")
    shown(capsys, tmp_path / "one.parquet", "--html", tmp_path / "page.html")


def test_a_name_of_ours_over_other_values_does_no_harm(tmp_path, capsys):
    """Names that mean something in our datasets, over values of other kinds."""
    ours = {
        "image_id": [1], "boxes": ["x"], "replacements": [1], "text": ["x"], "source_text": [2], "query": [3],
        "object_ids": ["q"], "object_scores": [1], "lang": [4], "split": [[1]], "source": [{"x": 1}], "detector": [1.5],
    }  # fmt: skip
    pq.write_table(pa.table(ours), tmp_path / "one.parquet")
    assert "Parquet of no dataset of m3p" in shown(capsys, tmp_path / "one.parquet")
    shown(capsys, tmp_path / "one.parquet", "--html", tmp_path / "page.html")


def test_one_is_not_said_to_be_several(tmp_path, capsys):
    pq.write_table(pa.table({"lang": [f"l{number}" for number in range(9)]}), tmp_path / "nine.parquet")
    assert "and 1 other " in shown(capsys, tmp_path / "nine.parquet")
    pq.write_table(pa.table({"mark": ["x"]}), tmp_path / "one.parquet")
    said = shown(capsys, tmp_path / "one.parquet")
    assert "1 row, " in said and "(the one row)" in said and "always 1 character " in said


def test_a_column_of_nulls_and_large_numbers_say_so(tmp_path, capsys):
    pq.write_table(pa.table({"a": pa.nulls(2, pa.string()), "b": [416_835, 2_000_000]}), tmp_path / "one.parquet")
    said = shown(capsys, tmp_path / "one.parquet")
    assert "nothing but nulls" in said and "416,835 to 2,000,000" in said


def test_numbers_as_far_apart_as_can_be_are_counted(tmp_path, capsys):
    pq.write_table(pa.table({"a": [-1.7e308, 0.0, 1.7e308], "b": [1.7e308] * 3}), tmp_path / "one.parquet")
    values = json.loads(shown(capsys, tmp_path / "one.parquet", "--json"))
    bars = [[bar["count"] for bar in one["numbers"]["histogram"]] for one in values["statistics"]["columns"]]
    assert bars[0] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert "-1.7e+308 to 1.7e+308" in shown(capsys, tmp_path / "one.parquet")


def test_metadata_that_are_no_text_are_shown_escaped(tmp_path, capsys):
    field = pa.field("a", pa.int64(), metadata={b"description": b"of \xff", b"unit": b"\xfe"})
    table = pa.Table.from_arrays([pa.array([1])], schema=pa.schema([field], metadata={b"m3p.dataset": b"\xff"}))
    pq.write_table(table, tmp_path / "one.parquet")
    said = shown(capsys, tmp_path / "one.parquet")
    assert r"of \xff" in said and r"\xfe" in said


def test_a_page_is_said_to_be_written_without_a_command(tmp_path, capsys):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "one.parquet")
    assert r"\x1b[2J.html" in shown(capsys, tmp_path / "one.parquet", "--html", tmp_path / "\x1b[2J.html")
    assert run_command(["inspect", str(tmp_path / "one.parquet"), "--html", str(tmp_path / "\0")]) == 2
