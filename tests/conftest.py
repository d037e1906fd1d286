import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Public data beside the project; the test is skipped, saying so, where it is absent."""
    folder = Path(os.environ.get("M3P_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: M3P_TEST_DATA names {folder}, which is not there")
    return folder
