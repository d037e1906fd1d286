"""Time and memory a stage on the page: as the stages left them, and as far as they did."""

import json
import subprocess

import pytest
from fake_run import make_run, measure
from selectolax.lexbor import LexborHTMLParser
from test_report_page import write

from reports.page.numbers import duration, memory


def section_of(root):
    return LexborHTMLParser(write(root)).css_first("#resources")


def rows(table):
    """What the rows say in words; the bars have none."""
    return [[" ".join(cell.text().split()) for cell in row.css("th, td:not(.length)")] for row in table.css("tbody tr")]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    root = tmp_path_factory.mktemp("resources")
    run = make_run(root)
    measure(run.data, "ingest", 3.21, 4.5, 250e6)
    measure(run.data, "pretrain-mct", 5400.0, 5000.0, 2.5e9, device="NVIDIA H100", device_memory_bytes=30.5e9)
    for setting, seconds in (("none", 2.0), ("en", 100.0), ("all", 198.0)):
        measure(run.data, f"finetune-retrieval@{setting}", seconds, 2 * seconds, 800e6 + seconds)
    return section_of(root)


def test_each_stage_has_a_row_the_longest_first_and_its_settings_together(shown):
    every, each = shown.css("table")
    assert rows(every) == [
        ["pretrain-mct", "1 h 30 min", "1 h 23 min", "2.5 GB", "30.5 GB", "NVIDIA H100"],
        ["finetune-retrieval 3 settings", "5 min 0 s", "10 min 0 s", "800 MB", "–", "cpu"],
        ["ingest", "3.2 s", "4.5 s", "250 MB", "–", "cpu"],
        ["together", "1 h 35 min", "1 h 33 min", "", "", ""],
    ]
    assert [row[0] for row in rows(each)] == [
        "pretrain-mct", "finetune-retrieval, on all", "finetune-retrieval, on en", "ingest",
        "finetune-retrieval, no fine-tune",
    ]  # fmt: skip
    widths = [float(bar.attributes["width"].rstrip("%")) for bar in every.css("svg rect")]
    assert widths == [100.0, 5.56, 0.06], "bars are as long as the stages took"
    assert "The most memory at one time: 2.5 GB, in pretrain-mct." in " ".join(shown.text().split())


def test_what_is_not_known_is_a_dash(tmp_path):
    run = make_run(tmp_path)
    for path in (run.data / ".measured").iterdir():
        path.unlink()
    (run.data / ".measured" / "ingest.json").write_text(json.dumps({"seconds": "NaN", "device": None}))
    (run.data / ".measured" / "ingest.json.77.tmp").write_text("{")  # of a stage that was killed while it wrote
    table = section_of(tmp_path).css_first("table")
    assert rows(table)[0] == ["ingest", "–", "–", "–", "–"]


def test_where_nothing_was_measured_the_page_says_so(tmp_path):
    run = make_run(tmp_path)
    subprocess.run(["rm", "-r", run.data / ".measured"], check=True)
    assert "No stage has left what it took" in section_of(tmp_path).css_first(".nothing").text()


def test_durations_and_sizes_read_as_people_say_them():
    assert [duration(value) for value in (0, 0.04, 9.96, 10.4, 59.6, 61, 3599.6, 3600, 90061)] == [
        "0.0 s", "0.0 s", "10.0 s", "10 s", "1 min 0 s", "1 min 1 s", "1 h 0 min", "1 h 0 min", "25 h 1 min",
    ]  # fmt: skip
    assert [memory(value) for value in (0, 999_000, 12.4e6, 999.6e6, 2.46e9, None, float("nan"))] == [
        "0 MB", "1 MB", "12 MB", "1.0 GB", "2.5 GB", "–", "–",
    ]  # fmt: skip
