"""What a stage states of several things alike stands in one table."""

import pytest
from dataset_world import caption_rows, image_rows, restate, write_dataset

from flows.cli import run_command
from flows.inspection.stated import Group, arranged


def test_the_same_of_several_things_is_a_table_and_all_else_stays():
    stated = {
        "log": "search log", "splits": {"train": 9},
        "languages": {
            "cs": {"train": 5, "test": 1, "covered": {"words": 3}}, "de": {"train": 7}, "en": {"judged": 2},
        },
    }  # fmt: skip
    rest, groups = arranged(stated)
    assert groups == [Group("languages", ["train", "test"], [("cs", [5, 1]), ("de", [7, None])])]
    assert rest == {
        "log": "search log", "splits": {"train": 9},
        "languages": {"cs": {"covered": {"words": 3}}, "en": {"judged": 2}},
    }  # fmt: skip


def test_no_table_is_wider_than_a_terminal():
    stated = {name: {f"class {number}": number for number in range(20)} for name in ("objects", "attributes")}
    assert arranged(stated) == (stated, [])


@pytest.fixture
def captions(tmp_path):
    write_dataset(tmp_path / "captions", "captions", caption_rows(image_rows(tmp_path / "images")))
    languages = {f"l{number}": {"train": 1000 + number, "test": 7} for number in range(50)}
    restate(tmp_path / "captions", statistics={"languages": languages, "zeal": 0.71})
    return tmp_path / "captions"


def test_each_of_many_languages_is_seen(captions, tmp_path, capsys):
    assert run_command(["inspect", str(captions)]) == 0
    said = capsys.readouterr().out
    lines = [line.split() for line in said.splitlines()]
    assert ["l49", "7", "1049"] in lines and ["zeal", "0.71"] in lines
    assert "The stage's statistics: languages" in said
    assert run_command(["inspect", str(captions), "--html", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text()
    assert '<td class="number">1049</td>' in page and "l49" in page and "zeal" in page


@pytest.mark.parametrize(
    "name", ["\x1b[2J", "[/]", "[link=http://example.org]here[/link]", "\u202eneerg", "two\nlines"]
)
@pytest.mark.parametrize("columns", ["160", "16"])
def test_names_of_what_is_stated_are_no_commands(name, columns, captions, capsys, monkeypatch):
    """They head a table's columns; neither the terminal nor rich takes them for more."""
    monkeypatch.setenv("COLUMNS", columns)
    restate(captions, statistics={"languages": {"cs": {name: 1}, "de": {name: 2}}})
    assert run_command(["inspect", str(captions)]) == 0
    said = capsys.readouterr().out
    assert all(character == "\n" or character.isprintable() for character in said)
    assert name.encode("unicode_escape").decode() in "".join(said.split()) or columns == "16"
