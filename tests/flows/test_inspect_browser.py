"""The pages of `m3p inspect` as a real browser shows them, wide and narrow, light and dark."""

import pytest
from browser import CHROMIUM, Page

from flows.cli import run_command

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
WIDTHS = (1280, 390)  # px: a desktop's window and a telephone's


@pytest.mark.parametrize("name", ["codeswitch", "regions", "triples"])
def test_nothing_is_broken_empty_or_too_wide(name, whole, tmp_path, capsys):
    assert run_command(["inspect", str(whole / name), "--html", str(tmp_path / "page.html")]) == 0
    with Page(tmp_path / "page.html") as page:
        for width in WIDTHS:
            for dark in (False, True):
                page.look(width, dark)
                assert page.faults() == [], (width, dark)
        assert page.value("document.images.length") == 5
        asked = [one["request"]["url"] for one in page.happened("Network.requestWillBeSent")]
        assert all(url.startswith(("file:", "data:")) for url in asked)
        colours = page.value("[...document.querySelectorAll('mark')].map(e => getComputedStyle(e).backgroundColor)")
        assert name != "codeswitch" or len(set(colours)) == 2, "two languages"
