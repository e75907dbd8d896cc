"""Fixtures: see harness/ for what they start. The package must be there; nothing is skipped."""

import functools

import pytest

from harness import fcm_schema, paths, pki, report
from harness.aws import Aws
from harness.database import Database
from harness.emulator import Emulator
from harness.fcm import Fcm
from harness.rds import Rds
from harness.sqs import Sqs


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


@pytest.fixture
def fcm(tmp_path):
    """The stand-in of FCM and of Google's token endpoint, over TLS and HTTP/2. Whatever was sent to it is compared with
    Google's own schema afterwards."""
    fcm = Fcm(tmp_path / "fcm")
    yield fcm
    sends = [] if fcm.takes_unknown_fields else [r for r in fcm.sends() if r["status"] == 200]
    fcm.stop()
    assert fcm_schema.complaints_of_all(sends) == []


@pytest.fixture
def sqs():
    """Where functions say when a message is to come back; see harness/sqs.py."""
    sqs = Sqs()
    yield sqs
    sqs.stop()


@pytest.fixture
def push_function(emulate, database, fcm, sqs):
    """push_function(name, changed settings) -> Emulator. Secrets lie in DATABASE and SERVICE_ACCOUNT."""

    def start(name: str, settings: dict | None = None, timeout_s: int = 60) -> Emulator:
        return emulate(paths.function(name), f"{name}.handler", {
            "NARAE_DATABASE": "env:DATABASE",
            "NARAE_FCM_SERVICE_ACCOUNT": "env:SERVICE_ACCOUNT",
            "NARAE_FCM_ENDPOINT": fcm.endpoint,
            "DATABASE": database.conninfo,
            "SERVICE_ACCOUNT": fcm.service_account(),
            "SSL_CERT_FILE": str(pki.root()),
            "AWS_ENDPOINT_URL_SQS": sqs.endpoint,
            # What paces real traffic would only make tests slow, and different four times an hour.
            "NARAE_PUSH_RATE": "100000", "NARAE_PUSH_RAMP_S": "0", "NARAE_PUSH_SPARE_QUARTERS": "off",
            **(settings or {}),
        }, timeout_s)

    return start


@pytest.fixture
def push_send(push_function):
    """push_send(changed settings) -> Emulator."""
    return functools.partial(push_function, "push_send")


@pytest.fixture
def push_devices(push_function):
    """push_devices(changed settings) -> Emulator."""
    return functools.partial(push_function, "push_devices")


@pytest.fixture
def push_prune(push_function):
    """push_prune(changed settings) -> Emulator."""
    return functools.partial(push_function, "push_prune")


@pytest.fixture
def stand_in(tmp_path):
    """stand_in(members of the configuration) -> Fcm with its own TLS; "good" is always a good access token."""
    started = []

    def start(**configuration) -> Fcm:
        started.append(Fcm(tmp_path / f"fcm{len(started)}", has_own_tls=True, access_tokens=["good"], **configuration))
        return started[-1]

    yield start
    for fcm in started:
        fcm.stop()


def pytest_terminal_summary(terminalreporter):
    """Figures are worth seeing when all is well, too."""
    lines = report.finish()
    if lines:
        terminalreporter.section("figures (build/report/test.json)")
    for line in lines:
        terminalreporter.write_line(line)


@pytest.fixture
def rds():
    """The scripted RDS; see harness/rds.py."""
    with Rds() as rds:
        yield rds


@pytest.fixture
def snapshot(emulate, rds):
    """snapshot(policy, settings) -> Emulator of aurora_snapshot on the scripted RDS."""

    def start(policy: str, settings: dict | None = None, timeout_s: int = 60) -> Emulator:
        return emulate(paths.function("aurora_snapshot"), "aurora_snapshot.handler",
                       {"NARAE_SNAPSHOT_POLICY": policy, "AWS_ENDPOINT_URL_RDS": rds.endpoint, **(settings or {})}, timeout_s)

    return start
