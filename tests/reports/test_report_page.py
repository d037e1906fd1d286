"""The report's page over a whole run, as real Parquet and JSON, whose texts are hostile."""

import pytest
from fake_run import EVIL, make_run
from selectolax.lexbor import LexborHTMLParser

from reports.stage import main


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    root = tmp_path_factory.mktemp("report")
    make_run(root)
    return write(root)


def write(root) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "sys.argv", ["reports", "--data", str(root / "data" / "demo"), "--out", str(root / "out" / "demo")]
        )
        assert main() == 0
    return (root / "out" / "demo" / "index.html").read_text()


def test_hostile_text_is_text(page):
    assert EVIL not in page
    parsed = LexborHTMLParser(page)
    assert not [node for node in parsed.css("script") if "alert" in node.text()]
    assert EVIL in parsed.body.text()


def test_the_page_stands_alone_and_shows_no_empty_table_nor_nan(page):
    parsed = LexborHTMLParser(page)
    assert parsed.css("table") and all(table.css("td") for table in parsed.css("table"))
    images = [image.attributes["src"] for image in parsed.css("img")]
    assert images and all(source.startswith("data:image/") for source in images)
    assert not parsed.css("link[rel=stylesheet]")
    assert "NaN" not in parsed.body.text() and "nan" not in parsed.body.text().split()


def test_the_same_run_gives_the_same_bytes(page, tmp_path):
    make_run(tmp_path)
    assert write(tmp_path) == page


def test_what_is_missing_is_said(tmp_path):
    (tmp_path / "data" / "demo").mkdir(parents=True)
    parsed = LexborHTMLParser(write(tmp_path))
    assert not [table for table in parsed.css("table") if not table.css("td")]
    assert len(parsed.css("section")) > 3


def test_it_is_read_from_what_was_run_over_figures_and_examples_to_how_to_reproduce_it(page):
    sections = [one.attributes["id"] for one in LexborHTMLParser(page).css("section")]
    assert sections == [
        "overview", "headline", "glance", "retrieval", "queries", "captioning", "translation", "entailment", "titles",
        "curves", "regions", "triples", "switched", "coverage", "corpus", "rejects", "datasets", "resources",
        "reproduce",
    ]  # fmt: skip


def test_it_opens_with_what_was_run_and_what_code_switched_training_brings(page):
    parsed = LexborHTMLParser(page)
    overview = " ".join(parsed.css_first("#overview").text().split())
    assert " pictures with captions in 9 languages." in overview
    assert "Pre-trained: understanding-mct, 1,200 steps; understanding-plain, 1,200 steps; generation" in overview
    assert "Evaluated: Retrieval, Retrieval by queries, Captioning, Multimodal translation, Entail" in overview
    assert [row.css_first("th").text() for row in parsed.css("#overview tbody tr")] == ["train", "val", "test"]
    assert "reaches an average mR of 34.5; without it, 11.5." in " ".join(parsed.css_first("#headline").text().split())


def test_all_tasks_stand_together_english_beside_the_mean_of_the_others(page):
    rows = [
        [" ".join(cell.text().split()) for cell in row.css("th, td")]
        for row in LexborHTMLParser(page).css("#glance tbody tr")
    ]
    assert rows[0] == ["Retrieval mR", "58.0", "59.0", "60.0", "61.0", "34.5", "38.5", "42.5", "46.5"]
    assert [row[0] for row in rows[1:]] == [
        "Retrieval by queries query, mR", "Retrieval by queries query and context, mR", "Captioning BLEU-4",
        "Captioning CIDEr", "Multimodal translation BLEU-4", "Entailment accuracy", "News titles BLEU-4",
    ]  # fmt: skip
    assert rows[1][1:5] == ["–", "–", "–", "21.0"]
    assert (rows[5][1], rows[5][5]) == ("19.0", "18.0"), "the means into English and out of it"
    anchors = {link.attributes["href"] for link in LexborHTMLParser(page).css("#glance a")}
    assert anchors == {"#retrieval", "#queries", "#captioning", "#translation", "#entailment", "#titles"}


def test_the_triples_say_how_right_the_filters_are_and_what_the_paper_has(page):
    said = " ".join(LexborHTMLParser(page).css_first("#triples").text(separator=" ").split())
    assert "query_noisy 37 36 97.2 % 94.6 %" in said
    assert "Another 7 are in doubt" in said
    assert "Of 41 languages that the log does not state, 97.6 % were told right." in said
    assert "1 collect 110 query_empty 10" in said
    assert "4 relevance 80 0.973 0.040" in said
    assert "en 26 20 112,000 0 5,000 6 5,000 9.0 0.0 %" in said and "5.8 words on average" in said


def test_every_training_has_its_curves_one_a_network_where_a_checkpoint_holds_several(page):
    section = LexborHTMLParser(page).css_first("#curves")
    charts = {one.css_first("svg").attributes["aria-label"]: one for one in section.css("figure")}
    assert "Loss of xDAE by step in pre-training" in charts and "Loss of captioning by step in fine-tuning" in charts
    matching = charts["Loss of matching by step in fine-tuning"]
    assert [len(group.css("polyline")) for group in matching.css("svg g")] == [1, 2, 1]
    legend = [" ".join(one.text().split()) for one in matching.css(".legend .key")]
    assert legend == ["retrieval-en", "retrieval-each (2 networks)", "retrieval-all"]
    trainings = [" ".join(row.css_first("th").text().split()) for row in section.css("tbody tr")]
    assert trainings == [
        "understanding-mct", "understanding-plain", "generation", "retrieval-en", "retrieval-each 2 networks",
        "retrieval-all", "captioning-all",
    ]  # fmt: skip


def test_what_is_long_is_folded_and_what_is_main_is_not(page):
    parsed = LexborHTMLParser(page)
    assert [one.text() for one in parsed.css("#retrieval summary")] == [
        "mR by setting, protocol “five_duplicated”",
        "mR with a shortlist / exact mR / times fewer joint passes, by setting",
        "What was counted",
        "All recalls",
    ]
    assert not parsed.css("details table.results tr.paper") and not parsed.css("#glance details")
    assert (
        len(parsed.css("#translation > .cards article")) == 3 and len(parsed.css("#translation details article")) == 13
    )
    assert parsed.css("#translation summary")[-1].text() == "13 more"
    card = parsed.css_first("#captioning article")
    assert len(card.css(".lines")[0].css("li")) == 3 and card.css_first("summary").text() == "6 more languages"
