"""A function with a shutdown hook under AWS's emulator, which sends SIGTERM to who registered an extension."""

import signal

from harness import logs, paths
from harness.process import wait_until


def messages(emulator) -> list[str]:
    return [record["message"] for record in logs.records(emulator.text())]


def test_hook_runs_when_the_sandbox_ends(emulate):
    emulator = emulate(paths.test_function("shuts_down"), "shuts_down.handler")
    assert emulator.invoke({"n": 1}).json() == {"n": 1}

    emulator.program.process.send_signal(signal.SIGTERM)

    wait_until(lambda: "shut down" in messages(emulator), "the hook's record")


def test_function_without_a_hook_ends_in_silence(emulate):
    emulator = emulate(paths.test_function("echo"), "echo.handler")
    assert emulator.invoke({"n": 1}).json() == {"n": 1}

    emulator.program.process.send_signal(signal.SIGTERM)
    emulator.program.process.wait(timeout=20)

    assert messages(emulator) == []
