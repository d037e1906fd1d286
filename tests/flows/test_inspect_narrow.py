"""Tables in a narrow terminal: cells break between words, and within one only where it is longer than there is room."""

import pytest
from rich.console import Console

from flows.cli import run_command
from flows.inspection.table import column_widths, print_table


@pytest.mark.parametrize("width", [60, 72, 100])
def test_words_stay_whole(width, whole, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    assert run_command(["inspect", str(whole / "captions")]) == 0
    lines = capsys.readouterr().out.splitlines()
    tables = lines[2:]
    assert max(map(len, tables)) <= width and "…" not in "".join(tables)
    words = {word for line in tables for word in line.split()}
    assert {"caption_id", "description", "Identifies", "near-duplicates", "multi30k", "duplicates"} <= words
    assert {"caption_orphan", "caption_empty", "unknown", "characters"} <= words


def test_where_columns_have_no_room_rows_stand_below_each_other(capsys):
    header, row = ["name", "network", "stage", "steps"], ["understanding-plain", "understanding", "pretrain", "14000"]
    print_table(Console(width=40), "Checkpoints", header, [row, row])
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines == [["Checkpoints"], *2 * [[*pair] for pair in zip(header, row, strict=True)]]


def test_the_widest_columns_give_way_first():
    assert column_widths([["a", "b"], ["one two", "three"]], 80) == [7, 5]
    assert column_widths([["a", "b"], ["one two three four", "short"]], 7 + 13) == [8, 5]
    assert column_widths([["a", "b"], ["f" * 64, "word"]], 7 + 20) == [16, 4], "a hash is folded, the word is not"
    assert column_widths([["a", "b"], ["f" * 64, "g" * 64]], 7 + 20) == [10, 10]
    assert column_widths([["a", "b", "c"], ["水水", "", "x"]], 4) == [1, 1, 1], "never nothing"
