import os
import shutil
from pathlib import Path

import pytest
from dataset_world import write_world

REPOSITORY = Path(__file__).parent.parent

if not Path("/dev/nvidiactl").exists():  # before anything imports Triton: its kernels then run on the CPU
    os.environ["TRITON_INTERPRET"] = "1"


def pytest_terminal_summary(terminalreporter) -> None:
    """Prints what tests measured, which they say by ``record_property``."""
    reports = [*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())]
    measured = [(report.nodeid, *figure) for report in reports for figure in report.user_properties]
    if measured:
        terminalreporter.section("figures")
    for test, name, value in sorted(measured):
        terminalreporter.write_line(f"{test.split('/')[-1]}: {name}: {value}")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Public data beside the project; the test is skipped, saying so, where it is absent."""
    folder = Path(os.environ.get("M3P_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: M3P_TEST_DATA names {folder}, which is not there")
    return folder


@pytest.fixture(scope="session")
def whole(tmp_path_factory) -> Path:
    """One dataset of each kind, side by side, all keeping their contracts; to be read alone."""
    return write_world(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def world(whole, tmp_path) -> Path:
    """A copy of it, to be damaged."""
    return shutil.copytree(whole, tmp_path / "world")
