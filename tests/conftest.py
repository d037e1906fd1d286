import os
from pathlib import Path

import pytest

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
