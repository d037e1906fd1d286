"""The tables of results: on the page, as Markdown and as CSV, with and without the paper's figures."""

import dataclasses
import json
import re

import pandas as pd
import pytest
from fake_metrics import EVIL, LABELS, SETTINGS
from fake_run import LANGUAGES, make_run
from selectolax.lexbor import LexborHTMLParser

from reports.page import paper
from reports.page.results import tasks
from reports.stage import main

SECTIONS = {"retrieval", "queries", "captioning", "translation", "entailment", "titles"}
DASH = "–"


def write(run, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["reports", "--data", str(run.data), "--out", str(run.out), *arguments])
        return main()


def page_of(run):
    return LexborHTMLParser((run.out / "index.html").read_text())


def grid(table):
    """A table's body as texts without the intervals in small print."""
    rows = []
    for row in table.css("tbody tr"):
        for small in row.css("small"):
            small.decompose()
        rows.append([" ".join(cell.text().split()) for cell in row.css("th, td")])
    return rows


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run in which all was measured, on data that are none of the paper's."""
    made = make_run(tmp_path_factory.mktemp("tables"))
    assert write(made) == 0
    return made


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """A run on three of the paper's data sets."""
    made = make_run(tmp_path_factory.mktemp("beside"))
    assert write(made, "--paper-datasets", "multi30k,xnli,ntg") == 0
    return made


def test_no_cell_is_empty_where_all_was_measured(run):
    for section in SECTIONS:
        tables = page_of(run).css(f"#{section} table.results")
        assert tables, section
        for number, rows in enumerate(map(grid, tables)):
            settings = ["no fine-tune", "on en", "on each", "on all"] if section != "queries" else ["on all"]
            if section == "retrieval" and number == len(tables) - 1:
                settings.pop(0)  # of the shortlist, for which a network without fine-tuning has no head
            assert [row[0] for row in rows if "without MCT" not in row[0]] == settings
            assert len(rows[0]) > len(LANGUAGES) - 1
            assert not [row for row in rows if DASH in row or "" in row], section


def test_every_number_has_its_interval_in_small_print(run):
    row = next(row for row in page_of(run).css("#entailment table.results tbody tr") if "on en" in row.text())
    assert row.css("td")[0].text() == "41.240.0–42.5" and len(row.css("small")) == len(LANGUAGES)


def test_the_tables_say_how_their_numbers_came_about(run):
    said = {name: " ".join(page_of(run).css_first(f"#{name}").text(separator=" ").split()) for name in SECTIONS}
    assert all("split test · seed 7 · weights best on val" in text for text in said.values())
    assert "protocol “unique”" in said["retrieval"] and "en 100 500" in said["retrieval"]
    assert "en, cs, de, es, fr, it, pt 100 500 ptb-like" in said["captioning"] and "beam 10" in said["captioning"]
    assert "en→ja 100 char nrefs:1|case:mixed" in said["translation"]
    assert "300 33.33" in said["entailment"]
    assert "96.5 / 98.0 / 2" in said["titles"]
    assert "picks 20 candidates a query" in said["retrieval"] and "34.9 / 35.0 / 25.0" in said["retrieval"]
    assert "query query and context" in said["queries"] and "protocol “unique”" in said["queries"]


def test_entailment_says_which_label_is_taken_for_which_in_english_and_in_the_other_languages(run):
    table = page_of(run).css_first("#entailment table.confusion")
    assert [one.text() for one in table.css("thead tr")[1].css("th")] == 2 * list(LABELS)
    rows = grid(table)
    assert len(rows) == len(SETTINGS) * len(LABELS)
    assert rows[0] == ["no fine-tune", "entailment", "90 %", "5 %", "5 %", "86 %", "5 %", "10 %"]
    assert rows[1] == ["neutral", "5 %", "90 %", "5 %", "5 %", "86 %", "10 %"]
    assert {one.text() for one in table.css("tbody tr")[1].css(".right")} == {"90 %", "86 %"}


def test_a_confusion_that_is_none_is_left_out(tmp_path):
    made = make_run(tmp_path)
    for place, confusion in enumerate((None, [[1]], {"entailment": 3}, {"<b>": {"<b>": "x"}})):
        path = made.data / "metrics" / f"entailment-{SETTINGS[place]}.json"
        values = json.loads(path.read_text())
        for one in values["languages"].values():
            one["confusion"] = confusion
        path.write_text(json.dumps(values))
    assert write(made) == 0
    rows = grid(page_of(made).css_first("#entailment table.confusion"))
    assert rows == [["on all", "<b>", DASH, DASH]], "of what was counted, and nothing was"


def test_samples_of_every_language_and_setting_are_shown(run):
    cards = page_of(run).css("#titles article")
    assert [card.css_first(".lang").text() for card in cards] == list(LANGUAGES)
    assert all(EVIL in card.text() for card in cards)
    assert [small.text() for small in cards[1].css("small")] == [
        "no fine-tune",
        "on en",
        "on each",
        "on all",
        "reference",
    ]
    directions = [[lang.text() for lang in card.css(".lang")] for card in page_of(run).css("#translation article")]
    assert ["en", "ja"] in directions and ["ja", "en"] in directions


def test_the_papers_figures_stand_only_beside_the_same_data_sets(run, beside):
    assert not page_of(run).css("tr.paper")
    assert paper.SOURCE not in (run.out / "tables.csv").read_text()
    assert "No figure of the paper is comparable" in (run.out / "tables.md").read_text()
    for section in SECTIONS:
        rows = page_of(beside).css(f"#{section} tr.paper")
        assert rows and all("the paper’s" in row.text() for row in rows), section
    groups = [one.text() for one in page_of(beside).css_first("#queries table.results").css("th.group")]
    assert groups == ["own data, query", "own data, query and context", "MILD, query", "MILD, query and context"]


def test_the_papers_rows_are_the_papers(beside):
    table = page_of(beside).css_first("#retrieval table.results")
    assert [one.text() for one in table.css("thead tr")[0].css("th.group")] == ["Multi30K", "MSCOCO"]
    head = [one.text() for one in table.css("thead tr")[1].css("th")][2:]
    rows = {tuple(row[:2]): dict(zip(head[:4], row[2:6], strict=True)) for row in grid(table)}
    assert rows["on en", "the paper’s"] == {"en": "86.0", "de": "48.8", "fr": "39.4", "cs": "38.8"}
    assert rows["on en", "ours"]["en"] == "59.0"
    numbers = pd.read_csv(beside.out / "tables.csv")
    theirs = numbers[numbers.source == paper.SOURCE]
    assert set(theirs.dataset) == {
        "Multi30K", "MSCOCO", "MILD, query", "MILD, query and context", "XNLI", "XGLUE NTG",
    }  # fmt: skip
    captions = theirs[(theirs.table == "captioning") & (theirs.dataset == "MSCOCO") & (theirs.measure == "CIDEr")]
    assert dict(zip(captions.language, captions.value, strict=True)) == {"en": 112.3, "ja": 109.7, "zh": 111.3}
    assert theirs[theirs.table == "retrieval-five_duplicated"].value.max() == 82.0, "of the languages measured there"


def test_the_papers_averages_are_those_of_its_figures():
    checked = 0
    for table in paper.TABLES:
        for line in table.lines:
            for figures in line.figures.values():
                *languages, last = figures
                if last == paper.AVERAGE and languages:
                    mean = sum(figures[lang][0] for lang in languages) / len(languages)
                    assert figures[last][0] == pytest.approx(mean, abs=0.05), table.name
                    checked += 1
    assert checked == 4


def test_what_was_not_measured_is_a_dash(tmp_path):
    made = make_run(tmp_path)
    metrics = made.data / "metrics"
    (metrics / "retrieval-each.json").unlink()
    values = json.loads((metrics / "entailment-en.json").read_text())
    values["languages"]["de"] = {"accuracy": float("nan"), "accuracy_interval": [1]}
    del values["languages"]["fr"]
    (metrics / "entailment-en.json").write_text(json.dumps(values))
    for name in SETTINGS:
        (metrics / f"headlines-{name}.json").unlink()
    assert write(made) == 0
    tables = page_of(made).css("#retrieval table.results")
    each = next(row for row in grid(tables[0]) if row[0] == "on each")
    assert set(each[1:]) == {DASH} and len(each) == len(grid(tables[0])[0])
    accuracy = page_of(made).css_first("#entailment table.results")
    head = [one.text() for one in accuracy.css("thead tr")[-1].css("th")]
    row = dict(zip(head, next(row for row in grid(accuracy) if row[0] == "on en"), strict=True))
    assert row["de"] == DASH and row["fr"] == DASH and row["en"] == "41.2"
    assert page_of(made).css_first("#titles .nothing") and not page_of(made).css("#titles table")


def test_what_was_left_out_is_said_beside_the_tables(tmp_path):
    made = make_run(tmp_path)
    left_out = {
        "retrieval-en": {"captions_skipped_without_regions": {"de": 2, "en": 1234}},
        "entailment-en": {"rows_left_out": {"de": {"label": 2, "columns": 1}, "und": {"language": 10**400}}},
        "entailment-all": {"rows_left_out": {"de": {"label": 2, "columns": 1}, "und": {"language": 3}}},
        "headlines-en": {"languages_left_out": ["sw", "ur"]},
    }  # fmt: skip
    for name, more in left_out.items():
        file = made.data / "metrics" / f"{name}.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | more))
    assert write(made) == 0
    text = (made.out / "tables.md").read_text()
    assert (
        "captions left out, without regions de 2, en 1,234" in text
        and "rows left out de: label 2, columns 1; und: language 3" in text
    )
    assert "rows left out picture" in text.replace("\\", "") and "und:." not in text and "und: ." not in text
    assert "languages left out, without embedding sw, ur" in text


def test_with_nothing_measured_the_papers_tables_stand_by_themselves(tmp_path):
    made = make_run(tmp_path)
    for file in (made.data / "metrics").iterdir():
        file.unlink()
    assert write(made, "--paper-datasets", "ntg") == 0
    rows = grid(page_of(made).css_first("#titles table.results"))
    assert [row[1] for row in rows] == ["ours", "ours", "the paper’s", "ours", "ours"]
    assert rows[2][2:] == ["14.1", "8.0", "7.3", "5.2", "6.1", "8.1"]
    assert {cell for row in rows if row[1] == "ours" for cell in row[2:]} == {DASH}
    assert pd.read_csv(made.out / "tables.csv").value.notna().any() and not list((made.out / "metrics").iterdir())


def test_metrics_of_other_names_are_not_shown(tmp_path):
    made = make_run(tmp_path)
    old = (made.data / "metrics" / "retrieval-none.json").read_text().replace("58.0", "12.34")
    (made.data / "metrics" / "understanding-mct.json").write_text(old)
    assert write(made) == 0
    assert "12.34" not in (made.out / "tables.csv").read_text()


def test_a_task_that_was_left_out_says_why(tmp_path):
    made = make_run(tmp_path)
    for setting in ("none", "en", "each", "all"):
        said = {"task": "headlines", "checkpoint": "h", "seed": 7, "left_out": "raw/tasks/headlines holds no file."}
        (made.data / "metrics" / f"headlines-{setting}.json").write_text(json.dumps(said))
    assert write(made) == 0
    shown = " ".join(page_of(made).css_first("#titles").text().split())
    assert "There are no metrics of headlines: it was left out: raw/tasks/headlines holds no file." in shown
    assert not any("headlines" in path.name for path in (made.out / "metrics").iterdir())
    assert "headlines" not in set(pd.read_csv(made.out / "tables.csv").task)


def markdown_tables(text):
    """The tables of a Markdown text: each a list of rows, each a list of cells."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.M)
    return [[re.split(r"(?<!\\)\|", line)[1:-1] for line in block.splitlines()] for block in blocks]


def test_the_markdown_tables_are_whole_whatever_stands_in_them(tmp_path):
    made = make_run(tmp_path)
    path = made.data / "metrics" / "captioning-all.json"
    values = json.loads(path.read_text())
    values["languages"]["d|e\n`<b>`"] = values["languages"]["de"] | {"tokenizer": "a|b\\|c"}
    path.write_text(json.dumps(values))
    assert write(made, "--paper-datasets", "multi30k") == 0
    text = (made.out / "tables.md").read_text()
    tables = markdown_tables(text)
    assert len(tables) > 10
    for table in tables:
        assert len({len(row) for row in table}) == 1 and len(table) > 2, table[0]
        assert all(set(cell.strip()) <= set("-:") for cell in table[1])
    assert r"d\|e \`\<b\>\`" in text and EVIL not in text
    assert "the paper's, arXiv 2006.02635v1" in text and "26.5 / 59.4" in text


def test_the_csv_holds_every_number_with_how_it_came_about(run):
    numbers = pd.read_csv(run.out / "tables.csv")
    main = numbers[(numbers.source == "ours") & (numbers.main == 1)]
    assert main.value.notna().all() and main.low.le(main.value).all() and main.high.ge(main.value).all()
    assert set(zip(main.task, main.measure, strict=True)) == {
        ("retrieval", "mR"), ("mild", "mR"), ("captioning", "BLEU-4"), ("captioning", "CIDEr"),
        ("translation", "BLEU-4"), ("entailment", "accuracy"), ("headlines", "BLEU-4"),
    }  # fmt: skip
    one = main[(main.task == "headlines") & (main.language == "ja") & (main.setting == "on all")].iloc[0]
    assert (one.value, one["items"], one.tokenizer, one.split, one.seed) == (16.5, 100, "char", "test", 7)
    assert set(main[main.task == "retrieval"].protocol) == {"unique"}
    assert "five_duplicated" in set(numbers.protocol)
    shown = numbers[
        (numbers.source == "ours") & numbers.value.notna() & ~numbers.language.isin(["non-English", "average"])
    ]
    assert {"retrieval-shortlist", "captioning-texts"} < set(shown.table)
    assert shown[["items", "split", "seed", "weights"]].notna().all().all()
    assert shown[shown.task == "captioning"].tokenizer.notna().all()
    assert shown[shown.measure == "mR with a shortlist"][["protocol", "low", "high"]].notna().all().all()


@pytest.mark.parametrize(
    ("datasets", "said"),
    [
        ("mild,multi30k,mscoco", "multi30k and mscoco, which are of one task"),
        ("flickr", "paper_datasets names 'flickr'"),
    ],
)
def test_data_sets_that_cannot_be_are_refused(run, tmp_path, capsys, datasets, said):
    run = type(run)(run.data, tmp_path / "out")
    assert write(run, "--paper-datasets", datasets) == 2
    assert said in capsys.readouterr().err and not run.out.exists()


def test_a_task_that_the_paper_does_not_have_gets_its_table_too(monkeypatch):
    entailment = next(task for task in tasks.TASKS if task.name == "entailment")
    own = dataclasses.replace(entailment, name="topics", title="Topics")
    monkeypatch.setattr(tasks, "TASKS", (*tasks.TASKS, own))
    metrics = {"topics-en": {"languages": {"en": {"accuracy": 50.0}, "de": {"accuracy": 40.0}}}}
    for datasets in ((), ("multi30k",)):
        (table,) = tasks.task_results("topics", metrics, datasets).tables
        assert [row.cells[0].values for row in table.rows if row.setting == "en"] == [(50.0,)]
        assert {row.source for row in table.rows} == {"ours"}
