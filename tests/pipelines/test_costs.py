"""docs/costs.md says what benchmarks/costs.py computes."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_the_page_holds_the_tables_that_the_script_computes():
    done = subprocess.run(
        [sys.executable, "benchmarks/costs.py"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    page = (REPOSITORY / "docs" / "costs.md").read_text()
    _, after = page.split("<!-- computed -->\n")
    assert after.split("<!-- /computed -->")[0] == done.stdout
