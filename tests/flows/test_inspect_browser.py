"""The pages of `m3p inspect` as a real browser shows them, wide and narrow, light and dark."""

import json

import numpy as np
import pytest
from browser import CHROMIUM, Page
from safetensors.numpy import save_file

from flows.cli import run_command
from flows.inspection.checkpoint import WEIGHTS
from flows.inspection.found import CONFIG

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


def test_in_a_table_of_checkpoints_no_number_is_broken(tmp_path, capsys):
    folder = tmp_path / "checkpoints"
    parts = [f"en-{number}" for number in range(40)]  # a long cell beside short ones
    for name in ("captioning-each", "understanding", *(f"captioning-each/{part}" for part in parts)):
        (folder / name).mkdir(parents=True)
        training = {"stage": "finetune", "losses": [{"step": 20, "matching": 2.0}, {"step": 14_000, "matching": 0.5}]}
        stated = {"each": parts} if name == "captioning-each" else {"network": {"network": "understanding"}}
        (folder / name / CONFIG).write_text(json.dumps(stated | {"training": training}))
        save_file({"embeddings": np.zeros((1_000, 100), np.float32)}, folder / name / WEIGHTS)
    assert run_command(["inspect", str(folder), "--html", str(tmp_path / "page.html")]) == 0
    with Page(tmp_path / "page.html") as page:
        for width in WIDTHS:
            page.look(width, dark=False)
            assert page.faults() == [], width
            lines = (
                "[...document.querySelectorAll('td.number, th')].map(cell => {const range = document.createRange();"
                "range.selectNodeContents(cell); return range.getClientRects().length})"
            )
            assert max(page.value(lines)) == 1, "each stands in one line"
