"""Fixtures: see harness/ for what they start. The package must be there; nothing is skipped."""

import pytest

from harness import paths, report
from harness.aws import Aws
from harness.database import Database
from harness.emulator import Emulator


@pytest.fixture(scope="session", autouse=True)
def package():
    """The real files that go to AWS."""
    assert paths.BOOTSTRAP.is_file(), f"{paths.BOOTSTRAP} is missing: run ./build.sh package"
    return paths.PACKAGE


@pytest.fixture
def emulate(tmp_path):
    """emulate(task_root, handler, settings) -> Emulator, ended with the test."""
    started = []

    def start(task_root, handler, settings=None, timeout_s=60) -> Emulator:
        emulator = Emulator(task_root, handler, tmp_path / f"emulator-{len(started)}", settings, timeout_s)
        started.append(emulator)
        return emulator

    yield start
    for emulator in started:
        emulator.stop()


@pytest.fixture
def aws(tmp_path):
    """AWS's APIs by moto; see harness/aws.py."""
    aws = Aws(tmp_path / "aws")
    yield aws
    aws.stop()


@pytest.fixture
def database():
    """A PostgreSQL database of the test's own, with the schema of push."""
    database = Database()
    yield database
    database.drop()


def pytest_terminal_summary(terminalreporter):
    """Figures are worth seeing when all is well, too."""
    lines = report.finish()
    if lines:
        terminalreporter.section("figures (build/report/test.json)")
    for line in lines:
        terminalreporter.write_line(line)
