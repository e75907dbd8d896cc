"""The life of a sandbox under AWS's emulator: many events in one, and what follows when it ends in the middle of one."""

import base64
import json
import time

from harness import paths
from harness.report import report

EVENTS = 1000


def test_a_thousand_events_in_one_sandbox(emulate):
    echo = emulate(paths.test_function("echo"), "echo.handler")
    echo.invoke({"n": -1})
    pid = echo.function_pid()
    began = time.monotonic()

    answers = [echo.invoke({"n": n}) for n in range(EVENTS)]

    assert [answer.json() for answer in answers] == [{"n": n} for n in range(EVENTS)]
    assert echo.function_pid() == pid
    assert echo.complaints() == []
    report("emulator: echo, one event", round((time.monotonic() - began) / EVENTS * 1000, 2), "ms")


def test_what_the_caller_says_of_itself_reaches_the_function(emulate):
    seen = emulate(paths.test_function("report"), "report.handler")
    context = {"custom": {"나래": "날개"}, "client": {"app_title": "app"}}
    # Padding of the base64 that the emulator undoes; a header is Latin-1, JSON may be ASCII.
    header = base64.b64encode(json.dumps(context).encode()).decode()

    answer = seen.invoke({}, {"X-Amz-Client-Context": header}).json()
    without = seen.invoke({}).json()

    assert json.loads(answer["client_context"]) == context
    assert without["client_context"] is None
    assert answer["function_arn"] == "arn:aws:lambda:us-east-1:012345678912:function:test_function"
    assert answer["request_id"] != without["request_id"]
    assert answer["left_s"] in range(1, 61)
    assert answer["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_")


def test_context_that_is_no_json_is_the_functions_business(emulate):
    seen = emulate(paths.test_function("report"), "report.handler")

    answer = seen.invoke({}, {"X-Amz-Client-Context": base64.b64encode(b"{broken").decode()})

    assert answer.status == 200
    assert answer.json()["client_context"] == "{broken"


def test_a_function_that_ends_its_process_costs_one_event(emulate):
    emulator = emulate(paths.test_function("exits"), "exits.handler")

    first, second = emulator.invoke({}), emulator.invoke({})

    for answer in first, second:  # a new sandbox for each
        assert answer.status == 502
        assert answer.json()["errorType"] == "Runtime.ExitError"
        assert "exit status 3" in answer.json()["errorMessage"]


def test_a_function_that_takes_too_long_costs_one_event(emulate):
    emulator = emulate(paths.test_function("hangs"), "hangs.handler", timeout_s=1)

    before = emulator.invoke("fine")
    late = emulator.invoke("hang")
    after = emulator.invoke("fine again")

    assert before.json() == "fine"
    assert late.body == b"Task timed out after 1.00 seconds"
    assert after.json() == "fine again"
    assert emulator.complaints() == []
