"""A native crash on the real package: what the caller, the log and `./build.sh symbolize` make of it."""

import os
import subprocess

from harness import paths

REQUEST = "SIGSEGV (nothing is mapped there) at 0x10, in crash.so+0x"


def symbolize(*words, text: str = "") -> list[str]:
    done = subprocess.run(["tools/symbolize.sh", *words], input=text, capture_output=True, text=True, cwd=paths.ROOT,
                          timeout=60, check=True, env=os.environ | {"NARAE_SYMBOLS": str(paths.SYMBOLS)})
    return done.stdout.splitlines()


def test_crash_is_told_to_the_caller_and_explained(emulate):
    emulator = emulate(paths.test_function("crash"), "crash.handler")

    answer = emulator.invoke(b"segv")

    assert answer.json()["errorType"] == "Runtime.NativeCrash"
    assert answer.json()["errorMessage"].startswith(REQUEST)
    assert answer.json()["requestId"]
    # The stripped package's frames, found in the symbols kept beside it.
    first, second = symbolize(*answer.json()["stackTrace"])[:2]
    assert "write_to at tests/functions/crash.c:" in first
    assert "invoke at tests/functions/crash.c:" in second


def test_sandbox_after_a_crash_is_a_new_one(emulate):
    emulator = emulate(paths.test_function("crash"), "crash.handler")

    emulator.invoke(b"abrt")
    answer = emulator.invoke(b"nothing")

    assert answer.body == b"alive"


def test_symbolize_explains_a_log(emulate):
    emulator = emulate(paths.test_function("crash"), "crash.handler")

    emulator.invoke(b"stack")
    emulator.wait_for_log()
    (record,) = emulator.complaints()

    assert "(stack overflow)" in record["errorMessage"]
    assert any("dig at tests/functions/crash.c:" in line for line in symbolize(text=emulator.text()))


def test_crash_in_init_is_an_init_error(emulate):
    emulator = emulate(paths.test_function("crash_init"), "crash_init.handler")

    answer = emulator.invoke(b"")

    assert answer.status == 502
    assert answer.json()["errorType"] == "Runtime.NativeCrash"
    assert "in crash_init.so+0x" in answer.json()["errorMessage"]


def test_symbolize_says_what_it_misses():
    done = subprocess.run(["tools/symbolize.sh", "nothing"], capture_output=True, text=True, cwd=paths.ROOT, timeout=60,
                          check=False)

    assert done.returncode == 1
    assert "no MODULE+0xOFFSET" in done.stderr
