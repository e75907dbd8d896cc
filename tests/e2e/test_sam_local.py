"""`sam local invoke`, as README shows it, on the packaged files: template.yaml's function on real parts, and the smallest one."""

import shutil
import urllib.parse

import pytest

from harness import paths, push
from harness.fcm import Fcm
from harness.sam_local import MACHINE, SamLocal


@pytest.fixture(scope="module")
def sam_local():
    sam = SamLocal()
    yield sam
    sam.stop()


@pytest.fixture
def tree(tmp_path):
    """A copy of a template and of what this machine can run of what it names, so that a test can put files beside a function's code."""
    def copy(template):
        shutil.copytree(paths.PACKAGE, tmp_path / "build/package", ignore=shutil.ignore_patterns("layer.zip"))
        shutil.copytree(paths.TEST_FUNCTIONS / "echo", tmp_path / "build/tests/functions/echo")
        shutil.copytree(paths.ROOT / "stacks", tmp_path / "stacks")
        return shutil.copy(template, tmp_path / template.name)

    return copy


@pytest.fixture
def fcm(tmp_path):
    """As a container reaches it."""
    fcm = Fcm(tmp_path / "fcm", host=MACHINE)
    yield fcm
    fcm.stop()


def test_echo(sam_local, tree):
    template = tree(paths.ROOT / "tests" / "e2e" / "echo-template.yaml")

    reply, log = sam_local.invoke(template, "Echo", {"나래": ["날개", 1, None]})

    assert reply == {"나래": ["날개", 1, None]}, log


def test_push_send_sends(sam_local, tree, tmp_path, database, fcm):
    template = tree(paths.TEMPLATE)
    database.add_devices([("17", "reg-alpha"), ("18", "reg-beta")])
    server = urllib.parse.urlsplit(database.conninfo)
    sam_local.let_reach(server.port)
    sam_local.let_reach(urllib.parse.urlsplit(fcm.endpoint).port)
    code = tmp_path / "build/package/functions/push_send"
    (code / "database").write_text(database.conninfo.replace("127.0.0.1", MACHINE))
    (code / "account.json").write_text(fcm.service_account())

    reply, log = sam_local.invoke(template, "PushSend", push.event(push.body("p1", {"users": ["17"]}), "{not json"), {
        "NARAE_DATABASE": "file:/var/task/database",
        "NARAE_FCM_SERVICE_ACCOUNT": "file:/var/task/account.json",
        "NARAE_FCM_ENDPOINT": fcm.endpoint,
    })

    assert reply == push.failures(1), log
    assert fcm.targets() == ["reg-alpha"]
