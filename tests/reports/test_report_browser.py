"""The report over a hostile run, as a real browser shows it: wide and narrow, light and dark, and printed."""

import pytest
from browser import CHROMIUM, Page
from fake_run import make_run
from PIL import Image

from reports.stage import main

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
WIDTHS = (1280, 390)  # px: a desktop's window and a telephone's


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    root = tmp_path_factory.mktemp("report")
    run = make_run(root)
    with pytest.MonkeyPatch.context() as patch:
        beside = ["--paper-datasets", "multi30k,xnli"]  # its tables are wider than ours
        patch.setattr("sys.argv", ["reports", "--data", str(run.data), "--out", str(run.out), *beside])
        assert main() == 0
    with Page(run.out / "index.html") as opened:
        yield opened


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_broken_empty_or_too_wide(page, width, dark):
    page.look(width, dark)
    assert page.faults() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_folded_is_as_whole_once_it_is_unfolded(page, width):
    page.look(width)
    unfold = "const all = [...document.querySelectorAll('details')]; for (const e of all) e.open = %s; all.length"
    assert page.value(f"{{{unfold % 'true'}}}") > 10
    assert page.faults() == []
    page.value(f"{{{unfold % 'false'}}}")


def test_the_first_column_stays_while_a_wide_table_is_scrolled_and_leaves_room_for_figures(page):
    page.look(WIDTHS[1])
    place = """(() => {
      const box = document.querySelector('#entailment .wide'), head = box.querySelector('tbody th');
      box.scrollLeft = 200;
      const at = head.getBoundingClientRect(), around = box.getBoundingClientRect();
      box.scrollLeft = 0;
      return [at.left - around.left, at.width / around.width];
    })()"""
    left, share = page.value(place)
    assert left == 0 and share < 0.45


def test_no_text_lies_over_another_in_a_chart_or_over_a_picture(page):
    crossing = """(() => {
      const found = [];
      for (const svg of document.querySelectorAll('.bars svg, .overlay')) {
        const texts = [...svg.querySelectorAll('text')].map(e => [e.textContent, e.getBoundingClientRect()]);
        const bars = [...svg.querySelectorAll('rect.mct, rect.plain')].map(e => ['a bar', e.getBoundingClientRect()]);
        texts.forEach(([name, one], place) => { for (const [other, two] of [...texts.slice(place + 1), ...bars])
          if (one.left < two.right - 1 && two.left < one.right - 1)
            if (one.top < two.bottom - 4 && two.top < one.bottom - 4) found.push(`${name} over ${other}`); });
      }
      return found;
    })()"""
    for width in WIDTHS:
        page.look(width)
        assert page.value(crossing) == [], width


def test_what_is_folded_is_printed(page):
    shown = "[...document.querySelectorAll('details .wide')].map(e => e.checkVisibility())"
    page.look(WIDTHS[0])
    assert set(page.value(shown)) == {False}
    page.look(WIDTHS[0], media="print")
    printed = page.value(shown)
    page.look(WIDTHS[0])
    assert set(printed) == {True}


def test_the_faults_that_are_looked_for_would_be_found(page):
    page.look(WIDTHS[0])
    page.value(
        "document.body.insertAdjacentHTML('beforeend', '<div id=bad><img src=none.png alt=gone>"
        '<table><tbody></tbody></table><p style="min-width:3000px">wide</p></div>\')'
    )
    found = " ".join(page.faults())
    page.value("document.getElementById('bad').remove()")
    assert "broken image: gone" in found and "empty table" in found and "wider than the window" in found


def test_hostile_captions_do_nothing(page):
    assert page.happened("Page.javascriptDialogOpening") == []
    assert "<script>alert(1)</script>" in page.value("document.body.innerText + document.body.textContent")
    assert page.value("document.querySelectorAll('img[onerror], script').length") == 0


def test_the_page_asks_the_network_for_nothing(page):
    asked = [one["request"]["url"] for one in page.happened("Network.requestWillBeSent")]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_a_screenshot_and_the_printed_page_hold_something(page, tmp_path):
    page.look(WIDTHS[0])
    page.screenshot(tmp_path / "report.png")
    with Image.open(tmp_path / "report.png") as picture:
        assert picture.width == WIDTHS[0] and len(picture.convert("RGB").getcolors(1 << 24)) > 50
    assert page.pdf().startswith(b"%PDF")
