"""The bootstrap under AWS's emulator: replies, errors, a function that cannot start."""

import subprocess

import pytest

from harness import logs, paths

# Lambda Developer Guide, "Lambda quotas": 6 MiB, and 100 bytes by the emulator's MaxPayloadSize.
PAYLOAD_MAX_BYTES = 6291556


@pytest.fixture
def echo(emulate):
    return emulate(paths.test_function("echo"), "echo.handler")


@pytest.mark.parametrize("event", [
    b'{"greeting":"annyeong","list":[1,2.5,null,true]}',
    "{\"나래\":\"날개\"}".encode(),
    b"",
    b"not json at all \xff\x00",
], ids=["object", "korean", "empty", "bytes"])
def test_event_comes_back_as_it_was(echo, event):
    answer = echo.invoke(event)

    # An event without a byte gets the reply of a function that said nothing.
    assert (answer.status, answer.body) == (200, event or b"null")


def test_largest_event_goes_through(echo):
    # What the emulator's own framing leaves of the limit.
    event = b'"' + b"a" * (PAYLOAD_MAX_BYTES - 114) + b'"'

    answer = echo.invoke(event)

    assert answer.status == 200
    assert answer.body == event


def test_error_of_a_function_reaches_the_caller_and_the_log(emulate):
    emulator = emulate(paths.test_function("fail"), "fail.handler")

    answer = emulator.invoke({})

    text = 'café "closed", broken \N{REPLACEMENT CHARACTER} byte'
    assert answer.json()["errorType"] == "Function.Refused"
    assert answer.json()["errorMessage"] == text
    emulator.wait_for_log()
    (record,) = emulator.complaints()
    assert (record["level"], record["errorType"], record["errorMessage"]) == ("ERROR", "Function.Refused", text)
    assert record["requestId"]


def test_a_failed_event_does_not_end_the_sandbox(emulate):
    emulator = emulate(paths.test_function("fail"), "fail.handler")

    emulator.invoke({})
    pid = emulator.function_pid()
    second = emulator.invoke({})

    assert second.json()["errorType"] == "Function.Refused"
    assert emulator.function_pid() == pid


def test_reply_over_the_limit_is_an_error_that_names_both_sizes(emulate):
    emulator = emulate(paths.test_function("big_reply"), "big_reply.handler")

    answer = emulator.invoke({})

    assert answer.json()["errorType"] == "Function.ResponseSizeTooLarge"
    assert answer.json()["errorMessage"] == "the reply has 6291557 bytes, Lambda takes 6291556"


def test_function_that_cannot_start_says_why(emulate):
    emulator = emulate(paths.test_function("init_fail"), "init_fail.handler")

    answer = emulator.invoke({})

    assert answer.status == 502
    assert answer.json()["errorType"] == "Function.InvalidSetting"
    assert answer.json()["errorMessage"] == 'init_fail init: NARAE_TEST: "x" is not a whole number'
    emulator.wait_for_log()
    (record,) = emulator.complaints()
    assert 'NARAE_TEST: "x" is not a whole number' in record["errorMessage"]


@pytest.mark.parametrize("function, handler, words", [
    ("echo", "missing.handler", ["missing.so"]),
    ("echo", "echo.nothing", ["echo.so", "nothing"]),
    ("echo", "echo", ["echo"]),
    ("newer_abi", "newer_abi.handler", ["ABI"]),
    ("no_invoke", "no_invoke.handler", ["invoke"]),
], ids=["no file", "no symbol", "no dot", "newer ABI", "no invoke"])
def test_handler_that_cannot_be_loaded_is_named(emulate, function, handler, words):
    emulator = emulate(paths.test_function(function), handler)

    answer = emulator.invoke({})

    assert answer.status == 502
    assert answer.json()["errorType"].startswith("Runtime.")
    assert [word for word in words if word not in answer.json()["errorMessage"]] == []
    emulator.wait_for_log()
    assert len(emulator.complaints()) == 1


def local(*words, function: str, stdin: bytes = b"") -> subprocess.CompletedProcess:
    return subprocess.run(paths.bootstrap(*words), input=stdin, capture_output=True, timeout=20,
                          env=paths.environment() | {"LAMBDA_TASK_ROOT": str(paths.test_function(function)),
                                                     "AWS_LAMBDA_LOG_FORMAT": "JSON"})


def test_one_event_runs_without_any_emulator(tmp_path):
    (tmp_path / "event.json").write_bytes(b'{"a": 1}')

    from_file = local("--invoke", "echo.handler", tmp_path / "event.json", function="echo")
    from_stdin = local("--invoke", "echo.handler", "-", function="echo", stdin=b'{"b": 2}')

    assert (from_file.returncode, from_file.stdout.strip(), from_file.stderr) == (0, b'{"a": 1}', b"")
    assert (from_stdin.returncode, from_stdin.stdout.strip(), from_stdin.stderr) == (0, b'{"b": 2}', b"")


@pytest.mark.parametrize("function, error", [("fail", "Function.Refused"), ("init_fail", "Function.InvalidSetting")])
def test_local_run_that_fails_says_so_in_its_status(function, error):
    done = local("--invoke", f"{function}.handler", "-", function=function, stdin=b"{}")

    assert done.returncode == 1
    (record,) = logs.complaints(done.stderr.decode())
    assert record["errorType"] == error


def test_it_says_which_version_it_is():
    done = local("--version", function="echo")

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"narae ")
