"""The stand-in for Kinesis that only counts: for what measures the function. Rows are looked at in moto."""

import subprocess

from harness.paths import ROOT

PROGRAM = ROOT / "build" / "meson" / "tests" / "standins" / "kinesis" / "kinesis_standin"


class CountingStream:
    def __init__(self):
        assert PROGRAM.is_file(), f"{PROGRAM} is missing: run ./build.sh build"
        self._process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def stop(self) -> dict:
        """What came: requests, records, connections."""
        self._process.stdin.close()
        figures = self._process.stdout.readline().split()
        self._process.wait(timeout=10)
        return dict(zip(("requests", "records", "connections"), map(int, figures), strict=True))
